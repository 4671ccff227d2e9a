"""When the rule `idle` warns and when it acts."""

from datetime import timedelta

import pytest

from deployer.domain.plan import ActionKind, History, Mode
from deployer.domain.usage import Activity
from tests.policy.world import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    booked,
    deployment,
    plan,
    rules,
    told,
    usage,
    view,
    warned,
    zeros,
)

LATENCY = 10 * MINUTE
BOT = deployment()
RULE = "idle: {after: 24h, warn: 2h, then: undeploy, grace: 6h}"


def test_a_deployment_in_use_is_left_alone_and_its_instants_are_booked() -> None:
    seen = view(BOT, readings=[usage(BOT, zeros() | {5 * HOUR: 7})])

    decided = plan(rules(RULE), seen)

    due = NOW - 5 * HOUR + 24 * HOUR + LATENCY
    assert told(decided) == []
    assert booked(decided) == [("warn", due - 2 * HOUR), ("undeploy", due)]


def test_idle_deployment_is_warned_before_it_is_undeployed() -> None:
    last = NOW - 22 * HOUR - 10 * MINUTE
    seen = view(BOT, readings=[usage(BOT, zeros(20) | {NOW - last: 1})])

    decided = plan(rules(RULE), seen)

    assert told(decided) == [("warn", "bot")]
    assert booked(decided) == [("undeploy", last + 24 * HOUR + LATENCY)]


def test_warned_deployment_is_undeployed_once_it_is_due() -> None:
    seen = view(
        BOT,
        readings=[usage(BOT, zeros(20) | {24 * HOUR + LATENCY: 1})],
        history=warned(BOT, NOW - 2 * HOUR),
    )

    decided = plan(rules(RULE), seen)

    assert told(decided) == [("undeploy", "bot")]
    assert decided.mode is Mode.ENFORCE


def test_reason_is_a_sentence_with_numbers() -> None:
    seen = view(
        BOT,
        readings=[usage(BOT, zeros(20) | {26 * HOUR: 1}, now=NOW)],
        history=warned(BOT, NOW - 2 * HOUR),
    )

    (act,) = plan(rules(RULE), seen, NOW).acts

    expected = "idle for 26 h (limit 24 h): last request by 2026-09-09 10:00Z; $1.70/h; $1,241 a month"
    assert act.reason == expected
    assert act.numbers["idle_for"] == "26 h"


def test_first_sight_of_a_long_idle_deployment_warns_now_and_acts_one_warning_later() -> None:
    seen = view(BOT, readings=[usage(BOT, zeros(48))])

    decided = plan(rules(RULE), seen)

    assert told(decided) == [("warn", "bot")]
    assert booked(decided) == [("undeploy", NOW + 2 * HOUR)]
    assert "idle for at least 49 h" in decided.findings[0].reason


def test_nothing_is_done_sooner_than_the_warning_time_after_the_warning() -> None:
    seen = view(BOT, readings=[usage(BOT, zeros(48))], history=warned(BOT, NOW - 2 * HOUR + MINUTE))

    decided = plan(rules(RULE), seen)

    assert told(decided) == []
    assert booked(decided) == [("undeploy", NOW + MINUTE)]


def test_without_a_warning_time_it_acts_at_once() -> None:
    seen = view(BOT, readings=[usage(BOT, zeros(48))])

    decided = plan(rules("idle: {after: 24h, warn: 0h, then: undeploy}"), seen)

    assert told(decided) == [("undeploy", "bot")]


def test_activity_after_a_warning_voids_it() -> None:
    warning = warned(BOT, NOW - 30 * HOUR)
    seen = view(BOT, readings=[usage(BOT, zeros(20) | {25 * HOUR: 1})], history=warning)

    decided = plan(rules(RULE), seen)

    assert told(decided) == [("warn", "bot")]


def test_a_warning_older_than_what_was_read_is_void() -> None:
    seen = view(BOT, readings=[usage(BOT, zeros(48))], history=warned(BOT, NOW - 10 * DAY))

    assert told(plan(rules(RULE), seen)) == [("warn", "bot")]


def test_a_warning_about_another_instance_of_the_name_does_not_count() -> None:
    before = deployment(age=60 * DAY)
    seen = view(BOT, readings=[usage(BOT, zeros(48))], history=warned(before, NOW - 5 * HOUR))

    assert told(plan(rules(RULE), seen)) == [("warn", "bot")]


def test_a_warning_that_reached_nobody_postpones_the_act_and_is_given_again() -> None:
    seen = view(BOT, readings=[usage(BOT, zeros(48))], history=warned(BOT, NOW - 5 * HOUR, delivered=False))

    decided = plan(rules(RULE), seen)

    assert told(decided) == [("warn", "bot")]
    assert ["reached nobody" in entry.reason for entry in decided.deferred] == [True]


def test_a_warning_that_reached_nobody_counts_where_the_policy_says_so() -> None:
    seen = view(BOT, readings=[usage(BOT, zeros(48))], history=warned(BOT, NOW - 5 * HOUR, delivered=False))

    decided = plan(rules(f"{RULE}, act_unwarned: true"), seen)

    assert told(decided) == [("undeploy", "bot")]


