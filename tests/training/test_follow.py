"""Following jobs: every event once, the cost written down once, the held money let go."""

from decimal import Decimal
from typing import Any

import pytest

from deployer.domain.act import ActKind, Phase
from deployer.domain.job import Hyperparameters, JobSpec
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.errors import NotFound, Refused
from deployer.guard.lock import exclusive
from deployer.training.cancel import cancel
from deployer.training.follow import Followed, find_job, list_jobs, watch
from deployer.training.metric import result_of
from deployer.training.start import start
from deployer.training.upkeep import settle_open
from tests.namesake import show_older
from tests.providers.opening import open_provider
from tests.training.world import World


def begin(world: World, **given: Any) -> Followed:
    facts: dict[str, Any] = {"hyperparameters": Hyperparameters(3)} | given
    started = start(world.context, world.order(**facts), who="a person")
    return Followed(started.quote.provider, started.quote.account, started.job)


def charges(world: World, subject: str) -> list[Any]:
    now = world.clock.now()
    month = Period(now.replace(day=1, hour=0, minute=0, second=0, microsecond=0), now)
    return [charge for charge in world.ledger.readings.charges(month) if charge.subject == subject]


def invoiced(world: World) -> Decimal:
    return Decimal(world.sandbox.client.invoice()["exact"])


@pytest.mark.parametrize("provider", ["azure", "openai"])
def test_watching_prints_every_event_once_until_the_end(world: World, provider: str) -> None:
    found = begin(world, provider=provider, account="" if provider == "openai" else "aoai-dev-eastus2")
    looks = list(watch(world.context, found))
    told = [(event.id, event.message) for look in looks for event in look.events]
    assert len(told) == len(set(told))
    assert [event.id for look in looks for event in look.events] == [
        event.id for event in found.provider.training.events(found.account, found.job.id)
    ]
    assert len(looks) > 3
    assert looks[-1].job.fine_tuned_model


@pytest.mark.parametrize("provider", ["azure", "openai"])
def test_an_ended_job_is_charged_what_the_invoice_says_and_the_money_is_let_go(world: World, provider: str) -> None:
    found = begin(world, provider=provider, account="" if provider == "openai" else "aoai-dev-eastus2")
    assert world.reserved() > 0
    list(watch(world.context, found))
    [charge] = charges(world, f"job:{provider}:{found.job.id}")
    assert charge.amount == Money(invoiced(world))
    assert world.reserved() == 0
    assert [act.phase for act in world.ledger.journal.acts()] == [Phase.DONE]


def test_a_job_is_charged_once_however_often_it_is_listed_and_watched(world: World) -> None:
    found = begin(world)
    list(watch(world.context, found))
    list_jobs(world.context)
    list(watch(world.context, found))
    assert len(charges(world, f"job:azure:{found.job.id}")) == 1


def test_while_another_process_settles_nothing_is_written_twice(world: World) -> None:
    found = begin(world)
    world.clock.sleep(7200)
    with exclusive(world.context, "settle jobs"):
        assert [each.cost for each in list_jobs(world.context)[0]] == [None]
    assert charges(world, f"job:azure:{found.job.id}") == []
    assert [str(each.cost) for each in list_jobs(world.context)[0]] == ["$0.01"]


def test_a_sweep_settles_jobs_that_nobody_watches(world: World) -> None:
    found = begin(world)
    assert settle_open(world.context) == ()
    world.clock.sleep(7200)
    assert [each.job.id for each in settle_open(world.context)] == [found.job.id]
    assert charges(world, f"job:azure:{found.job.id}")[0].amount == Money(invoiced(world))
    assert settle_open(world.context) == ()


def test_a_job_is_settled_in_its_account_though_another_bears_the_name_now(world: World) -> None:
    found = begin(world)
    world.clock.sleep(7200)
    show_older(world.sandbox)
    assert [each.account.resource_id for each in settle_open(world.context)] == [found.account.resource_id]


def test_a_job_started_without_an_admin_key_is_settled_with_one(world: World) -> None:
    both = world.providers
    world.providers = {"openai": open_provider("openai", world.sandbox, world.clock, OPENAI_ADMIN_KEY="")}
    found = begin(world, provider="openai", account="")
    assert found.account.name == "default"
    world.clock.sleep(7200)
    world.providers = both
    assert [each.account.name for each in settle_open(world.context)] == ["proj_default"]
    assert world.reserved() == 0


def test_a_cloud_that_does_not_answer_leaves_the_job_for_the_next_sweep(world: World) -> None:
    begin(world)
    world.clock.sleep(7200)
    world.sandbox.client.fault({"path": "fine_tuning/jobs", "kind": "status", "status": 403})
    assert settle_open(world.context) == ()
    assert world.reserved() > 0
    world.sandbox.client.clear_faults()
    assert len(settle_open(world.context)) == 1


