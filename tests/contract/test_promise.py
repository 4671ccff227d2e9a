"""What every provider promises by the ports, whichever cloud is behind it.

The same tests run on both clouds of the sandbox, on the cloud in memory that other tests stand on, and, by
`pytest -m live`, on the real clouds, which are only read.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from deployer.domain.deployment import Account, Deployment
from deployer.domain.money import Money
from deployer.errors import CloudError, DeployerError, NotFound
from deployer.ports.cloud import DeploymentRequest
from tests.contract.cloud import EVERY, SANDBOXED, Cloud, is_past, open_cloud

NOBODY = "nobody-made-this"
HOUR = timedelta(hours=1)
writes = pytest.mark.parametrize("cloud", SANDBOXED, indirect=True)


@pytest.fixture(scope="module", params=EVERY)
def cloud(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """One cloud at a time, for two of them share the sandbox."""
    opened = open_cloud(
        request.param, lambda: request.getfixturevalue("running_sandbox"), tmp_path_factory.mktemp("cloud")
    )
    yield opened
    opened.close()


# --- what exists ------------------------------------------------------------------------------


def test_inventory_names_each_deployment_once_in_an_account_that_it_lists(cloud: Cloud) -> None:
    reading = cloud.provider.inventory.observe()

    keys = [one.id.key for one in reading.deployments]
    assert len(set(keys)) == len(keys)
    assert all(key == key.lower() for key in keys)
    assert {one.account.resource_id for one in reading.deployments} <= {one.resource_id for one in reading.accounts}
    assert all(one.id.provider == cloud.provider.name and one.name for one in reading.deployments)
    assert bool(reading.gaps) or reading.complete
    assert keys or not cloud.furnished


def test_deployment_that_is_listed_can_be_read_alone_and_is_the_same(cloud: Cloud) -> None:
    for listed in cloud.deployments()[:5]:
        assert cloud.provider.inventory.read(listed.account, listed.name) == listed


def test_one_accounts_deployments_are_those_that_the_whole_list_shows_of_it(cloud: Cloud) -> None:
    listed = cloud.deployments()
    for account in cloud.readable()[:3]:
        own = {one.id.key: one for one in listed if one.account.resource_id == account.resource_id}
        assert {one.id.key: one for one in cloud.provider.inventory.of(account)} == own


def test_deployment_that_is_not_there_reads_as_none(cloud: Cloud) -> None:
    for account in cloud.readable()[:3]:
        assert cloud.provider.inventory.read(account, NOBODY) is None


def test_creation_is_an_instant_of_the_past_in_utc_or_unknown(cloud: Cloud) -> None:
    now = cloud.clock.now()
    for one in cloud.deployments():
        assert one.created_at is None or is_past(one.created_at, now)
        assert one.created_at is not None or not cloud.furnished


def test_account_that_was_known_and_is_not_listed_is_never_passed_over(cloud: Cloud) -> None:
    """Absence from a list proves nothing, where what is not used may cost."""
    lost = _stranger(cloud.accounts()[0])

    reading = cloud.provider.inventory.observe([lost])

    assert lost.resource_id.lower() not in {one.account.resource_id.lower() for one in reading.deployments}
    if cloud.provider.deployments.deploys:
        assert lost.resource_id.lower() in reading.unread | reading.vanished


# --- changes ----------------------------------------------------------------------------------


@writes
def test_deployment_lives_from_its_creation_to_its_deletion(cloud: Cloud) -> None:
    deployments, account = cloud.provider.deployments, cloud.accounts()[0]
    if not deployments.deploys:
        pytest.skip("every model is served by its own name: there is nothing to create")

    made = deployments.create(DeploymentRequest(account, "made", cloud.base, "2024-07-18", "GlobalStandard", 1))
    assert made.serving
    assert is_past(made.created_at, cloud.clock.now())
    assert made.id.key in {one.id.key for one in cloud.deployments()}
    assert deployments.call(account, "made", "hello")

    assert deployments.delete(account, "made")
    _wait_until_gone(cloud, made)
    assert not deployments.delete(account, "made")
    assert made.id.key not in {one.id.key for one in cloud.deployments()}
    with pytest.raises(NotFound):
        deployments.call(account, "made", "hello")


@writes
def test_change_that_a_cloud_does_not_know_is_refused_in_words(cloud: Cloud) -> None:
    deployments, account = cloud.provider.deployments, cloud.accounts()[0]
    if deployments.deploys:
        pytest.skip("this cloud can create and delete")
    with pytest.raises(DeployerError, match="can be called as it is"):
        deployments.create(DeploymentRequest(account, "made", cloud.base))
    with pytest.raises(DeployerError, match="not deleted"):
        deployments.delete(account, cloud.deployments()[0].name)


@writes
def test_call_of_what_is_not_there_is_not_found(cloud: Cloud) -> None:
    with pytest.raises(NotFound):
        cloud.provider.deployments.call(cloud.accounts()[0], NOBODY, "hello")


# --- what was used ----------------------------------------------------------------------------


def test_every_deployment_has_a_reading_of_the_window_that_was_asked_for(cloud: Cloud) -> None:
    deployments, window = cloud.deployments(), cloud.window()

    seen = cloud.provider.usage.observe(deployments, window)

    assert set(seen.readings) == {one.id.key for one in deployments}
    assert set(seen.aliveness) == {one.account.resource_id.lower() for one in deployments}
    for reading in seen.readings.values():
        assert reading.window == window
        assert reading.complete or reading.cause
        assert is_past(reading.as_of, cloud.clock.now())


def test_usage_comes_in_whole_hours_of_the_window_in_their_order(cloud: Cloud) -> None:
    window = cloud.window()

    seen = cloud.provider.usage.observe(cloud.deployments(), window)

    buckets = [reading.buckets for reading in seen.readings.values()]
    for one in buckets:
        assert list(one) == sorted(one, key=lambda bucket: bucket.start)
        assert all(earlier.end <= later.start for earlier, later in pairwise(one))
    for bucket in (bucket for one in buckets for bucket in one):
        assert window.start <= bucket.start < bucket.end <= window.end
        assert bucket.end - bucket.start == HOUR
        assert (bucket.start.minute, bucket.start.second, bucket.start.microsecond) == (0, 0, 0)
    assert not cloud.furnished or any(bucket.active for one in buckets for bucket in one)


def test_deployment_that_is_not_there_has_no_numbers(cloud: Cloud) -> None:
    """None at all, zeros included: nobody counted."""
    one = cloud.deployments()[0]
    stranger = replace(one, id=replace(one.id, name=NOBODY), model=NOBODY)

    seen = cloud.provider.usage.observe([stranger], cloud.window())

    assert not seen.readings[stranger.id.key].buckets


def test_deployment_of_an_account_that_is_not_there_is_never_known_to_be_idle(cloud: Cloud) -> None:
    one = cloud.deployments()[0]
    account = _stranger(one.account)
    stranger = replace(one, id=replace(one.id, account=account.name), account=account)

    seen = cloud.provider.usage.observe([stranger], cloud.window())

    reading, alive = seen.readings[stranger.id.key], seen.aliveness[account.resource_id.lower()]
    assert not (reading.complete and alive.alive)
    assert not reading.buckets


# --- what was billed --------------------------------------------------------------------------


def test_bill_is_money_of_a_day_in_the_period_with_the_instant_of_asking(cloud: Cloud) -> None:
    period = cloud.window(days=7)

    bills, gaps = cloud.provider.billing.billed(cloud.accounts(), period)

    assert (bills and not gaps) or not cloud.furnished
    for bill in bills:
        assert isinstance(bill.amount, Money)
        assert is_past(bill.as_of, cloud.clock.now())
        assert period.start - timedelta(days=1) < bill.day < period.end
        assert bill.meter


# --- training ---------------------------------------------------------------------------------


def test_job_that_is_listed_can_be_read_alone_and_is_the_same(cloud: Cloud) -> None:
    training, now = cloud.provider.training, cloud.clock.now()
    jobs = [(account, job) for account in cloud.readable()[:3] for job in training.jobs(account)[:3]]

    assert jobs or not cloud.furnished
    for account, job in jobs:
        assert job.created_at is None or is_past(job.created_at, now)
        alone = training.job(account, job.id)
        assert alone == job or not job.ended
        assert alone.id == job.id


def test_job_that_is_not_there_is_not_found(cloud: Cloud) -> None:
    training, account = cloud.provider.training, cloud.readable()[0]
    with pytest.raises(NotFound):
        training.job(account, "ftjob-00000000000000000000000000000000")
    with pytest.raises(CloudError):
        training.events(account, "ftjob-00000000000000000000000000000000")


# --- doctor -----------------------------------------------------------------------------------


def test_check_says_in_words_what_it_looked_at(cloud: Cloud) -> None:
    checks = cloud.provider.check()
    assert checks
    for check in checks:
        assert check.what
        assert check.detail
        assert check.ok or check.next_step


def _stranger(account: Account) -> Account:
    """The same account under a name that nobody has."""
    return replace(account, name=NOBODY, resource_id=account.resource_id.replace(account.name, NOBODY) + "x")


def _wait_until_gone(cloud: Cloud, deployment: Deployment) -> None:
    for _ in range(60):
        if cloud.provider.inventory.read(deployment.account, deployment.name) is None:
            return
        cloud.clock.sleep(10)
    raise AssertionError(f"{deployment.id} is still there")


# --- what a vendor limits and tells by itself ---------------------------------------------------


def test_limits_are_numbers_of_things_or_unknown(cloud: Cloud) -> None:
    for account in cloud.readable()[:3]:
        limits = cloud.provider.catalog.limits(account)
        numbers = (
            limits.tuned_deployments,
            limits.jobs,
            limits.running,
            limits.queued,
            limits.files,
            limits.file_bytes,
        )
        assert all(number is None or number > 0 for number in numbers)
        assert limits.source or not any(numbers)


def test_stored_files_have_sizes(cloud: Cloud) -> None:
    for account in cloud.readable()[:3]:
        assert all(size >= 0 for size in cloud.provider.training.stored(account))


def test_budgets_are_of_the_clouds_own_scopes_and_once_each(cloud: Cloud) -> None:
    budgets, gaps = cloud.provider.billing.budgets(cloud.accounts())
    assert len({one.id for one in budgets}) == len(budgets)
    assert all(one.provider == cloud.provider.name and one.amount.amount > 0 for one in budgets)
    assert all(gap.cause for gap in gaps)
