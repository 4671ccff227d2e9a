"""The rule `over_budget`: the instant at which the limit is reached is known ahead, booked and warned about."""

from decimal import Decimal

from deployer.domain.deployment import Tier
from deployer.domain.money import Money
from deployer.domain.plan import History
from deployer.domain.usage import Activity
from deployer.spend.price import Unpriced
from tests.policy.world import (
    DAY,
    HOSTING,
    HOUR,
    MINUTE,
    NOW,
    booked,
    deployment,
    language,
    plan,
    rules,
    spend,
    told,
    view,
    warned,
)

BOT = deployment("bot")
DEAR = deployment("dear")
RULE = "budget: {amount: 300 USD}, over_budget: {at: 100%, then: undeploy, warn: 1h}"
EPISODE = "over_budget:2026-09-01T00:00:00+00:00:100%"


def test_the_instant_at_which_hosting_reaches_the_limit_is_booked() -> None:
    seen = view(BOT, spent={"dev": (spend(BOT, "283.00"),)})

    decided = plan(rules(RULE), seen)

    assert told(decided) == []
    assert booked(decided) == [("warn", NOW + 9 * HOUR), ("undeploy", NOW + 10 * HOUR)]
    assert "$283.00 of $300.00 spent since 2026-09-01 00:00Z (94%), burning $1.70/h" in decided.findings[0].reason
    assert "to be reached at 2026-09-10 22:00Z" in decided.findings[0].reason


def test_all_that_is_matched_burns_the_shared_budget() -> None:
    seen = view(BOT, DEAR, spent={"dev": (spend(BOT, "100"), spend(DEAR, "183"))})

    decided = plan(rules(RULE), seen)

    assert {due for kind, due in booked(decided) if kind == "undeploy"} == {NOW + 5 * HOUR}


def test_a_share_of_the_budget_may_be_the_limit() -> None:
    seen = view(BOT, spent={"dev": (spend(BOT, "223.00"),)})
    policies = rules("budget: {amount: 300 USD}, over_budget: {at: 80%, then: undeploy, warn: 0h}")

    assert booked(plan(policies, seen)) == [("undeploy", NOW + 10 * HOUR)]


def test_spend_that_was_not_foreseen_is_warned_about_first() -> None:
    seen = view(BOT, spent={"dev": (spend(BOT, "412.50"),)})

    decided = plan(rules(RULE), seen)

    assert told(decided) == [("warn", "bot")]
    assert booked(decided) == [("undeploy", NOW + HOUR)]


def test_without_a_warning_time_the_limit_acts_at_once() -> None:
    seen = view(BOT, spent={"dev": (spend(BOT, "300"),)})
    policies = rules("budget: {amount: 300 USD}, over_budget: {then: undeploy, warn: 0h}")

    assert told(plan(policies, seen)) == [("undeploy", "bot")]


def test_after_the_warning_all_that_bills_by_the_hour_goes_dearest_first() -> None:
    base = deployment("base", fine_tuned=False, base_model="gpt-4.1", model="gpt-4.1")
    history = History(
        warnings={
            **warned(BOT, NOW - HOUR, rule="over_budget", episode=EPISODE).warnings,
            **warned(DEAR, NOW - HOUR, rule="over_budget", episode=EPISODE).warnings,
        }
    )
    seen = view(
        BOT,
        DEAR,
        base,
        hourly={BOT.id.key: HOSTING, DEAR.id.key: Money.of(100), base.id.key: Money.zero()},
        spent={"dev": (spend(BOT, "301"),)},
        history=history,
    )

    decided = plan(rules(RULE), seen)

    assert told(decided) == [("undeploy", "dear"), ("undeploy", "bot")]
    assert ["it is not billed by the hour, so it stays" in f.reason for f in decided.findings] == [False, False, True]


def test_a_warning_about_last_month_does_not_count() -> None:
    old = warned(BOT, NOW - 20 * DAY, rule="over_budget", episode="over_budget:2026-08-01T00:00:00+00:00:100%")
    seen = view(BOT, spent={"dev": (spend(BOT, "301"),)}, history=old)

    assert told(plan(rules(RULE), seen)) == [("warn", "bot")]


def test_a_limit_that_this_period_will_not_reach_books_nothing() -> None:
    seen = view(BOT, spent={"dev": (spend(BOT, "1"),)})
    policies = rules("budget: {amount: 30000 USD}, over_budget: {then: undeploy}")

    decided = plan(policies, seen)

    assert (told(decided), booked(decided)) == ([], [])
    assert "not reached before the period ends at 2026-10-01 00:00Z" in decided.findings[0].reason


