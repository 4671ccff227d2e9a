"""What vendors do to files and jobs, on the real sandbox: tiers, failures, odd answers, thousands of jobs."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deployer.domain.deployment import Account
from deployer.domain.job import Hyperparameters, JobSpec
from deployer.domain.money import Money
from deployer.errors import CloudError, InvalidUsage
from deployer.ports.cloud import Provider
from deployer.providers.finetuning import PROCESSING_LIMIT
from deployer.training.follow import Followed, find_job, list_jobs, watch
from deployer.training.metric import result_of
from deployer.training.start import start
from tests.conftest import BEGINNING
from tests.datasets.files import chat, write
from tests.training.world import ACCOUNT, BASE, World

CLOUDS = pytest.mark.parametrize("provider", ["azure", "openai"])
FILE = "^/(v1|accounts/[^/]+/openai/v1)/files/file-[0-9a-f]+$"


def begin(world: World, provider: str = "azure", **given: Any) -> Followed:
    facts: dict[str, Any] = {"hyperparameters": Hyperparameters(3), "account": ACCOUNT if provider == "azure" else ""}
    started = start(world.context, world.order(provider=provider, **(facts | given)), who="a person")
    return Followed(started.quote.provider, started.quote.account, started.job)


def home(world: World, provider: str) -> tuple[Provider, Account]:
    cloud = world.providers[provider]
    return cloud, cloud.inventory.observe().accounts[0]


def invoiced(world: World) -> Money:
    return Money(Decimal(world.sandbox.client.invoice()["exact"]))


# --- what is asked for --------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["standard", "globalStandard", "developerTier"])
def test_each_tier_is_charged_what_the_invoice_says(world: World, tier: str, tmp_path: Path) -> None:
    rows = [chat(f"is {n} even? " + "word " * 400, ("yes", "no")[n % 2]) for n in range(40)]
    found = begin(world, tier=tier, training=write(tmp_path / "long.jsonl", rows))
    assert found.job.training_tier == tier
    list(watch(world.context, found))
    [listed] = list_jobs(world.context)[0]
    assert listed.cost is not None
    assert listed.cost.high == invoiced(world)


def test_preference_pairs_start_a_preference_job(world: World, tmp_path: Path) -> None:
    answer = [{"role": "assistant", "content": "yes"}], [{"role": "assistant", "content": "no"}]
    asked = [{"messages": [{"role": "user", "content": f"is {n} even?"}]} for n in range(12)]
    rows = [{"input": one, "preferred_output": answer[0], "non_preferred_output": answer[1]} for one in asked]
    assert begin(world, training=write(tmp_path / "pairs.jsonl", rows)).job.method == "dpo"


def test_a_reinforcement_job_is_not_started_without_a_grader(world: World, tmp_path: Path) -> None:
    rows = [{"messages": [{"role": "user", "content": f"{n}?"}], "reference": n} for n in range(12)]
    with pytest.raises(InvalidUsage, match="needs a grader"):
        begin(world, model="o4-mini", training=write(tmp_path / "rows.jsonl", rows))
    assert world.ledger.journal.acts() == ()


def test_nobody_asks_for_a_deployment_at_the_end_of_a_job(world: World) -> None:
    list(watch(world.context, begin(world)))
    assert world.sandbox.client.deployment_events() == []
    assert world.providers["azure"].inventory.observe().deployments == ()


# --- files --------------------------------------------------------------------------------------


@CLOUDS
def test_a_file_that_the_vendor_cannot_process_ends_the_start_with_its_reason(world: World, provider: str) -> None:
    body = {"id": "file-1", "object": "file", "status": "error", "status_details": "line 3 is no example"}
    for method in ("GET", "POST"):
        path = FILE if method == "GET" else "/files$"
        world.sandbox.client.fault({"method": method, "path": path, "kind": "status", "status": 200, "body": body})
    with pytest.raises(CloudError, match=r"could not process .* line 3 is no example"):
        begin(world, provider)
    assert world.jobs(provider) == ()
    assert world.reserved() == 0


def test_a_file_that_is_never_processed_is_not_waited_for_without_end(world: World) -> None:
    body = {"id": "file-1", "object": "file", "status": "running", "filename": "train.jsonl"}
    world.sandbox.client.fault({"method": "GET", "path": FILE, "kind": "status", "status": 200, "body": body})
    before = world.clock.monotonic()
    with pytest.raises(CloudError):
        begin(world)
    assert PROCESSING_LIMIT - 60 <= world.clock.monotonic() - before <= PROCESSING_LIMIT + 60


@CLOUDS
def test_a_result_file_that_comes_as_base64_is_read(world: World, provider: str) -> None:
    world.sandbox.client.reset(start=BEGINNING, results_base64=True)
    found = begin(world, provider)
    list(watch(world.context, found))
    summary = result_of(find_job(world.context, found.job.id))
    assert summary is not None
    assert summary["steps"] == 60


# --- what becomes of jobs -----------------------------------------------------------------------


@CLOUDS
def test_a_failed_job_shows_the_vendors_reason_and_costs_nothing(world: World, provider: str, tmp_path: Path) -> None:
    cloud, account = home(world, provider)
    bad = tmp_path / "bad.jsonl"
    bad.write_text("\n".join(json.dumps({"messages": []}) for _ in range(12)))
    cloud.training.start(account, JobSpec(account.name, BASE, cloud.training.upload(account, bad)))
    world.clock.sleep(600)
    [failed] = list_jobs(world.context)[0]
    assert failed.job.status == "failed"
    assert "Example 1 must end with an assistant message" in failed.job.error
    assert str(failed.cost) == "$0.00"


@CLOUDS
@pytest.mark.parametrize(
    "status", ["paused", "pausing", "resuming", "pending", "created", "hibernating", "PENDING", ""]
)
def test_a_status_that_is_no_end_is_neither_charged_nor_an_error(world: World, provider: str, status: str) -> None:
    found = begin(world, provider)
    page = {"object": "list", "data": [{"id": found.job.id, "status": status, "surprise": {"x": 1}}], "has_more": False}
    path = "fine_tuning/jobs"
    world.sandbox.client.fault({"method": "GET", "path": path, "kind": "status", "status": 200, "body": page})
    listed, gaps = list_jobs(world.context, provider)
    assert {each.job.status for each in listed} == {status or "unknown"}
    assert not any(each.job.ended or each.cost for each in listed)
    assert (gaps, world.reserved() > 0) == ((), True)


@CLOUDS
def test_a_cancelled_job_is_charged_for_the_work_done_and_no_more_than_all_of_it(world: World, provider: str) -> None:
    found = begin(world, provider)
    while found.provider.training.job(found.account, found.job.id).status != "running":
        world.clock.sleep(60)
    world.clock.sleep(500)
    found.provider.training.cancel(found.account, found.job.id)
    [listed] = list_jobs(world.context)[0]
    assert listed.cost is not None
    assert listed.cost.high >= invoiced(world) > Money.zero()
    assert world.reserved() == 0


def test_hundreds_of_jobs_are_listed_to_the_last_page_and_ended_ones_are_settled_without_a_call_each(
    world: World,
) -> None:
    cloud, account = home(world, "openai")
    file = cloud.training.upload(account, world.data)
    for _ in range(230):
        cloud.training.start(account, JobSpec(account.name, BASE, file, hyperparameters=Hyperparameters(1)))
    world.clock.sleep(86_400)
    before = world.sandbox.client.requests()["total"]
    listed, gaps = list_jobs(world.context, "openai")
    assert (len(listed), gaps) == (230, ())
    assert all(each.cost is not None for each in listed)
    assert world.sandbox.client.requests()["total"] - before < 10
