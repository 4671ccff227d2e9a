"""What `doctor` foresees: fine-tunes that end soon, and where data goes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from deployer.domain.catalog import OfferedModel
from deployer.domain.deployment import Tier
from deployer.domain.job import Job
from deployer.errors import Forbidden
from deployer.reports.retiring import Notice, retiring, whereabouts
from tests.fakes import TUNED, FakeClock, FakeCloud

DAY = timedelta(days=1)
OTHER = TUNED.replace("support", "other")


@pytest.fixture
def cloud() -> FakeCloud:
    cloud = FakeCloud(FakeClock())
    now = cloud.clock.now()
    base = OfferedModel("gpt-4.1-mini", "2025-04-14", inference_until=now + 43 * DAY, fine_tune_until=now + 10 * DAY)
    cloud.offered = (base,)
    return cloud


def noticed(cloud: FakeCloud) -> list[Notice]:
    return retiring(cloud, cloud.inventory.observe(), cloud.clock.now())


def trained(cloud: FakeCloud, model: str, status: str = "succeeded") -> Job:
    made = Job("ftjob-1", "azure", "aoai-dev", "gpt-4.1-mini-2025-04-14", status, fine_tuned_model=model)
    cloud.jobs_of["aoai-dev"].append(made)
    return made


def test_deployment_whose_base_retires_soon_is_told_with_the_last_day_to_retrain(cloud: FakeCloud) -> None:
    cloud.deploy("bot")

    (notice,) = noticed(cloud)

    assert notice.detail == (
        "deployment aoai-dev/bot: gpt-4.1-mini-2025-04-14 retires on 2026-10-14, in 43 days; "
        "the last day to train gpt-4.1-mini-2025-04-14 is 2026-09-11"
    )
    assert notice.next_step


def test_model_that_is_not_deployed_and_job_that_runs_are_told_too_and_a_deployed_model_once(cloud: FakeCloud) -> None:
    cloud.deploy("bot")
    trained(cloud, TUNED)
    trained(cloud, OTHER)
    trained(cloud, "", "running")

    told = [notice.detail.partition(":")[0] for notice in noticed(cloud)]

    assert told == [
        "deployment aoai-dev/bot",
        "job ftjob-1 of aoai-dev, which trains gpt-4.1-mini-2025-04-14",
        f"model {OTHER} of aoai-dev",
    ]


def test_failed_jobs_and_base_deployments_are_no_fine_tunes(cloud: FakeCloud) -> None:
    cloud.deploy("base", model="gpt-4.1-mini-2025-04-14")
    trained(cloud, "", "failed")

    assert [(notice.detail, notice.soon) for notice in noticed(cloud)] == [("no fine-tune ends within 90 days", False)]


def test_end_that_is_far_is_quiet(cloud: FakeCloud) -> None:
    cloud.deploy("bot")
    cloud.offered = (replace(cloud.offered[0], inference_until=cloud.clock.now() + 91 * DAY),)

    assert not any(notice.soon for notice in noticed(cloud))


def test_what_has_ended_is_told_to_be_undeployed(cloud: FakeCloud) -> None:
    cloud.deploy("bot")
    cloud.offered = (replace(cloud.offered[0], inference_until=cloud.clock.now() - 3 * DAY, fine_tune_until=None),)

    (notice,) = noticed(cloud)

    assert "3 days ago; its last day to train is unknown" in notice.detail
    assert notice.next_step.startswith("undeploy it")


@pytest.mark.parametrize(
    ("left", "words"),
    [(timedelta(0), ", today;"), (DAY, ", in 1 day;"), (-DAY, ", 1 day ago;"), (9 * DAY, ", in 9 days;")],
)
def test_days_are_counted_by_the_calendar(cloud: FakeCloud, left: timedelta, words: str) -> None:
    cloud.deploy("bot")
    midnight = cloud.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    cloud.offered = (replace(cloud.offered[0], inference_until=midnight + left),)

    assert words in noticed(cloud)[0].detail


def test_at_openai_nothing_is_undeployed() -> None:
    cloud = FakeCloud(FakeClock(), "openai", ["proj_default"])
    cloud.deploy("bot")
    cloud.offered = (OfferedModel("gpt-4.1-mini", "2025-04-14", inference_until=cloud.clock.now() - 3 * DAY),)

    assert "fine-tune a newer base" in noticed(cloud)[0].next_step


def test_lists_and_jobs_that_cannot_be_read_are_warnings(cloud: FakeCloud) -> None:
    cloud.deploy("bot")
    cloud.fail("models", Forbidden("cannot list the models: 403", status=403))
    cloud.fail("jobs", Forbidden("cannot list jobs: 403", status=403))

    assert [notice.detail for notice in noticed(cloud)] == [
        "when models retire is unknown: cannot list the models: 403",
        "jobs are unknown: cannot list jobs: 403",
    ]


def test_data_is_shown_by_place_with_what_the_vendor_keeps(cloud: FakeCloud) -> None:
    cloud.deploy("a")
    cloud.deploy("b", tier=Tier.GLOBAL, sku="GlobalStandard")

    notice = whereabouts(cloud, cloud.inventory.observe())

    assert notice.detail.startswith("processed in: eastus2 (1), any region, no residency (1); Standard stays in the")
    assert "until they are deleted" in notice.detail
    assert not notice.soon
