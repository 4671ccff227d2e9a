"""Idle is evidence: what each answer of Azure Monitor proves, and what it does not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deployer.domain.period import Period
from deployer.domain.usage import Aliveness, UsageObservation, UsageReading
from deployer.ports.cloud import Provider
from deployer.sandbox.process import Sandbox
from tests.conftest import BEGINNING, SandboxTestClock
from tests.providers.opening import Connect

DEV, PROD = "aoai-dev-eastus2", "aoai-prod-swedencentral"
HOUR = timedelta(hours=1)
WINDOW = Period(BEGINNING - 24 * HOUR, BEGINNING - timedelta(minutes=10))

Observe = Callable[..., UsageObservation]


@pytest.fixture
def deployed(sandbox: Sandbox) -> None:
    """Two deployments in one account: `busy` was called an hour a day ago, `quiet` never."""
    common = {"account": DEV, "model": "gpt-4o-mini", "version": "2024-07-18", "created_at": "2026-06-01T00:00:00Z"}
    sandbox.client.create_deployments([{**common, "name": name} for name in ("busy", "quiet")])
    call(sandbox, "busy", BEGINNING - 12 * HOUR, BEGINNING - 11 * HOUR)


def call(sandbox: Sandbox, name: str, start: datetime, end: datetime, account: str = DEV, **rest: Any) -> None:
    stream = {"account": account, "deployment": name, "start": start.isoformat(), "end": end.isoformat()}
    tokens = {"requests_per_hour": 6, "input_tokens": 100, "output_tokens": 20}
    sandbox.client.traffic([{**stream, **tokens, **rest}])


def observe(azure: Provider, window: Period = WINDOW) -> UsageObservation:
    return azure.usage.observe(azure.inventory.observe().deployments, window)


def reading(seen: UsageObservation, name: str, account: str = DEV) -> UsageReading:
    return seen.readings[f"azure:{account}/{name}"]


def aliveness(seen: UsageObservation, account: str = DEV) -> Aliveness:
    (found,) = [state for key, state in seen.aliveness.items() if key.endswith(account)]
    return found


@pytest.mark.usefixtures("deployed")
def test_calls_are_counted_by_the_hour_with_their_tokens(azure: Provider) -> None:
    busy = reading(observe(azure), "busy")

    assert busy.complete
    (hour,) = [bucket for bucket in busy.buckets if bucket.active]
    assert (hour.start, hour.end) == (BEGINNING - 12 * HOUR, BEGINNING - 11 * HOUR)
    assert (hour.requests, hour.input_tokens, hour.output_tokens) == (6, 600, 120)
    assert busy.last_activity == BEGINNING - 11 * HOUR


@pytest.mark.usefixtures("deployed")
def test_two_metric_families_are_never_added_up(azure: Provider) -> None:
    busy = reading(observe(azure), "busy")

    assert sum(bucket.requests or 0 for bucket in busy.buckets) == 6
    assert {"AzureOpenAIRequests", "ModelRequests"} <= set(busy.metrics)


@pytest.mark.usefixtures("deployed")
def test_absence_beside_numbers_is_proven_alive_without_another_question(sandbox: Sandbox, azure: Provider) -> None:
    seen = observe(azure)

    quiet = reading(seen, "quiet")
    assert quiet.complete
    assert quiet.buckets == ()
    assert aliveness(seen).alive
    assert sandbox.client.requests()["by_operation"]["metrics.batch"] == 1


def test_absence_without_any_number_in_93_days_is_not_alive(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.create_deployments([{"account": DEV, "name": "quiet", "model": "gpt-4o-mini"}])

    seen = observe(azure)

    assert reading(seen, "quiet").complete
    assert aliveness(seen) == Aliveness(False, "the metric has never shown a number here in 93 days")


def test_number_of_weeks_ago_proves_the_metric_alive(sandbox: Sandbox, azure: Provider) -> None:
    long_ago = BEGINNING - timedelta(days=60)
    sandbox.client.create_deployments(
        [{"account": DEV, "name": "quiet", "model": "gpt-4o-mini", "created_at": "2026-06-01T00:00:00Z"}]
    )
    call(sandbox, "quiet", long_ago, long_ago + HOUR)

    seen = observe(azure)

    assert reading(seen, "quiet").buckets == ()
    assert aliveness(seen).alive
    assert aliveness(seen).last_number is not None


def test_aliveness_is_remembered_until_its_number_is_93_days_old(
    sandbox: Sandbox, azure: Provider, clock: SandboxTestClock
) -> None:
    long_ago = BEGINNING - timedelta(days=60)
    sandbox.client.create_deployments(
        [{"account": DEV, "name": "quiet", "model": "gpt-4o-mini", "created_at": "2026-06-01T00:00:00Z"}]
    )
    call(sandbox, "quiet", long_ago, long_ago + HOUR)
    observe(azure)
    asked = sandbox.client.requests()["by_operation"]["metrics.batch"]

    again = observe(azure)
    clock.sleep(100 * 86_400)
    window = Period(clock.now() - 24 * HOUR, clock.now() - timedelta(minutes=10))
    later = observe(azure, window)

    assert aliveness(again).alive
    assert sandbox.client.requests()["by_operation"]["metrics.batch"] == asked + 1 + 2
    assert aliveness(later).alive is False


@pytest.mark.usefixtures("deployed")
def test_error_code_inside_a_200_is_not_complete(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.fault({"operation": "metrics.batch", "kind": "metrics_error_code"})

    seen = observe(azure)

    assert not reading(seen, "quiet").complete
    assert "InternalServerError" in reading(seen, "quiet").cause
    assert aliveness(seen).alive is None


@pytest.mark.usefixtures("deployed")
def test_truncated_span_is_not_complete(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.fault({"operation": "metrics.batch", "kind": "metrics_truncated"})

    seen = observe(azure)

    assert not reading(seen, "quiet").complete
    assert "covers" in reading(seen, "quiet").cause


@pytest.mark.parametrize("kind", ["metrics_null", "metrics_empty"])
@pytest.mark.usefixtures("deployed")
def test_nulls_and_emptiness_are_complete_but_prove_no_life(sandbox: Sandbox, azure: Provider, kind: str) -> None:
    sandbox.client.fault({"operation": "metrics.batch", "kind": kind})

    seen = observe(azure)

    assert reading(seen, "busy").buckets == ()
    assert aliveness(seen).alive is False


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 400},
        {"kind": "status", "status": 403},
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 200, "body": "<html>maintenance</html>"},
        {"kind": "status", "status": 200, "body": {}},
        {"kind": "cut_before"},
        {"kind": "cut_after"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
@pytest.mark.usefixtures("deployed")
def test_answer_that_fails_is_not_complete_and_says_why(
    sandbox: Sandbox, connect_azure: Connect, fault: dict[str, Any]
) -> None:
    sandbox.client.fault({"operation": "metrics.batch", **fault})
    sandbox.client.fault({"operation": "metrics.single", **fault})

    seen = observe(connect_azure(retries=1))

    assert not reading(seen, "quiet").complete
    assert reading(seen, "quiet").cause.startswith("cannot read metrics of ")
    assert aliveness(seen).alive is None


@pytest.mark.usefixtures("deployed")
def test_each_account_is_asked_alone_where_the_batch_is_forbidden(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.fault({"operation": "metrics.batch", "kind": "status", "status": 403})

    seen = observe(azure)

    assert reading(seen, "busy").complete
    assert reading(seen, "busy").last_activity == BEGINNING - 11 * HOUR
    assert aliveness(seen).alive
    assert sandbox.client.requests()["by_operation"]["metrics.single"] == 1


@pytest.mark.usefixtures("deployed")
def test_failure_in_one_region_leaves_the_other_complete(sandbox: Sandbox, connect_azure: Connect) -> None:
    sandbox.client.create_deployments([{"account": PROD, "name": "there", "model": "gpt-4o-mini"}])
    sandbox.client.fault({"path": "metrics/eastus2", "kind": "status", "status": 500})

    seen = observe(connect_azure(retries=1))

    assert not reading(seen, "busy").complete
    assert reading(seen, "there", PROD).complete


@pytest.mark.usefixtures("deployed")
def test_failing_calls_are_counted_as_failures(sandbox: Sandbox, azure: Provider) -> None:
    call(sandbox, "quiet", BEGINNING - 5 * HOUR, BEGINNING - 4 * HOUR, status=404)

    seen = observe(azure)

    assert reading(seen, "quiet").failing
    assert sum(bucket.failed_requests or 0 for bucket in reading(seen, "quiet").buckets) == 6
    assert not reading(seen, "busy").failing


@pytest.mark.usefixtures("deployed")
def test_more_deployments_than_the_default_of_ten_series_are_all_read(sandbox: Sandbox, azure: Provider) -> None:
    names = [f"d{number}" for number in range(30)]
    sandbox.client.create_deployments([{"account": DEV, "name": name, "model": "gpt-4o-mini"} for name in names])
    for name in names:
        call(sandbox, name, BEGINNING, BEGINNING + HOUR)
    sandbox.client.advance(seconds=2 * 3600)

    seen = observe(azure, Period(BEGINNING - HOUR, BEGINNING + 2 * HOUR - timedelta(minutes=10)))

    assert all(reading(seen, name).last_activity == BEGINNING + HOUR for name in names)


def test_grains_are_whole_hours_and_the_last_ends_with_the_window(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.create_deployments([{"account": DEV, "name": "busy", "model": "gpt-4o-mini"}])
    call(sandbox, "busy", BEGINNING, BEGINNING + 5 * HOUR)
    sandbox.client.advance(seconds=3 * 3600 + 40 * 60)
    end = datetime(2026, 9, 1, 3, 30, tzinfo=UTC)

    busy = reading(observe(azure, Period(BEGINNING + timedelta(minutes=25), end)), "busy")

    assert [bucket.start.minute for bucket in busy.buckets] == [0, 0, 0, 0]
    assert busy.buckets[-1].end == end


def test_nothing_deployed_is_nothing_asked(sandbox: Sandbox, azure: Provider) -> None:
    assert observe(azure) == UsageObservation()
    assert "metrics.batch" not in sandbox.client.requests()["by_operation"]


def test_thousand_deployments_in_twenty_accounts_take_forty_calls_at_most(sandbox: Sandbox, azure: Provider) -> None:
    regions = ("eastus2", "swedencentral")
    sandbox.client.reset(start=BEGINNING, empty=True)
    sandbox.client.create_accounts([{"name": f"a{n}", "region": regions[n % 2]} for n in range(20)])
    made = [{"account": f"a{a}", "name": f"d{d}", "model": "gpt-4o-mini"} for a in range(20) for d in range(50)]
    sandbox.client.create_deployments(made)

    seen = observe(azure)

    assert len(seen.readings) == 1000
    assert all(found.complete for found in seen.readings.values())
    assert sandbox.client.requests()["total"] <= 40
