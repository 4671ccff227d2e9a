"""People are told when the guard cannot sweep, once, and when it can again."""

from dataclasses import replace

from deployer.domain.plan import Mode, Plan
from deployer.domain.snapshot import Gap
from deployer.errors import DeployerError
from deployer.guard.alarm import Alarm
from deployer.guard.outcome import Outcome
from tests.fakes import BEGINNING, FakeNotifier

WELL = Outcome(Plan(BEGINNING, Mode.ENFORCE))
BLIND = replace(WELL, plan=replace(WELL.plan, gaps=(Gap("accounts", "azure", "401"),)), blind=True)
BROKEN = DeployerError("policy.yaml:3:1: no such key", next_step="mend the policy")


def test_a_failing_guard_is_told_once_and_its_recovery_once() -> None:
    notifier = FakeNotifier()
    alarm = Alarm(notifier)
    for ended in (WELL, BROKEN, BLIND, BROKEN, WELL, WELL):
        alarm.hear(ended)
    assert [message.title for message in notifier.sent] == [
        "deployer: the guard cannot sweep",
        "deployer: the guard sweeps again",
    ]
    assert "policy.yaml:3:1: no such key" in notifier.sent[0].body


def test_a_guard_that_sees_nothing_at_all_is_failing() -> None:
    notifier = FakeNotifier()
    Alarm(notifier).hear(BLIND)
    assert "accounts of azure: 401" in notifier.sent[0].body


def test_an_alarm_that_nobody_received_is_given_again() -> None:
    notifier = FakeNotifier()
    alarm = Alarm(notifier)
    notifier.takes = False
    alarm.hear(BROKEN)
    notifier.takes = True
    alarm.hear(BROKEN)
    assert len(notifier.sent) == 1