def test_the_upper_bound_is_what_counts() -> None:
    seen = view(BOT, spent={"dev": (spend(BOT, "300", low="200"),)})

    assert told(plan(rules(RULE), seen)) == [("warn", "bot")]


def test_each_deployment_may_have_its_own_sum() -> None:
    policies = rules("budget: {amount: 300 USD, share: each}, over_budget: {then: undeploy, warn: 0h}")
    seen = view(BOT, DEAR, spent={"dev": (spend(BOT, "299"), spend(DEAR, "301"))})

    decided = plan(policies, seen)

    assert told(decided) == [("undeploy", "dear")]
    assert [one.target.name for one in decided.upcoming if one.target] == ["bot"]


def test_a_sum_with_an_unpriced_member_is_at_least_and_a_note_says_so() -> None:
    seen = view(BOT, DEAR, hourly={BOT.id.key: HOSTING, DEAR.id.key: Unpriced("hosting of gpt-9")}, spent={"dev": ()})

    decided = plan(rules(RULE), seen)

    assert decided.notes == (
        "policy dev: at least $0.00 of $300.00 spent since 2026-09-01 00:00Z (at least 0%), "
        "burning at least $1.70/h; no price known for hosting of gpt-9",
    )
    assert all("at least $0.00 of $300.00" in finding.reason for finding in decided.findings)


def test_at_the_limit_a_fine_tuned_deployment_without_a_known_price_goes_too() -> None:
    policies = rules("budget: {amount: 300 USD}, over_budget: {then: undeploy, warn: 0h}")
    hidden = deployment("hidden", fine_tuned=False, tier=Tier.UNKNOWN, base_model="x", model="x")
    seen = view(BOT, hidden, hourly={}, spent={"dev": (spend(BOT, "300"),)})

    decided = plan(policies, seen)

    assert told(decided) == [("undeploy", "bot")]
    assert "whether it is billed by the hour is not known" in decided.findings[1].reason


def test_unknown_spend_never_acts() -> None:
    decided = plan(rules(RULE), view(BOT, spent={}))

    assert (decided.actions, decided.upcoming) == ((), ())
    assert [finding.state for finding in decided.findings] == [Activity.UNKNOWN]
    assert [str(gap) for gap in decided.gaps] == ["spend of policy dev: what it spent in this period is not known"]


def test_notify_tells_the_limit_once_a_period_and_books_the_instant() -> None:
    policies = rules("budget: {amount: 300 USD}, over_budget: {at: 100%, then: notify}")
    before = plan(policies, view(BOT, spent={"dev": (spend(BOT, "283"),)}))
    reached = plan(policies, view(BOT, spent={"dev": (spend(BOT, "300"),)}))
    history = History(alerts=frozenset({("dev", reached.actions[0].episode)}))
    again = plan(policies, view(BOT, spent={"dev": (spend(BOT, "310"),)}, history=history))

    assert booked(before) == [("alert", NOW + 10 * HOUR)]
    assert told(reached) == [("alert", "dev")]
    assert (told(again), booked(again)) == ([], [])


def test_the_period_begins_at_local_midnight() -> None:
    policies = rules(
        "budget: {amount: 300 USD, period: day, timezone: Europe/Paris}, over_budget: {then: undeploy, warn: 0h}"
    )
    late = NOW.replace(hour=22, minute=0)

    decided = plan(policies, view(BOT, spent={"dev": ()}, now=late), late)

    assert "spent since 2026-09-10 22:00Z" in decided.findings[0].reason


def test_a_due_instant_is_exact_to_the_microsecond() -> None:
    seen = view(BOT, hourly={BOT.id.key: Money(Decimal("1.70"))}, spent={"dev": (spend(BOT, "299.9915"),)})

    decided = plan(rules("budget: {amount: 300 USD}, over_budget: {then: undeploy, warn: 0h}"), seen)

    assert [due - NOW for _, due in booked(decided)] == [MINUTE * 0.3]


def test_a_broad_budget_counts_all_that_it_matches_and_ends_only_what_it_rules() -> None:
    policies = language(
        """
version: 1
policies:
  - {name: broad, match: {}, budget: {amount: 300 USD}, over_budget: {then: undeploy, warn: 0h}}
  - {name: own, match: {deployment: dear}, budget: {amount: 900 USD}, over_budget: {then: undeploy, warn: 0h}}
"""
    )
    seen = view(BOT, DEAR, spent={"broad": (spend(BOT, "10"), spend(DEAR, "290")), "own": (spend(DEAR, "290"),)})

    assert told(plan(policies, seen)) == [("undeploy", "bot")]
