"""Mode observe: told once for each stretch, in words that promise nothing."""

from dataclasses import replace

from deployer.domain.plan import ActionKind, Deferred, History, Plan
from deployer.policy.observe import observed, untold, was_told
from tests.policy.world import HOUR, NOW, deployment, plan, rules, usage, view, warned, zeros

BOT = deployment()
RULE = "idle: {after: 24h, warn: 2h, then: undeploy, grace: 6h}"


def silent(history: History | None = None) -> Plan:
    """A plan about a deployment that has long been idle."""
    seen = view(BOT, readings=[usage(BOT, zeros(48))], history=history or History())
    return plan(rules(RULE, mode="observe"), seen)


def test_a_warning_that_is_due_says_what_enforce_would_do() -> None:
    [action] = silent().actions

    assert action.kind is ActionKind.WARN
    assert "in mode enforce it would be undeployed at 2026-09-10 14:00Z unless it is called" in action.reason
    assert "it will be" not in action.reason


def test_what_is_due_is_told_as_an_alert_that_says_that_nothing_is_done() -> None:
    [alert] = observed(silent())

    assert alert.kind is ActionKind.ALERT
    assert alert.reason.endswith("the mode is observe: nothing is done")


def test_an_undeploy_that_is_due_is_told_too() -> None:
    [alert] = observed(silent(warned(BOT, NOW - 5 * HOUR)))

    assert alert.kind is ActionKind.ALERT
    assert "in mode enforce it would be undeployed now" in alert.reason


def test_what_the_blast_radius_puts_off_is_told_too() -> None:
    decided = silent(warned(BOT, NOW - 5 * HOUR))
    put_off = replace(decided, actions=(), deferred=(Deferred(decided.actions[0], "the limit"),))

    assert observed(put_off) == observed(decided)


def test_a_stretch_is_told_once() -> None:
    [alert] = observed(silent())
    known = History(alerts=frozenset({(alert.policy, alert.episode)}))

    assert untold([alert], known) == ()
    assert untold([replace(alert, policy="another")], known) != ()


def test_a_stretch_that_left_the_window_was_told_by_its_start() -> None:
    known = History(alerts=frozenset({("dev", "idle:bot:1:2026-09-08T10:00:00+00:00")}))

    assert was_told("dev", "idle:bot:1:before", known)
    assert not was_told("dev", "idle:bot:2:before", known)
