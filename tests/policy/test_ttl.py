"""The rule `ttl`: a deployment ends a fixed time after creation, used or not."""

from deployer.domain.usage import Activity
from tests.policy.world import DAY, HOUR, NOW, booked, deployment, plan, rules, told, usage, view, warned

RULE = "ttl: 14d"


def test_the_end_is_booked_from_creation() -> None:
    decided = plan(rules(RULE), view(deployment(age=10 * DAY)))

    assert booked(decided) == [("warn", NOW + 4 * DAY - 2 * HOUR), ("undeploy", NOW + 4 * DAY)]


def test_use_does_not_prolong_it() -> None:
    busy = deployment(age=14 * DAY)
    seen = view(busy, readings=[usage(busy, {HOUR: 100})], history=warned(busy, NOW - 2 * HOUR, rule="ttl"))

    decided = plan(rules(RULE), seen)

    assert told(decided) == [("undeploy", "bot")]
    assert decided.acts[0].reason.startswith("14 d old (ttl 14 d): created 2026-08-27 12:00Z")


def test_an_old_deployment_at_first_sight_is_warned_first() -> None:
    decided = plan(rules(RULE), view(deployment(age=90 * DAY)))

    assert (told(decided), booked(decided)) == ([("warn", "bot")], [("undeploy", NOW + 2 * HOUR)])


def test_an_unknown_creation_is_unknown() -> None:
    decided = plan(rules(RULE), view(deployment(age=None)))

    assert (told(decided), [finding.state for finding in decided.findings]) == ([], [Activity.UNKNOWN])
    assert [gap.what for gap in decided.gaps] == ["creation instant"]


def test_a_deployment_that_two_rules_end_is_undeployed_once_by_the_earlier() -> None:
    bot = deployment(age=15 * DAY)
    policies = rules("ttl: 14d, idle: {after: 24h, warn: 0h, then: undeploy}")
    seen = view(bot, readings=[usage(bot, {46 * HOUR: 1})], history=warned(bot, NOW - 3 * HOUR, rule="ttl"))

    assert [act.rule for act in plan(policies, seen).acts] == ["idle"]


def test_a_short_ttl_is_warned_about_no_earlier_than_creation() -> None:
    decided = plan(rules("ttl: 1h"), view(deployment(age=0 * HOUR)))

    assert (told(decided), booked(decided)) == ([("warn", "bot")], [("undeploy", NOW + HOUR)])
