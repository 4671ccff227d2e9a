"""Exit codes: which one, when several things are true at once."""

from dataclasses import replace

import pytest

from deployer.domain.act import ActKind, Phase
from deployer.domain.plan import Action, ActionKind, Deferred, Finding, Mode, Plan
from deployer.domain.snapshot import Gap
from deployer.domain.usage import Activity
from deployer.guard.outcome import ActResult, Outcome, exit_code
from tests.fakes import BEGINNING, FakeClock, FakeCloud

BOT = FakeCloud(FakeClock()).deploy("bot")
ACT = Action(ActionKind.UNDEPLOY, "dev", "idle", "idle for 26 h", BEGINNING, BOT)
CALM = Outcome(Plan(BEGINNING, Mode.ENFORCE))
PENDING = replace(CALM, plan=replace(CALM.plan, actions=(ACT,)))
UNSEEN = replace(PENDING, plan=replace(PENDING.plan, gaps=(Gap("usage", "aoai-dev", "503"),)))
LATE = replace(UNSEEN, plan=replace(UNSEEN.plan, deferred=(Deferred(ACT, "limit"),)))
FAILED = replace(LATE, results=(ActResult(ActKind.UNDEPLOY, BOT.id.key, Phase.FAILED, "still there"),))
INVALID = replace(FAILED, plan=replace(FAILED.plan, errors=("two policies disagree",)))
FINDING = Finding(BOT, "dev", "idle", Activity.UNKNOWN, "the metric has never shown a number here")


@pytest.mark.parametrize(
    ("outcome", "code"), [(INVALID, 4), (FAILED, 1), (LATE, 3), (UNSEEN, 5), (PENDING, 10), (CALM, 0)]
)
def test_the_first_that_applies_wins(outcome: Outcome, code: int) -> None:
    assert exit_code(outcome, pending=True) == code


def test_pending_acts_count_only_when_asked_for() -> None:
    assert exit_code(PENDING) == 0


def test_an_unknown_deployment_is_not_success() -> None:
    assert exit_code(replace(CALM, plan=replace(CALM.plan, findings=(FINDING,)))) == 5


def test_a_warning_that_nobody_received_is_a_failure_of_the_guard() -> None:
    assert exit_code(replace(CALM, failures=("nobody received the warning",))) == 1


def test_an_act_left_open_is_not_success() -> None:
    left = ActResult(ActKind.UNDEPLOY, BOT.id.key, Phase.CALLED, "left open")
    assert exit_code(replace(CALM, recovered=(left,))) == 1


def test_a_sweep_that_saw_nothing_at_all_failed() -> None:
    assert exit_code(replace(UNSEEN, blind=True)) == 1
