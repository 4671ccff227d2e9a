"""The rule `alerts`: each threshold is told once per period."""

from deployer.domain.plan import History
from tests.policy.world import HOUR, NOW, booked, deployment, language, plan, rules, spend, told, view

BOT, OTHER = deployment("bot"), deployment("other")
RULE = "budget: {amount: 300 USD}, alerts: [50%, 80%, forecast 900%]"


def test_a_threshold_that_is_crossed_is_told_with_its_numbers() -> None:
    decided = plan(rules(RULE), view(BOT, spent={"dev": (spend(BOT, "160"),)}))

    assert told(decided) == [("alert", "dev")]
    assert decided.actions[0].reason.startswith("50% of the budget ($150.00) reached: $160.00 of")


def test_the_instant_of_the_next_threshold_is_booked() -> None:
    decided = plan(rules(RULE), view(BOT, spent={"dev": (spend(BOT, "223"),)}))

    assert booked(decided) == [("alert", NOW + 10 * HOUR)]
    assert "80% of the budget ($240.00) will be reached at 2026-09-10 22:00Z" in decided.upcoming[0].reason


def test_a_threshold_is_told_once_a_period() -> None:
    first = plan(rules(RULE), view(BOT, spent={"dev": (spend(BOT, "250"),)}))
    history = History(alerts=frozenset((one.policy, one.episode) for one in first.actions))

    again = plan(rules(RULE), view(BOT, spent={"dev": (spend(BOT, "260"),)}, history=history))

    assert (len(first.actions), told(again)) == (2, [])


def test_the_next_period_tells_again() -> None:
    first = plan(rules(RULE), view(BOT, spent={"dev": (spend(BOT, "160"),)}))
    history = History(alerts=frozenset((one.policy, one.episode) for one in first.actions))
    october = NOW.replace(month=10)

    later = plan(rules(RULE), view(BOT, spent={"dev": (spend(BOT, "160"),)}, history=history, now=october), october)

    assert told(later) == [("alert", "dev")]


def test_a_forecast_over_its_threshold_is_told_long_before_the_money_is_gone() -> None:
    policies = rules("budget: {amount: 300 USD}, alerts: [forecast 100%]")

    decided = plan(policies, view(BOT, spent={"dev": ()}))

    assert told(decided) == [("alert", "dev")]
    assert decided.actions[0].reason.startswith("forecast $836.40 by 2026-10-01 00:00Z, over $300.00 (forecast 100%)")


def test_a_forecast_below_its_threshold_is_quiet() -> None:
    policies = rules("budget: {amount: 900 USD}, alerts: [forecast 100%]")

    assert told(plan(policies, view(BOT, spent={"dev": ()}))) == []


def test_each_deployment_is_told_apart() -> None:
    policies = rules("budget: {amount: 300 USD, share: each}, alerts: [50%]")
    seen = view(BOT, OTHER, spent={"dev": (spend(BOT, "200"), spend(OTHER, "10"))})

    assert told(plan(policies, seen)) == [("alert", "bot")]


def test_unknown_spend_is_not_told_as_zero() -> None:
    assert told(plan(rules(RULE), view(BOT, spent={}))) == []


def test_a_deployment_is_told_by_the_most_specific_policy_only() -> None:
    policies = language(
        """
version: 1
policies:
  - {name: broad, match: {}, budget: {amount: 100 USD, share: each}, alerts: [50%]}
  - {name: own, match: {deployment: bot}, budget: {amount: 300 USD, share: each}, alerts: [50%]}
"""
    )
    seen = view(BOT, spent={"broad": (spend(BOT, "200"),), "own": (spend(BOT, "200"),)})

    assert [one.policy for one in plan(policies, seen).actions] == ["own"]
