"""Starting a job: checked, priced, gated, journalled, and created exactly once whatever happens."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deployer.domain.act import ActKind, Phase
from deployer.domain.job import Hyperparameters, JobSpec
from deployer.errors import CloudError, InvalidFile, InvalidUsage, Refused
from deployer.guard.lock import exclusive
from deployer.training.follow import list_jobs
from deployer.training.order import quote
from deployer.training.recovery import MARKER, lock_name
from deployer.training.start import start
from tests.datasets.files import good, write
from tests.training.world import ACCOUNT, BASE, DyingTraining, Killed, World, budget

EPOCHS = {"hyperparameters": Hyperparameters(3)}


def run(world: World, **given: Any) -> Any:
    return start(world.context, world.order(**(EPOCHS | given)), who="a person")


def dying(world: World, operation: str, *, after: bool) -> World:
    """The same world in a process that dies at one call."""
    real = world.providers["azure"]
    stand_in: Any = SimpleNamespace(
        name="azure",
        inventory=real.inventory,
        catalog=real.catalog,
        training=DyingTraining(real.training, operation, after=after),
    )
    return replace(world, providers={"azure": stand_in})


def test_a_job_is_started_with_what_was_asked_for(world: World) -> None:
    started = run(world, suffix="even", tier="globalStandard")
    [job] = world.jobs()
    assert (job.id, job.suffix, job.training_tier) == (started.job.id, "even", "globalStandard")
    assert job.hyperparameters.epochs == 3


def test_the_journal_has_the_intent_before_and_the_job_after(world: World) -> None:
    started = run(world)
    act = world.ledger.journal.act(started.act_id)
    assert act is not None
    assert (act.kind, [step.phase for step in act.steps]) == (
        ActKind.START_JOB,
        [Phase.INTENT, Phase.INTENT, Phase.CALLED],
    )
    assert act.steps[-1].detail == started.job.id
    assert started.job.metadata[MARKER] == act.body["marker"]


def test_epochs_are_pinned_to_what_auto_is_expected_to_choose(world: World) -> None:
    started = run(world, hyperparameters=Hyperparameters())
    assert (started.quote.estimate.epochs, world.jobs()[0].hyperparameters.epochs) == (5, 5)


def test_over_budget_is_refused_with_the_arithmetic_and_nothing_is_created(world: World) -> None:
    world.policies = budget("0.001")
    with pytest.raises(Refused, match=r"policy team: spent \$0\.00 \+ reserved \$0\.00 \+ this \$0\.01"):
        run(world)
    assert world.jobs() == ()
    assert world.ledger.journal.acts() == ()
    assert "files.create" not in str(world.sandbox.client.requests()["by_operation"])


def test_two_jobs_that_fit_only_singly_are_not_both_started(world: World) -> None:
    world.policies = budget("0.008")
    run(world)
    with pytest.raises(Refused, match="reserved"):
        run(world, suffix="second")
    assert len(world.jobs()) == 1


def test_over_budget_with_a_reason_goes_on_and_is_journalled(world: World) -> None:
    world.policies = budget("0.001")
    started = start(world.context, world.order(**EPOCHS), who="a person", over_budget="agreed")
    act = world.ledger.journal.act(started.act_id)
    assert act is not None
    assert "agreed" in act.reason


def test_bad_data_is_refused_with_every_problem_before_anything_is_sent(world: World, tmp_path: Path) -> None:
    bad = write(tmp_path / "bad.jsonl", [*good(), {}, {"messages": []}])
    before = world.sandbox.client.requests()["total"]
    with pytest.raises(InvalidFile) as caught:
        run(world, training=bad)
    assert len(caught.value.problems) == 2
    assert world.sandbox.client.requests()["total"] == before


def test_an_account_must_be_chosen_where_there_are_several(world: World) -> None:
    with pytest.raises(InvalidUsage, match="several accounts") as caught:
        run(world, account="")
    assert "--account" in caught.value.next_step


def test_a_cloud_must_be_chosen_where_there_are_several(world: World) -> None:
    with pytest.raises(InvalidUsage, match="azure, openai"):
        run(world, provider="", account="")


def test_an_unknown_account_is_named_with_those_that_exist(world: World) -> None:
    with pytest.raises(InvalidUsage) as caught:
        run(world, account="nowhere")
    assert "aoai-dev-eastus2" in caught.value.next_step


def test_after_openais_last_day_nothing_is_uploaded(world: World) -> None:
    world.sandbox.client.advance(to=datetime(2027, 1, 7, tzinfo=UTC))
    with pytest.raises(Refused, match="training_not_available"):
        run(world, provider="openai", account="")
    assert "files" not in str(world.sandbox.client.requests()["by_operation"])


def test_a_model_that_the_cloud_does_not_take_ends_the_act_and_frees_the_money(world: World) -> None:
    with pytest.raises(CloudError, match="400"):
        run(world, model="gpt-4.1-mini-1999-01-01")
    [act] = world.ledger.journal.acts()
    assert act.phase is Phase.FAILED
    assert world.reserved() == 0


# --- lost answers and dead processes -----------------------------------------------------------


def test_a_job_whose_answer_was_cut_off_is_found_and_not_started_twice(world: World) -> None:
    world.sandbox.client.fault({"method": "POST", "path": "fine_tuning/jobs", "kind": "cut_after", "times": 1})
    started = run(world)
    assert [job.id for job in world.jobs()] == [started.job.id]


def test_a_call_that_was_cut_before_is_open_until_the_next_start_sees_that_no_job_exists(world: World) -> None:
    world.sandbox.client.fault({"method": "POST", "path": "fine_tuning/jobs", "kind": "cut_before", "times": 1})
    with pytest.raises(CloudError) as caught:
        run(world)
    assert "found and taken up" in caught.value.next_step
    assert world.reserved() > 0
    started = run(world)
    assert [job.id for job in world.jobs()] == [started.job.id]
    assert [act.phase for act in world.ledger.journal.acts()] == [Phase.CALLED, Phase.WITHDRAWN]


@pytest.mark.parametrize(("operation", "after"), [("upload", False), ("upload", True), ("start", False)])
def test_a_process_that_dies_before_the_job_exists_holds_no_money_for_ever(
    world: World, operation: str, after: bool
) -> None:
    with pytest.raises(Killed):
        run(dying(world, operation, after=after))
    assert [act.phase for act in world.ledger.journal.unfinished()] == [Phase.INTENT]
    started = run(world)
    assert not started.found
    assert len(world.jobs()) == 1
    assert [act.phase for act in world.ledger.journal.acts()] == [Phase.CALLED, Phase.WITHDRAWN]


def test_a_process_that_dies_after_the_call_leaves_a_job_that_the_next_start_takes_up(world: World) -> None:
    with pytest.raises(Killed):
        run(dying(world, "start", after=True))
    started = run(world)
    assert started.found
    assert [job.id for job in world.jobs()] == [started.job.id]
    assert [act.phase for act in world.ledger.journal.acts()] == [Phase.CALLED]


def test_another_order_after_a_crash_is_another_job(world: World) -> None:
    with pytest.raises(Killed):
        run(dying(world, "start", after=True))
    assert not run(world, suffix="other").found
    assert len(world.jobs()) == 2


def test_listing_also_takes_up_what_a_dead_process_left(world: World) -> None:
    with pytest.raises(Killed):
        run(dying(world, "start", after=True))
    list_jobs(world.context)
    assert [act.phase for act in world.ledger.journal.unfinished()] == [Phase.CALLED]


def test_the_same_order_at_the_same_time_is_refused(world: World) -> None:
    order = world.order(**EPOCHS)
    with (
        exclusive(world.context, lock_name(quote(world.context, order).fingerprint)),
        pytest.raises(Refused, match="by another process"),
    ):
        start(world.context, order, who="a person")


def test_the_same_order_again_after_it_was_recorded_is_a_second_job(world: World) -> None:
    run(world)
    world.clock.sleep(7200)
    list_jobs(world.context)
    assert not run(world).found
    assert {job.model for job in world.jobs()} == {BASE}
    assert len(world.jobs()) == 2


def test_a_hundred_jobs_are_the_most_and_nothing_is_sent_for_one_more(world: World) -> None:
    account = next(one for one in world.providers["azure"].inventory.observe().accounts if one.name == ACCOUNT)
    training = world.providers["azure"].training
    file = training.upload(account, world.data)
    for seed in range(100):
        training.start(account, JobSpec(ACCOUNT, BASE, file, seed=seed))
        if seed % 10 == 9:
            world.clock.sleep(86_400)

    before = world.sandbox.client.requests()["by_operation"]["azure.files.create"]
    with pytest.raises(Refused, match=r"100 jobs of any age \+ 1 = 101 is over 100"):
        run(world)

    assert world.sandbox.client.requests()["by_operation"]["azure.files.create"] == before
    assert world.ledger.journal.acts() == ()
    with pytest.raises(CloudError, match="quotaExceeded"):
        training.start(account, JobSpec(ACCOUNT, BASE, file, seed=100))
