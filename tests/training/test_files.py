"""What was uploaded for a job goes when the job has ended, and nothing that somebody else uploaded goes with it."""

from datetime import timedelta

import pytest

from deployer.domain.act import Phase
from deployer.domain.deployment import Account
from deployer.domain.job import Hyperparameters
from deployer.training.cancel import cancel
from deployer.training.follow import find_job, list_jobs
from deployer.training.start import Started, start
from deployer.training.upkeep import settle_open
from tests.datasets.files import chat, write
from tests.training.world import ACCOUNT, World

CLOUDS = pytest.mark.parametrize("provider", ["azure", "openai"])


def account_of(world: World, provider: str) -> Account:
    accounts = world.providers[provider].inventory.observe().accounts
    return next(one for one in accounts if provider == "openai" or one.name == ACCOUNT)


def theirs(world: World, provider: str) -> str:
    """A file that somebody else uploaded, of the same content."""
    return world.providers[provider].training.upload(account_of(world, provider), world.data)


def begun(world: World, provider: str) -> Started:
    account = ACCOUNT if provider == "azure" else ""
    other = write(world.data.with_name("valid.jsonl"), [chat(f"is {n} prime?", "no") for n in range(100, 110)])
    order = world.order(provider=provider, account=account, validation=other, hyperparameters=Hyperparameters(3))
    return start(world.context, order, who="a person")


def files(world: World, provider: str) -> list[str]:
    """What the cloud itself holds for training, the newest first."""
    client = world.providers[provider].training._client(account_of(world, provider))  # type: ignore[attr-defined]
    return [file.id for file in client.files.list(purpose="fine-tune")]


def after_two_hours(world: World) -> None:
    world.clock.sleep(7200)


@CLOUDS
def test_both_files_of_a_job_are_removed_after_its_success_and_the_journal_says_so(world: World, provider: str) -> None:
    other = theirs(world, provider)
    begun(world, provider)
    assert len(files(world, provider)) == 3
    after_two_hours(world)
    list_jobs(world.context)
    assert files(world, provider) == [other]
    [act] = world.ledger.journal.acts()
    assert (act.phase, act.steps[-1].detail.split("; ")[-1]) == (Phase.DONE, "removed 2 uploaded files")


@CLOUDS
def test_results_stay(world: World, provider: str) -> None:
    job = begun(world, provider).job.id
    after_two_hours(world)
    list_jobs(world.context)
    found = find_job(world.context, job)
    assert found.provider.training.result(found.account, found.job.result_files[0])


def test_a_cancelled_job_leaves_no_file_either(world: World) -> None:
    job = begun(world, "openai").job.id
    cancel(world.context, find_job(world.context, job), who="me")
    assert files(world, "openai") == []


def test_a_sweep_removes_them_when_nobody_watches(world: World) -> None:
    begun(world, "azure")
    after_two_hours(world)
    settle_open(world.context)
    assert files(world, "azure") == []


def test_a_removal_that_fails_is_written_down_and_does_not_keep_the_job_open(world: World) -> None:
    begun(world, "openai")
    after_two_hours(world)
    world.sandbox.client.fault({"method": "DELETE", "path": "/v1/files/.*", "kind": "status", "status": 403})
    list_jobs(world.context)
    [act] = world.ledger.journal.acts()
    assert (act.phase, "its files may be left: cannot remove file" in act.steps[-1].detail) == (Phase.DONE, True)


def test_at_openai_a_file_that_nobody_removes_ends_by_itself_after_thirty_days(world: World) -> None:
    theirs(world, "openai")
    world.clock.sleep(timedelta(days=29).total_seconds())
    assert len(files(world, "openai")) == 1
    world.clock.sleep(timedelta(days=1).total_seconds())
    assert files(world, "openai") == []