def test_a_job_that_somebody_else_started_is_listed_and_charged(world: World) -> None:
    azure = world.providers["azure"]
    account = azure.inventory.observe().accounts[0]
    file_id = azure.training.upload(account, world.data)
    azure.training.start(account, JobSpec(account.name, "gpt-4.1-mini", file_id))
    world.clock.sleep(7200)
    found, gaps = list_jobs(world.context)
    assert gaps == ()
    assert [str(each.cost) for each in found] == [str(Money(invoiced(world)))]


def test_listing_twice_reads_the_events_of_ended_jobs_only_once(world: World) -> None:
    list(watch(world.context, begin(world)))
    list_jobs(world.context)
    before = world.sandbox.client.requests()["by_operation"]
    list_jobs(world.context)
    after = world.sandbox.client.requests()["by_operation"]
    assert {name: after[name] for name in after if "events" in name} == {
        name: before[name] for name in before if "events" in name
    }


def test_the_newest_job_is_listed_first(world: World) -> None:
    first = begin(world)
    world.clock.sleep(60)
    second = begin(world, suffix="second")
    assert [each.job.id for each in list_jobs(world.context)[0]] == [second.job.id, first.job.id]


def test_an_account_whose_jobs_cannot_be_listed_is_a_gap(world: World) -> None:
    world.sandbox.client.fault(
        {"method": "GET", "path": "aoai-prod-swedencentral.*fine_tuning/jobs", "kind": "status", "status": 403}
    )
    found = begin(world)
    listed, gaps = list_jobs(world.context)
    assert [each.job.id for each in listed] == [found.job.id]
    assert [gap.where for gap in gaps] == ["azure:aoai-prod-swedencentral"]


def test_a_job_is_found_by_its_id_wherever_it_is(world: World) -> None:
    job = begin(world).job
    assert find_job(world.context, job.id).job.id == job.id
    with pytest.raises(NotFound, match="ftjob-nowhere"):
        find_job(world.context, "ftjob-nowhere")


def test_a_job_cancelled_before_training_costs_nothing(world: World) -> None:
    found = cancel(world.context, begin(world), who="a person", reason="wrong data")
    assert (found.job.status, str(found.cost)) == ("cancelled", "$0.00")
    assert world.reserved() == 0
    kinds = {act.kind: act for act in world.ledger.journal.acts()}
    assert kinds[ActKind.CANCEL_JOB].reason == "wrong data"
    assert invoiced(world) == 0


def test_a_job_cancelled_while_it_trains_is_charged_at_least_what_is_billed(world: World) -> None:
    begun = begin(world)
    while begun.provider.training.job(begun.account, begun.job.id).status != "running":
        world.clock.sleep(60)
    world.clock.sleep(400)
    found = cancel(world.context, begun, who="a person")
    assert found.cost is not None
    assert found.cost.high >= Money(invoiced(world)) > Money.zero()


def test_an_ended_job_cannot_be_cancelled(world: World) -> None:
    found = begin(world)
    list(watch(world.context, found))
    with pytest.raises(Refused, match="ended already"):
        cancel(world.context, find_job(world.context, found.job.id), who="a person")


def test_a_cancel_whose_answer_was_cut_off_is_looked_into(world: World) -> None:
    found = begin(world)
    world.sandbox.client.fault({"method": "POST", "path": "cancel", "kind": "cut_after", "times": 1})
    assert cancel(world.context, found, who="a person").job.status == "cancelled"


def test_the_result_file_is_summarised(world: World) -> None:
    found = begin(world)
    list(watch(world.context, found))
    summary = result_of(find_job(world.context, found.job.id))
    assert summary is not None
    assert summary["steps"] == 60


def test_a_start_that_cannot_be_finished_says_so_once(world: World) -> None:
    """Its account is not there any more; a sweep an hour must not write a line an hour."""
    body = {"provider": "azure", "account": "aoai-of-old", "fingerprint": "f", "marker": "m"}
    world.ledger.journal.intend(
        ActKind.START_JOB, "job:azure:m", "", "a person", "asked for", body, {}, world.clock.now()
    )
    for _ in range(3):
        settle_open(world.context)
    (act,) = world.ledger.journal.acts()
    assert [step.detail.partition(":")[0] for step in act.steps] == ["", "cannot be finished"]


def test_a_cloud_is_looked_at_once_however_many_jobs_are_open(world: World) -> None:
    for seed in (1, 2):
        begin(world, seed=seed)
    before = world.sandbox.client.requests()["by_operation"]["graph.resources"]
    settle_open(world.context)
    assert world.sandbox.client.requests()["by_operation"]["graph.resources"] == before + 1
