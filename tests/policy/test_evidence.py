"""Idle is evidence, not absence: the table of what a reading proves."""

from datetime import timedelta

import pytest

from deployer.domain.deployment import Deployment
from deployer.domain.usage import Activity, UsageReading
from deployer.policy.document import Idle
from deployer.policy.evidence import Evidence, judge
from tests.policy.world import DAY, HOUR, MINUTE, NOW, deployment, usage, view, zeros

RULE = Idle(after=24 * HOUR, grace=6 * HOUR)
BOT = deployment()


def state_of(reading: UsageReading | None, *, alive: bool | None = True, of: Deployment = BOT) -> Evidence:
    return judge(of, view(of, readings=[reading] if reading else [], alive=alive).snapshot, RULE, NOW)


def test_a_complete_reading_of_zeros_is_idle_whether_or_not_the_metric_is_alive() -> None:
    evidence = state_of(usage(BOT, zeros()), alive=False)

    assert evidence.state is Activity.IDLE


def test_absence_is_idle_where_the_metric_is_alive() -> None:
    assert state_of(usage(BOT), alive=True).state is Activity.IDLE


def test_absence_is_unknown_where_the_metric_has_never_shown_a_number() -> None:
    evidence = state_of(usage(BOT), alive=False)

    assert (evidence.state, evidence.reason) == (Activity.UNKNOWN, "the metric has never shown a number here")


def test_absence_is_unknown_where_nobody_could_read_whether_the_metric_is_alive() -> None:
    evidence = state_of(usage(BOT), alive=None)

    assert evidence.state is Activity.UNKNOWN
    assert "429 Too Many Requests" in evidence.reason


def test_an_incomplete_reading_is_unknown_with_its_cause() -> None:
    evidence = state_of(usage(BOT, zeros(), complete=False, cause="errorCode InternalServerError"))

    assert evidence.state is Activity.UNKNOWN
    assert "errorCode InternalServerError" in evidence.reason


def test_what_was_not_read_is_unknown() -> None:
    assert state_of(None).state is Activity.UNKNOWN


def test_a_stale_reading_is_unknown() -> None:
    old = usage(BOT, zeros(), now=NOW - 2 * HOUR, length=3 * DAY)

    assert state_of(old).state is Activity.UNKNOWN


def test_a_reading_that_does_not_cover_the_window_is_unknown() -> None:
    short = usage(BOT, zeros(10), length=10 * HOUR)

    evidence = state_of(short)

    assert evidence.state is Activity.UNKNOWN
    assert "does not cover 24 h" in evidence.reason


@pytest.mark.parametrize("ago", [0 * HOUR, 1 * HOUR, 23 * HOUR, 24 * HOUR])
def test_one_request_in_the_window_is_activity(ago: timedelta) -> None:
    evidence = state_of(usage(BOT, zeros() | {ago: 1}))

    assert (evidence.state, evidence.since) == (Activity.ACTIVE, NOW - ago)


def test_a_request_before_the_window_is_not_activity_and_is_named() -> None:
    evidence = state_of(usage(BOT, zeros(40) | {26 * HOUR: 3}))

    assert (evidence.state, evidence.since, evidence.exact) == (Activity.IDLE, NOW - 26 * HOUR, True)


def test_the_newest_ten_minutes_count_as_active() -> None:
    exactly_a_day_ago = usage(BOT, {24 * HOUR: 1})
    when_its_hour_is_visible = judge(
        BOT,
        view(BOT, readings=[usage(BOT, {24 * HOUR + 10 * MINUTE: 1})]).snapshot,
        RULE,
        NOW,
    )

    assert state_of(exactly_a_day_ago).state is Activity.ACTIVE
    assert when_its_hour_is_visible.state is Activity.IDLE


def test_failing_calls_alone_are_active_and_reported_as_failing() -> None:
    evidence = state_of(usage(BOT, {2 * HOUR: 40}, failed=True))

    assert evidence.state is Activity.ACTIVE
    assert evidence.reason.startswith("failing: every request failed")


def test_a_deployment_within_its_grace_is_active_even_if_nothing_was_read() -> None:
    young = deployment(age=5 * HOUR)

    assert state_of(None, of=young).state is Activity.ACTIVE


def test_a_deployment_whose_creation_is_not_known_is_never_idle() -> None:
    undated = deployment(age=None)

    evidence = state_of(usage(undated, zeros()), of=undated)

    assert evidence.state is Activity.UNKNOWN
    assert "when it was created" in evidence.reason


def test_a_deployment_whose_creation_is_not_known_is_active_when_it_is_called() -> None:
    undated = deployment(age=None)

    assert state_of(usage(undated, {HOUR: 1}), of=undated).state is Activity.ACTIVE


def test_a_reading_that_begins_at_creation_covers_a_younger_deployment() -> None:
    young = deployment(age=10 * HOUR)
    reading = usage(young, zeros(9), length=11 * HOUR)

    evidence = state_of(reading, of=young)

    assert (evidence.state, evidence.since) == (Activity.IDLE, NOW - 10 * HOUR)
