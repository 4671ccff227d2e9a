"""The blast radius of one sweep and of one day."""

import pytest

from deployer.domain.money import Money
from deployer.domain.plan import History, Plan
from deployer.policy.document import PolicySet
from deployer.policy.limit import bound
from tests.policy.world import HOSTING, deployment, plan, rules, told, usage, view, zeros

RULE = "idle: {after: 24h, warn: 0h, then: undeploy}"


def bounded(count: int, limits: str, history: History | None = None) -> Plan:
    policies, decided = idle_plan(count, limits)
    return bound(decided, policies, history or History())


def idle_plan(count: int, limits: str) -> tuple[PolicySet, Plan]:
    policies = rules(RULE, limits=limits)
    bots = [deployment(f"bot-{index:02}") for index in range(count)]
    prices = {bot.id.key: HOSTING * (index + 1) for index, bot in enumerate(bots)}
    return policies, plan(policies, view(*bots, readings=[usage(bot, zeros(48)) for bot in bots], hourly=prices))


@pytest.mark.parametrize(
    ("count", "limits", "acts"),
    [
        (20, "{max_actions: 5, max_share: 100%}", 5),
        (10, "{max_actions: 5, max_share: 30%}", 3),
        (10, "{max_actions: 5, max_share: 39%}", 3),
        (3, "{max_actions: 5, max_share: 30%}", 1),
        (1, "{max_actions: 5, max_share: 1%}", 1),
        (3, "{max_actions: 0, max_share: 100%}", 0),
        (20, "{}", 5),
    ],
)
def test_a_sweep_does_no_more_than_its_share(count: int, limits: str, acts: int) -> None:
    assert len(bounded(count, limits).acts) == acts


def test_the_dearest_go_first_and_the_rest_is_deferred_with_the_arithmetic() -> None:
    decided = bounded(10, "{max_actions: 2, max_share: 30%}")

    assert told(decided) == [("undeploy", "bot-09"), ("undeploy", "bot-08")]
    assert len(decided.deferred) == 8
    assert decided.deferred[0].reason == (
        "the limit is 2 acts a sweep (max_actions 2; max_share 30% of 10 matched deployments is 3)"
    )


def test_what_has_no_known_price_comes_last() -> None:
    policies = rules(RULE, limits="{max_actions: 1}")
    priced, unpriced = deployment("priced"), deployment("a-unpriced")
    readings = [usage(bot, zeros(48)) for bot in (priced, unpriced)]
    decided = plan(policies, view(priced, unpriced, readings=readings, hourly={priced.id.key: Money.of("0.30")}))

    assert told(bound(decided, policies, History())) == [("undeploy", "priced")]


@pytest.mark.parametrize(
    ("limits", "done", "acts"),
    [
        ("{max_actions: 5, max_share: 100%}", 0, 5),
        ("{max_actions: 5, max_share: 100%}", 18, 2),
        ("{max_actions: 5, max_share: 100%}", 20, 0),
        ("{max_actions: 5, max_share: 100%, max_actions_per_day: 6}", 4, 2),
        ("{max_actions: 5, max_share: 100%}", 99, 0),
    ],
)
def test_a_day_has_its_limit_too(limits: str, done: int, acts: int) -> None:
    decided = bounded(20, limits, History(acts_today=done))

    assert len(decided.acts) == acts
    assert all("today" in entry.reason for entry in decided.deferred) is (acts < 5)


def test_a_plan_within_the_limits_is_unchanged() -> None:
    policies, decided = idle_plan(3, "{max_share: 100%}")

    assert bound(decided, policies, History()) is decided
