"""What the vendor would not take is refused before anything is sent; what may only wait is said."""

from dataclasses import replace
from pathlib import Path

import pytest

from deployer.domain.deployment import Account
from deployer.domain.job import Job
from deployer.domain.limit import Limits
from deployer.errors import CloudError, Refused
from deployer.pricebook import load
from deployer.providers.azure.limit import LIMITS
from deployer.training.estimate import Estimate
from deployer.training.order import Order, estimates
from deployer.training.room import check_job_room
from tests.datasets.files import even_or_not, write
from tests.fakes import BEGINNING, TUNED, FakeClock, FakeCloud

MB = 1_000_000


@pytest.fixture
def cloud() -> FakeCloud:
    made = FakeCloud(FakeClock())
    made.limits = LIMITS
    return made


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    path.write_bytes(b"x" * MB)
    return path


def place(cloud: FakeCloud) -> Account:
    return next(iter(cloud.accounts.values()))


def jobs(cloud: FakeCloud, *statuses: str, tier: str = "") -> None:
    name = place(cloud).name
    held = cloud.jobs_of[name]
    held += [Job(f"ftjob-{n}", "azure", name, "m", status, training_tier=tier) for n, status in enumerate(statuses)]


def check(cloud: FakeCloud, *files: Path, tier: str = "") -> tuple[str, ...]:
    return check_job_room(cloud, place(cloud), files, tier)


def test_an_empty_account_has_room_without_a_word(cloud: FakeCloud, data: Path) -> None:
    assert check(cloud, data) == ()


def test_a_vendor_without_printed_limits_is_asked_nothing(cloud: FakeCloud, data: Path) -> None:
    cloud.limits = Limits()
    for operation in ("jobs", "stored", "of"):
        cloud.fail(operation, CloudError("must not be asked"))
    assert check(cloud, data) == ()


def test_the_hundred_and_first_job_is_refused_with_the_arithmetic(cloud: FakeCloud, data: Path) -> None:
    jobs(cloud, *["succeeded"] * 100)
    with pytest.raises(Refused, match=r"aoai-dev has 100 jobs of any age \+ 1 = 101 is over 100 ") as caught:
        check(cloud, data)
    assert "delete old ones" in caught.value.next_step


def test_the_hundredth_job_is_not(cloud: FakeCloud, data: Path) -> None:
    jobs(cloud, *["succeeded"] * 99)
    assert check(cloud, data) == ()


def test_an_account_beyond_the_printed_number_has_another_limit(cloud: FakeCloud, data: Path) -> None:
    jobs(cloud, *["succeeded"] * 101)
    assert check(cloud, data) == (
        "aoai-dev has 101 jobs of any age, more than the 100 that are documented: the vendor decides",
    )


@pytest.mark.parametrize("status", ["queued", "Pending"])
def test_a_full_queue_is_refused(cloud: FakeCloud, data: Path, status: str) -> None:
    jobs(cloud, *[status] * 20)
    with pytest.raises(Refused, match="20 jobs queued"):
        check(cloud, data)


@pytest.mark.parametrize(
    ("statuses", "theirs", "tier", "waits"),
    [
        (["running"] * 3, "globalStandard", "standard", True),
        (["running", "validating_files", "somethingNew"], "", "", True),
        (["running", "running", "paused", "failed"], "", "", False),
        (["running"] * 3, "developerTier", "standard", False),
        (["running"] * 4, "developerTier", "developerTier", False),
        (["running"] * 5, "DeveloperTier", "developerTier", True),
    ],
)
def test_a_job_that_may_have_to_wait_is_a_warning(
    cloud: FakeCloud, data: Path, statuses: list[str], theirs: str, tier: str, waits: bool
) -> None:
    jobs(cloud, *statuses, tier=theirs)
    assert any("may wait in the queue" in word for word in check(cloud, data, tier=tier)) is waits


def test_a_file_that_is_too_large_is_refused_before_anything_is_asked(cloud: FakeCloud, data: Path) -> None:
    cloud.limits = replace(LIMITS, file_bytes=MB - 100_000)
    with pytest.raises(Refused, match=r"train\.jsonl has 1 MB, over 0\.9 MB by 0\.1 MB"):
        check(cloud, data)
    assert cloud.calls["jobs"] == 0


def test_files_beyond_the_number_are_refused(cloud: FakeCloud, data: Path) -> None:
    cloud.stored = (1,) * 99
    assert check(cloud, data) == ()
    with pytest.raises(Refused, match=r"aoai-dev has 99 files \+ 2 = 101 is over 100"):
        check(cloud, data, data)


def test_files_beyond_the_size_of_all_are_refused(cloud: FakeCloud, data: Path) -> None:
    cloud.stored = (500 * MB, 499 * MB)
    assert check(cloud, data) == ()
    with pytest.raises(Refused, match="keeps 999 MB of files \\+ these 2 MB are over 1,000 MB"):
        check(cloud, data, data)


def test_a_model_without_a_place_to_be_deployed_is_a_warning(cloud: FakeCloud, data: Path) -> None:
    for number in range(10):
        cloud.deploy(f"tuned-{number}", model=TUNED)
    assert check(cloud, data) == ("aoai-dev has 10 of 10 fine-tuned models deployed: this one has no place yet",)


@pytest.mark.parametrize(("operation", "words"), [("jobs", "how many jobs"), ("stored", "how many files")])
def test_a_list_that_cannot_be_read_is_a_warning(cloud: FakeCloud, data: Path, operation: str, words: str) -> None:
    cloud.fail(operation, CloudError("503 busy", status=503))
    [told] = check(cloud, data)
    assert told == f"it is not known {words} aoai-dev {'has' if operation == 'jobs' else 'keeps'}: 503 busy"


def test_an_estimate_for_a_named_account_says_what_would_be_refused(cloud: FakeCloud, tmp_path: Path) -> None:
    data = write(tmp_path / "train.jsonl", even_or_not())
    order = Order("gpt-4.1-mini-2025-04-14", data, provider="azure", account="aoai-dev")

    def asked() -> Estimate:
        [found] = estimates({"azure": cloud}, load(), BEGINNING, order)
        return found

    jobs(cloud, *["running"] * 3)
    assert any("may wait in the queue" in word for word in asked().warnings)
    jobs(cloud, *["succeeded"] * 97)
    assert asked().obstacle.startswith("aoai-dev has 100 jobs of any age + 1 = 101 is over 100")
