"""Reinforcement on both clouds: bounded before it starts, paused when its hours are over, charged at most by them."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deployer.domain.act import ActKind, Phase
from deployer.domain.charge import Bound
from deployer.domain.money import Money
from deployer.errors import InvalidFile, InvalidUsage, Refused
from deployer.training.cancel import cancel
from deployer.training.follow import Followed, find_job, watch
from deployer.training.intervention import PAUSE, intervene
from deployer.training.limit import WHO
from deployer.training.order import Order
from deployer.training.pause import resume, warnings
from deployer.training.start import Started, start
from deployer.training.upkeep import settle_open
from tests.datasets.files import write
from tests.training.world import ACCOUNT, World, budget

CLOUDS = pytest.mark.parametrize("provider", ["azure", "openai"])
GRADER = {
    "type": "string_check",
    "name": "right",
    "input": "{{sample.output_text}}",
    "reference": "{{item.answer}}",
    "operation": "eq",
}
JUDGE = {"type": "score_model", "name": "judge", "model": "gpt-4.1", "input": [{"role": "user", "content": "Grade it"}]}


def prompt(number: int) -> dict[str, Any]:
    asked = {"role": "user", "content": f"is {number} odd?"}
    return {"messages": [asked], "answer": ("no", "yes")[number % 2]}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    grader, judge = tmp_path / "grader.json", tmp_path / "judge.json"
    grader.write_text(json.dumps(GRADER))
    judge.write_text(json.dumps(JUDGE))
    training = write(tmp_path / "prompts.jsonl", [prompt(number) for number in range(20)])
    validation = write(tmp_path / "more.jsonl", [prompt(number) for number in range(20, 30)])
    return {"grader": grader, "judge": judge, "training": training, "validation": validation}


def order(world: World, files: dict[str, Path], provider: str, **given: Any) -> Order:
    facts: dict[str, Any] = {
        "provider": provider,
        "account": ACCOUNT if provider == "azure" else "",
        "model": "o4-mini-2025-04-16",
        "training": files["training"],
        "validation": files["validation"],
        "grader": files["grader"],
    }
    return world.order(**facts | given)


def begin(world: World, files: dict[str, Path], provider: str, **given: Any) -> Started:
    world.policies = budget("20000")
    return start(world.context, order(world, files, provider, **given), who="a person")


def running(world: World, started: Started) -> Followed:
    while (found := find_job(world.context, started.job.id)).job.status != "running":
        world.clock.sleep(60)
    return found


@CLOUDS
def test_a_job_is_started_with_its_grader_and_watched_to_its_end(
    world: World, files: dict[str, Path], provider: str
) -> None:
    started = begin(world, files, provider, max_hours=Decimal(3))
    looks = list(watch(world.context, find_job(world.context, started.job.id)))
    assert (looks[-1].job.succeeded, looks[-1].job.method) == (True, "reinforcement")
    rewards = [event for look in looks for event in look.events if "train_mean_reward" in event.data]
    assert rewards
    assert world.reserved() == 0


@CLOUDS
def test_what_it_costs_is_bounded_by_the_invoice_from_below(
    world: World, files: dict[str, Path], provider: str
) -> None:
    started = begin(world, files, provider, max_hours=Decimal(3))
    list(watch(world.context, find_job(world.context, started.job.id)))
    [charge] = [one for one in _charges(world) if one.subject.endswith(started.job.id)]
    true = Decimal(world.sandbox.client.invoice()["total"])
    assert charge.amount is not None
    assert true <= charge.amount.amount <= true * Decimal("1.05")
    assert charge.bound is Bound.UPPER


def _charges(world: World) -> Any:
    from deployer.domain.period import Period

    now = world.clock.now()
    return world.ledger.readings.charges(Period(now.replace(day=1, hour=0), now.replace(day=28)))


@CLOUDS
def test_the_hours_that_may_be_trained_are_held_and_so_is_the_hour_until_a_sweep(
    world: World, files: dict[str, Path], provider: str
) -> None:
    started = begin(world, files, provider, max_hours=Decimal(2))
    held = {"azure": 330, "openai": 300}[provider]
    assert started.quote.estimate.ceiling == Money.of(held)
    assert world.reserved() == held


def test_azures_own_limit_is_held_where_no_hours_are_given(world: World, files: dict[str, Path]) -> None:
    world.policies = budget("4999")
    with pytest.raises(Refused, match=r"this \$5,000.00 = \$5,000.00 is over 4,999.00 USD"):
        start(world.context, order(world, files, "azure"), who="a person")
    assert world.jobs() == ()


def test_openai_takes_no_unbounded_job_without_a_reason(world: World, files: dict[str, Path]) -> None:
    with pytest.raises(Refused, match="for hours that nothing limits") as refused:
        begin(world, files, "openai")
    assert "--max-hours N" in refused.value.next_step
    world.policies = budget("1")
    given = order(world, files, "openai")
    assert start(world.context, given, who="a person", over_budget="agreed").job.status == "validating_files"


def test_the_tokens_of_a_grading_model_have_no_bound_at_openai(world: World, files: dict[str, Path]) -> None:
    with pytest.raises(Refused, match=r"for the tokens of gpt-4\.1, which grades") as refused:
        begin(world, files, "openai", grader=files["judge"], max_hours=Decimal(1))
    assert "--max-hours" not in refused.value.next_step


@CLOUDS
def test_a_sweep_pauses_a_job_whose_hours_are_over_once(world: World, files: dict[str, Path], provider: str) -> None:
    started = begin(world, files, provider, max_hours=Decimal("0.5"))
    found = running(world, started)
    world.clock.sleep(1500)
    settle_open(world.context)
    assert find_job(world.context, started.job.id).job.status == "running"
    world.clock.sleep(600)
    said: list[str] = []
    settle_open(world.context, said.append)
    found = find_job(world.context, started.job.id)
    assert found.job.paused
    assert said == [f"{started.job.id} was paused: 0.5 hours of training are over, as --max-hours said"]
    act = world.ledger.journal.acts()[0]
    assert (act.kind, act.phase, act.who) == (ActKind.PAUSE_JOB, Phase.DONE, "deployer")
    assert act.reason == "0.5 hours of training are over, as --max-hours said"
    assert "its 0.5 hours were its limit" in warnings(world.context, found.job)[0]
    resume(world.context, found, who="a person")
    world.clock.sleep(600)
    settle_open(world.context)
    assert find_job(world.context, started.job.id).job.status == "running"


@CLOUDS
def test_a_watch_pauses_a_job_whose_hours_are_over_and_says_so(
    world: World, files: dict[str, Path], provider: str
) -> None:
    started = begin(world, files, provider, max_hours=Decimal("0.5"))
    looks = list(watch(world.context, find_job(world.context, started.job.id)))
    assert looks[-1].job.status == "paused"
    assert [look.warning for look in looks if look.warning] == [
        f"{started.job.id} was paused: 0.5 hours of training are over, as --max-hours said"
    ]


def test_queueing_counts_no_hours(world: World, files: dict[str, Path]) -> None:
    started = begin(world, files, "openai", max_hours=Decimal("0.01"))
    world.clock.sleep(60)
    said: list[str] = []
    settle_open(world.context, said.append)
    assert find_job(world.context, started.job.id).job.status == "validating_files"
    assert (said, [act.kind for act in world.ledger.journal.acts()]) == ([], [ActKind.START_JOB])


def test_a_paused_guard_pauses_no_job(world: World, files: dict[str, Path]) -> None:
    started = begin(world, files, "openai", max_hours=Decimal("0.01"))
    running(world, started)
    world.ledger.decisions.pause(True, "a person", world.clock.now())
    world.clock.sleep(600)
    settle_open(world.context)
    assert find_job(world.context, started.job.id).job.status == "running"


def test_nor_does_a_watch_while_the_guard_is_paused_and_it_says_so_once(world: World, files: dict[str, Path]) -> None:
    started = begin(world, files, "openai", max_hours=Decimal("0.01"))
    running(world, started)
    world.ledger.decisions.pause(True, "a person", world.clock.now())
    looks = list(watch(world.context, find_job(world.context, started.job.id)))
    assert looks[-1].job.status == "succeeded"
    assert [look.warning for look in looks if look.warning] == [
        f"{started.job.id}: its hours are over, and it goes on because the guard is paused"
    ]


@CLOUDS
def test_who_resumes_a_job_is_not_stopped_though_who_paused_it_died_at_once(
    world: World, files: dict[str, Path], provider: str
) -> None:
    """The pause is in the journal, and the start does not say it yet."""
    started = begin(world, files, provider, max_hours=Decimal("0.1"))
    found = running(world, started)
    world.clock.sleep(600)
    intervene(world.context, found, PAUSE, who=WHO)
    world.clock.sleep(60)
    resume(world.context, find_job(world.context, started.job.id), who="a person")
    world.clock.sleep(60)
    settle_open(world.context)
    assert find_job(world.context, started.job.id).job.status == "running"


def test_a_pause_that_the_cloud_refuses_is_told_and_tried_again(world: World, files: dict[str, Path]) -> None:
    started = begin(world, files, "openai", max_hours=Decimal("0.1"))
    running(world, started)
    world.clock.sleep(600)
    world.sandbox.client.fault({"operation": "openai.jobs.pause", "kind": "status", "status": 403, "times": 1})
    warned = [look.warning for look in watch(world.context, find_job(world.context, started.job.id)) if look.warning]
    assert "its hours are over, and it could not be paused" in warned[0]
    assert "was paused" in warned[1]


@CLOUDS
def test_a_limit_that_nobody_can_hold_is_told(world: World, files: dict[str, Path], provider: str) -> None:
    started = begin(world, files, provider, max_hours=Decimal("0.1"))
    running(world, started)
    world.clock.sleep(600)
    world.sandbox.client.fault({"operation": f"{provider}.jobs.get", "kind": "status", "status": 403})
    said: list[str] = []
    settle_open(world.context, said.append)
    assert f"{started.job.id} could not be looked at, so nobody holds it to its hours" in said[0]
    world.sandbox.client.clear_faults()
    world.sandbox.client.fault({"operation": f"{provider}.jobs.events", "kind": "status", "status": 403})
    settle_open(world.context, said.append)
    assert "was paused" in said[1]


@CLOUDS
def test_a_job_cancelled_before_it_trained_costs_nothing(world: World, files: dict[str, Path], provider: str) -> None:
    started = begin(world, files, provider, max_hours=Decimal(1))
    world.clock.sleep(130)
    found = cancel(world.context, find_job(world.context, started.job.id), who="a person")
    assert (found.cost.high if found.cost else None) == Money.zero()
    assert world.sandbox.client.invoice()["lines"] == []


def test_reinforcement_without_a_grader_is_a_usage_error(world: World, files: dict[str, Path]) -> None:
    with pytest.raises(InvalidUsage, match="needs a grader"):
        begin(world, files, "azure", grader=None, method="reinforcement")


def test_azure_wants_validation_data(world: World, files: dict[str, Path]) -> None:
    with pytest.raises(InvalidUsage, match="without validation data"):
        begin(world, files, "azure", validation=None)


def test_a_grader_is_for_reinforcement_and_so_are_hours(world: World, files: dict[str, Path]) -> None:
    with pytest.raises(InvalidUsage, match="--grader is for reinforcement"):
        begin(world, files, "openai", method="dpo")
    with pytest.raises(InvalidUsage, match="--max-hours is for reinforcement"):
        begin(world, files, "openai", grader=None, training=world.data, validation=None, max_hours=Decimal(1))


def test_prompts_that_lack_what_the_grader_reads_are_refused_before_anything_is_sent(
    world: World, files: dict[str, Path], tmp_path: Path
) -> None:
    bad = write(tmp_path / "bad.jsonl", [{"messages": prompt(number)["messages"]} for number in range(20)])
    with pytest.raises(InvalidFile, match=r"the grader reads item\.answer"):
        begin(world, files, "openai", training=bad)
    assert world.jobs("openai") == ()


def test_another_grader_is_another_order(world: World, files: dict[str, Path]) -> None:
    first = begin(world, files, "openai", max_hours=Decimal(1)).quote
    other = replace(first, grader=None)
    assert first.fingerprint != other.fingerprint