@pytest.mark.parametrize(
    ("reading", "alive"),
    [
        pytest.param(usage(BOT, zeros(48), complete=False, cause="HTTP 400"), True, id="the metrics call failed"),
        pytest.param(usage(BOT), False, id="all null, and nothing proves the metric alive"),
        pytest.param(usage(BOT), None, id="empty, and the proof could not be read"),
        pytest.param(usage(BOT, zeros(2), length=2 * HOUR), True, id="truncated"),
    ],
)
def test_unknown_never_acts_even_when_warned_long_ago(reading: object, alive: bool | None) -> None:
    seen = view(BOT, readings=[reading], alive=alive, history=warned(BOT, NOW - 5 * HOUR))  # type: ignore[list-item]

    decided = plan(rules(RULE), seen)

    assert (decided.acts, decided.upcoming) == ((), ())
    assert [finding.state for finding in decided.findings] == [Activity.UNKNOWN]
    assert [gap.what for gap in decided.gaps] == ["usage"]


def test_a_new_deployment_is_due_after_creation_and_not_within_its_grace() -> None:
    young = deployment(age=7 * HOUR)
    seen = view(young, readings=[usage(young, zeros(6))])

    decided = plan(rules("idle: {after: 1h, warn: 0h, then: undeploy, grace: 12h}"), seen)
    later = plan(rules(RULE), seen)

    assert booked(decided) == [("undeploy", NOW + 5 * HOUR + LATENCY)]
    assert [due for kind, due in booked(later) if kind == "undeploy"] == [NOW + 17 * HOUR + LATENCY]


def test_the_instant_of_a_deployment_that_was_just_created_is_booked_before_any_usage_is_read() -> None:
    fresh = deployment(age=timedelta(0))

    decided = plan(rules(RULE), view(fresh))

    assert [due for kind, due in booked(decided) if kind == "undeploy"] == [NOW + 24 * HOUR + LATENCY]
    assert decided.gaps == ()


def test_a_young_deployment_whose_usage_is_not_read_is_not_warned_about() -> None:
    young = deployment(age=5 * HOUR)
    policies = rules("idle: {after: 6h, warn: 2h, then: undeploy, grace: 6h}")

    unread = plan(policies, view(young))
    read = plan(policies, view(young, readings=[usage(young, zeros(5))]))

    assert (told(unread), [kind for kind, _ in booked(unread)]) == ([], ["undeploy"])
    assert told(read) == [("warn", "bot")]


def test_a_reading_that_ends_early_postpones_the_act_by_as_much() -> None:
    last = NOW - 24 * HOUR - LATENCY
    early = usage(BOT, {NOW - 40 * MINUTE - last: 1}, now=NOW - 40 * MINUTE)

    decided = plan(rules("idle: {after: 24h, warn: 0h, then: undeploy}"), view(BOT, readings=[early]))

    assert decided.findings[0].state is Activity.ACTIVE
    assert booked(decided) == [("undeploy", last + 24 * HOUR + 50 * MINUTE)]


def test_notify_tells_once_when_due_and_never_acts() -> None:
    reading = usage(BOT, zeros(20) | {25 * HOUR: 1})
    policies = rules("idle: {after: 24h, then: notify}")

    first = plan(policies, view(BOT, readings=[reading]))
    told_before = History(alerts=frozenset({("dev", first.actions[0].episode)}))
    again = plan(policies, view(BOT, readings=[reading], history=told_before))
    long_after = plan(policies, view(BOT, readings=[usage(BOT, zeros(48))], history=told_before))

    assert told(first) == [("alert", "bot")]
    assert told(again) == told(long_after) == []


def test_an_alert_about_one_deployment_does_not_silence_another() -> None:
    other = deployment("bot2")
    policies = rules("idle: {after: 24h, then: notify}")
    first = plan(policies, view(BOT, readings=[usage(BOT, zeros(48))]))
    history = History(alerts=frozenset({("dev", first.actions[0].episode)}))

    second = plan(policies, view(other, readings=[usage(other, zeros(48))], history=history))

    assert told(second) == [("alert", "bot2")]


def test_unknown_for_longer_than_the_limit_is_an_alert_with_the_exposure() -> None:
    reading = usage(BOT, complete=False, cause="403 Forbidden")
    history = History(unknown_since={BOT.id.key: NOW - 25 * HOUR})

    decided = plan(rules(RULE), view(BOT, readings=[reading], history=history))

    assert told(decided) == [("alert", "bot")]
    assert "25 h" in decided.actions[0].reason
    assert "$1,241 a month" in decided.actions[0].reason


def test_unknown_for_a_short_time_is_no_alert() -> None:
    reading = usage(BOT, complete=False, cause="429")
    history = History(unknown_since={BOT.id.key: NOW - 5 * HOUR})

    assert told(plan(rules(RULE), view(BOT, readings=[reading], history=history))) == []


def test_a_metric_that_never_showed_a_number_is_told_once_a_month() -> None:
    seen = view(BOT, readings=[usage(BOT)], alive=False)

    first = plan(rules(RULE), seen)
    history = History(alerts=frozenset({("dev", first.actions[0].episode)}))
    again = plan(rules(RULE), view(BOT, readings=[usage(BOT)], alive=False, history=history))

    assert (told(first), told(again)) == ([("alert", "bot")], [])


def test_observe_plans_the_same_and_says_so_by_its_mode() -> None:
    seen = view(BOT, readings=[usage(BOT, zeros(48))], history=warned(BOT, NOW - 5 * HOUR))

    decided = plan(rules(RULE, mode="observe"), seen)

    assert decided.mode is Mode.OBSERVE
    assert [act.kind for act in decided.acts] == [ActionKind.UNDEPLOY]


def test_a_deployment_without_a_known_price_is_idle_like_any_other_and_its_cost_is_shown_as_unknown() -> None:
    seen = view(BOT, readings=[usage(BOT, zeros(48))], hourly={})

    decided = plan(rules(RULE), seen)

    assert told(decided) == [("warn", "bot")]
    assert "cost unknown (no price known for" in decided.findings[0].reason
