"""Every list of files, jobs, projects, caps, usage and costs to its last page, and none for ever."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deployer.clock import Clock
from deployer.domain.cap import CapKind
from deployer.domain.deployment import Account
from deployer.domain.job import Hyperparameters, JobSpec
from deployer.domain.period import Period
from deployer.errors import CloudError
from deployer.ports.cloud import Provider
from deployer.sandbox.process import Sandbox
from tests.conftest import BEGINNING
from tests.providers.opening import BASE, open_provider

CLOUDS = pytest.mark.parametrize("cloud", ["azure", "openai"])
TURNING = {"object": "list", "has_more": True, "last_id": "same", "first_id": "same"}
"""A page that says there is more, behind a cursor that leads back to it."""


@pytest.fixture
def provider(sandbox: Sandbox, clock: Clock, cloud: str) -> Provider:
    sandbox.client.reset(start=BEGINNING, empty=True, list_page_size=2)
    sandbox.client.create_accounts([{"name": "aoai-one", "region": "eastus2"}])
    return open_provider(cloud, sandbox, clock)


@pytest.fixture
def account(provider: Provider) -> Account:
    return provider.inventory.observe().accounts[0]


def start(provider: Provider, account: Account, data: Path, epochs: int = 3) -> str:
    file = provider.training.upload(account, data)
    spec = JobSpec(account.name, BASE, file, suffix="p", hyperparameters=Hyperparameters(epochs))
    return provider.training.start(account, spec).id


@CLOUDS
def test_jobs_events_and_checkpoints_over_small_pages_are_all_read(
    sandbox: Sandbox, provider: Provider, account: Account, data: Path, clock: Clock
) -> None:
    jobs = [start(provider, account, data) for _ in range(5)]
    clock.sleep(7200)
    assert [job.id for job in provider.training.jobs(account)] == jobs[::-1]
    assert [one.step for one in provider.training.checkpoints(account, jobs[0])] == [20, 40, 60]
    paged = provider.training.events(account, jobs[0])
    events = sum(1 for line in sandbox.client.log() if line["operation"].endswith(".jobs.events"))
    assert events == -(-len(paged) // 2)
    assert len({event.id for event in paged}) == len(paged)


@CLOUDS
def test_files_over_small_pages_are_all_found(provider: Provider, account: Account, data: Path) -> None:
    for _ in range(5):
        provider.training.upload(account, data, "marker")
    assert provider.training.discard(account, "marker") == 5
    assert provider.training.discard(account, "marker") == 0


@pytest.mark.parametrize("cloud", ["openai"])
def test_usage_and_costs_over_small_pages_are_all_read(
    sandbox: Sandbox, provider: Provider, account: Account, data: Path, clock: Clock
) -> None:
    start(provider, account, data)
    clock.sleep(7200)
    [tuned] = provider.inventory.observe().deployments
    began = clock.now()
    for _ in range(3):
        provider.deployments.call(account, tuned.name, "hello")
        clock.sleep(8 * 3600)
    window = Period(began, clock.now())
    reading = provider.usage.observe([tuned], window).readings[tuned.id.key]
    assert (reading.complete, [bucket.requests for bucket in reading.buckets]) == (True, [1, 1, 1])
    bills, gaps = provider.billing.billed([account], Period(BEGINNING - timedelta(days=6), clock.now()))
    assert (len(bills) > 1, gaps) == (True, ())
    pages = sandbox.client.requests()["by_operation"]
    assert (pages["openai.usage.completions"], pages["openai.costs"]) == (13, 4)


@pytest.mark.parametrize("cloud", ["openai"])
def test_caps_over_small_pages_are_all_read(provider: Provider, account: Account) -> None:
    assert provider.caps is not None
    assert len(provider.caps.read(account).of(CapKind.RATE_LIMIT)) == 9


def rows(*ids: str | None) -> dict[str, Any]:
    return {**TURNING, "data": [{"created_at": 1, **({"id": one} if one else {})} for one in ids]}


LISTS: dict[str, Callable[[Provider, Account], object]] = {
    "files.list": lambda it, account: it.training.discard(account, "marker"),
    "jobs.list": lambda it, account: it.training.jobs(account),
    "jobs.events": lambda it, account: it.training.events(account, "ftjob-1"),
    "jobs.checkpoints": lambda it, account: it.training.checkpoints(account, "ftjob-1"),
}


@CLOUDS
@pytest.mark.parametrize("listing", LISTS)
@pytest.mark.parametrize("page", [rows("a", "b"), rows(None), rows()])
def test_a_list_that_leads_to_itself_ends_with_an_error_and_not_never(
    sandbox: Sandbox, provider: Provider, account: Account, listing: str, page: dict[str, Any]
) -> None:
    operation = f"{provider.name}.{listing}"
    sandbox.client.fault({"operation": operation, "kind": "status", "status": 200, "body": page})
    with pytest.raises(CloudError):
        LISTS[listing](provider, account)
    assert sandbox.client.requests()["faults"] <= 3


@pytest.mark.parametrize("cloud", ["openai"])
@pytest.mark.parametrize("page", [rows("proj_1"), rows(None), rows()])
@pytest.mark.parametrize("listing", ["projects.list", "spend_alerts.list", "rate_limits.list", "users.list"])
def test_the_organisations_lists_do_neither(
    sandbox: Sandbox, provider: Provider, account: Account, listing: str, page: dict[str, Any]
) -> None:
    sandbox.client.fault({"operation": f"openai.{listing}", "kind": "status", "status": 200, "body": page})
    caps = provider.caps
    assert caps is not None
    if listing == "projects.list":
        reading = provider.inventory.observe()
        assert (reading.complete, len(reading.gaps)) == (False, 1)
    elif listing == "users.list":
        with pytest.raises(CloudError):
            caps.owners()
    else:
        assert len(caps.read(account).unread) == 1
    assert sandbox.client.requests()["faults"] <= 3
