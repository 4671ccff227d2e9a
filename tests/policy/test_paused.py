"""Paused is not undeployed, and a resume makes a deployment young again."""

from datetime import datetime, timedelta

import pytest

from deployer.domain.deployment import Deployment
from deployer.domain.plan import History
from deployer.domain.subject import Subject
from deployer.domain.usage import Activity
from tests.policy.world import HOUR, MINUTE, NOW, booked, deployment, plan, rules, told, usage, view, warned, zeros

RULE = "idle: {after: 24h, warn: 2h, then: undeploy, grace: 6h}"
BOT = deployment()


def resumed(at: datetime, of: Deployment = BOT, *, warned_at: datetime | None = None) -> History:
    before = warned(of, warned_at) if warned_at else History()
    return History(warnings=before.warnings, resumed={(of.id.key, Subject.of(of).instance): at})


@pytest.mark.parametrize("body", [RULE, "ttl: 90d"])
def test_a_paused_deployment_is_told_as_one_that_goes_on_costing(body: str) -> None:
    paused = deployment(state="Paused")
    [finding] = plan(rules(body), view(paused, readings=[usage(paused, zeros())])).findings
    assert finding.reason.endswith("it is paused, which is not undeployed: what it costs by the hour is taken to go on")


def test_a_paused_deployment_is_undeployed_like_any_other_that_nobody_calls() -> None:
    paused = deployment(state="Paused")
    decided = plan(rules(RULE), view(paused, readings=[usage(paused, zeros())]))
    assert told(decided) == [("warn", "bot")]
    assert "unless it is resumed" in decided.actions[0].reason


def test_a_resume_starts_the_grace_again() -> None:
    seen = view(BOT, readings=[usage(BOT, zeros())], history=resumed(NOW - HOUR))
    decided = plan(rules(RULE), seen)
    [finding] = decided.findings
    assert (finding.state, "resumed 1 h ago, within its grace of 6 h" in finding.reason) == (Activity.ACTIVE, True)
    assert told(decided) == []


@pytest.mark.parametrize(("ago", "acts"), [(4 * HOUR + 10 * MINUTE, [("warn", "bot")]), (4 * HOUR, [])])
def test_it_is_warned_before_that_grace_ends(ago: timedelta, acts: list[tuple[str, str]]) -> None:
    seen = view(BOT, readings=[usage(BOT, zeros() | {26 * HOUR: 1})], history=resumed(NOW - ago))
    decided = plan(rules(RULE), seen)
    assert told(decided) == acts
    assert booked(decided)[-1] == ("undeploy", NOW - ago + 6 * HOUR + 10 * MINUTE)


def test_a_warning_from_before_the_resume_holds_no_more() -> None:
    seen = view(BOT, readings=[usage(BOT, zeros())], history=resumed(NOW - 7 * HOUR, warned_at=NOW - 9 * HOUR))
    assert told(plan(rules(RULE), seen)) == [("warn", "bot")]


def test_another_instance_was_not_resumed() -> None:
    older = resumed(NOW - HOUR, deployment(age=60 * 24 * HOUR))
    seen = view(BOT, readings=[usage(BOT, zeros())], history=older)
    assert plan(rules(RULE), seen).findings[0].state is Activity.IDLE
