"""What the next decision remembers."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from deployer.domain.act import ActKind, Phase
from deployer.domain.deployment import Deployment
from deployer.domain.money import Money
from deployer.domain.plan import Action, ActionKind, Warned
from deployer.ledger.telling import MEMORY
from deployer.ports.ledger import Ledger
from tests.ledger.world import DAY, HOUR, START, deployment, opened, snapshot

ONE = deployment()
NOON = START + 12 * HOUR


def action(kind: ActionKind, *, episode: str = "idle since noon", target: Deployment | None = ONE) -> Action:
    return Action(kind, "dev", "idle", "idle for 25 h", NOON, target, episode, {"after": "24h"})


def test_fresh_ledger_remembers_nothing(ledger: Ledger) -> None:
    history = ledger.decisions.history(NOON)

    assert (history.warnings, history.alerts, history.acts_today) == ({}, frozenset(), 0)
    assert (history.protected, history.paused) == (frozenset(), False)
    assert ledger.decisions.last_sweep() is None


def test_latest_warning_of_an_instance_and_rule_is_remembered(ledger: Ledger) -> None:
    ledger.decisions.record_told(action(ActionKind.WARN), NOON, delivered=True)
    ledger.decisions.record_told(action(ActionKind.WARN, episode="idle since one"), NOON + HOUR, delivered=False)

    assert ledger.decisions.history(NOON + DAY).warnings == {
        (ONE.id.key, START.isoformat(), "dev", "idle"): Warned(NOON + HOUR, "idle since one", delivered=False)
    }


def test_warning_of_an_earlier_instance_is_not_that_of_the_next(ledger: Ledger) -> None:
    again = deployment(created=NOON)
    ledger.decisions.record_told(action(ActionKind.WARN), NOON, delivered=True)
    ledger.decisions.record_told(action(ActionKind.WARN, target=again), NOON, delivered=True)

    assert {key[1] for key in ledger.decisions.history(NOON).warnings} == {START.isoformat(), NOON.isoformat()}


def test_latest_warning_is_the_latest_by_its_time_whoever_wrote_first(ledger: Ledger) -> None:
    ledger.decisions.record_told(action(ActionKind.WARN, episode="idle since one"), NOON + HOUR, delivered=True)
    ledger.decisions.record_told(action(ActionKind.WARN), NOON, delivered=True)

    assert [one.episode for one in ledger.decisions.history(NOON + DAY).warnings.values()] == ["idle since one"]


def test_what_another_process_told_since_the_last_look_is_remembered(ledger: Ledger, tmp_path: Path) -> None:
    other = opened(tmp_path)
    other.decisions.record_told(action(ActionKind.ALERT, episode="50%", target=None), NOON, delivered=True)
    before = ledger.decisions.history(NOON + HOUR)

    other.decisions.record_told(action(ActionKind.ALERT, episode="80%", target=None), NOON + HOUR, delivered=True)
    other.decisions.record_told(action(ActionKind.WARN), NOON + HOUR, delivered=True)
    other.close()

    after = ledger.decisions.history(NOON + DAY)
    assert before.alerts == {("dev", "50%")}
    assert after.alerts == {("dev", "50%"), ("dev", "80%")}
    assert (len(before.warnings), len(after.warnings)) == (0, 1)


def test_what_was_told_years_ago_is_forgotten_also_by_a_process_that_has_seen_it(ledger: Ledger) -> None:
    ledger.decisions.record_told(action(ActionKind.WARN), NOON, delivered=True)
    ledger.decisions.record_told(action(ActionKind.ALERT, episode="50%", target=None), NOON, delivered=True)

    at_last, later = (ledger.decisions.history(NOON + MEMORY + after) for after in (timedelta(0), HOUR))

    assert (len(at_last.warnings), len(at_last.alerts)) == (1, 1)
    assert (len(later.warnings), len(later.alerts)) == (0, 0)


def test_alert_is_told_once_it_was_delivered(ledger: Ledger) -> None:
    ledger.decisions.record_told(action(ActionKind.ALERT, episode="50%", target=None), NOON, delivered=True)
    ledger.decisions.record_told(action(ActionKind.ALERT, episode="80%", target=None), NOON, delivered=False)

    assert ledger.decisions.history(NOON).alerts == {("dev", "50%")}


@pytest.mark.parametrize(
    ("kind", "who", "phase", "at", "counted"),
    [
        (ActKind.UNDEPLOY, "policy dev, rule idle", Phase.DONE, NOON, 1),
        (ActKind.UNDEPLOY, "policy dev, rule idle", Phase.FAILED, NOON, 1),
        (ActKind.UNDEPLOY, "policy dev, rule idle", Phase.WITHDRAWN, NOON, 0),
        (ActKind.UNDEPLOY, "policy dev, rule idle", Phase.DONE, START - HOUR, 0),
        (ActKind.UNDEPLOY, "ada", Phase.DONE, NOON, 0),
        (ActKind.RESTORE, "policy dev, rule idle", Phase.DONE, NOON, 0),
    ],
)
def test_acts_of_today_are_undeploys_by_policy(
    ledger: Ledger, kind: ActKind, who: str, phase: Phase, at: object, counted: int
) -> None:
    instant = START + (at - START)  # type: ignore[operator]
    act = ledger.journal.intend(kind, ONE.id.key, "i", who, "why", {}, {}, instant)
    ledger.journal.step(act.id, phase, instant)

    assert ledger.decisions.history(NOON).acts_today == counted


def test_protection_holds_until_it_is_taken_back(ledger: Ledger) -> None:
    ledger.decisions.protect("azure:aoai-dev/Chat", True, "ada", "demo", NOON)
    ledger.decisions.protect("azure:aoai-dev/other", True, "ada", "demo", NOON)
    assert ledger.decisions.history(NOON).protected == {ONE.id.key, "azure:aoai-dev/other"}

    ledger.decisions.protect(ONE.id.key, False, "ada", "over", NOON + HOUR)

    assert ledger.decisions.history(NOON).protected == {"azure:aoai-dev/other"}


def test_pause_holds_until_it_is_taken_back(ledger: Ledger) -> None:
    ledger.decisions.pause(True, "ada", NOON)
    assert ledger.decisions.history(NOON).paused

    ledger.decisions.pause(False, "ada", NOON)

    assert not ledger.decisions.history(NOON).paused


def test_last_sweep_is_told_with_its_summary(ledger: Ledger) -> None:
    ledger.decisions.record_sweep(NOON, {"acts": 1})
    ledger.decisions.record_sweep(NOON + HOUR, {"acts": 0, "gaps": ["usage of aoai-dev: 429"], "burn": Decimal("3.40")})

    assert ledger.decisions.last_sweep() == (
        NOON + HOUR,
        {"acts": 0, "gaps": ["usage of aoai-dev: 429"], "burn": "3.40"},
    )


def test_summary_may_hold_money_and_time(ledger: Ledger) -> None:
    ledger.decisions.record_sweep(NOON, {"burn": Money.of("3.40"), "next": NOON})

    assert ledger.decisions.last_sweep() == (
        NOON,
        {"burn": {"amount": "3.40", "currency": "USD"}, "next": "2026-09-01T12:00:00Z"},
    )


def test_what_is_long_past_is_not_carried_along(ledger: Ledger) -> None:
    ledger.decisions.record_told(action(ActionKind.WARN), NOON, delivered=True)

    assert ledger.decisions.history(NOON + timedelta(days=801)).warnings == {}


def resume(ledger: Ledger, at: datetime, phase: Phase = Phase.DONE) -> None:
    body: dict[str, str] = {}
    act = ledger.journal.intend(ActKind.RESUME, ONE.id.key, START.isoformat(), "me", "asked for", body, {}, at)
    ledger.journal.step(act.id, phase, at)


def test_a_resume_that_was_done_from_here_is_remembered_the_latest_one(ledger: Ledger) -> None:
    ledger.readings.record(snapshot(START, ONE), (), ())
    resume(ledger, NOON)
    resume(ledger, NOON + HOUR)
    resume(ledger, NOON + 2 * HOUR, Phase.FAILED)

    assert ledger.decisions.history(NOON + DAY).resumed == {(ONE.id.key, START.isoformat()): NOON + HOUR}


def test_a_resume_by_others_is_known_from_the_sweep_that_first_saw_it(ledger: Ledger) -> None:
    for hours, state in enumerate(("Succeeded", "Paused", "Paused", "Succeeded", "Succeeded")):
        ledger.readings.record(snapshot(START + hours * HOUR, replace(ONE, state=state)), (), ())

    assert ledger.decisions.history(NOON).resumed == {(ONE.id.key, START.isoformat()): START + 3 * HOUR}


def test_what_is_still_paused_or_gone_was_not_resumed(ledger: Ledger) -> None:
    other = deployment("other")
    paused = (replace(ONE, state="Paused"), replace(other, state="Paused"))
    ledger.readings.record(snapshot(START, *paused), (), ())
    ledger.readings.record(snapshot(START + HOUR, paused[0], replace(other, state="Succeeded")), (), ())
    ledger.readings.record(snapshot(START + 2 * HOUR, paused[0]), (), (other.id.key,))

    assert ledger.decisions.history(NOON).resumed == {}


def test_what_happens_after_a_look_is_seen_by_the_next_one(ledger: Ledger) -> None:
    name = (ONE.id.key, START.isoformat())
    ledger.readings.record(snapshot(START, replace(ONE, state="Paused")), (), ())
    assert ledger.decisions.history(NOON).resumed == {}
    ledger.readings.record(snapshot(START + HOUR, replace(ONE, state="Succeeded")), (), ())
    assert ledger.decisions.history(NOON).resumed == {name: START + HOUR}
    ledger.readings.record(snapshot(START + 2 * HOUR, replace(ONE, state="Paused")), (), ())
    ledger.readings.record(snapshot(START + 3 * HOUR, replace(ONE, state="Succeeded")), (), ())
    assert ledger.decisions.history(NOON).resumed == {name: START + 3 * HOUR}
    ledger.readings.record(snapshot(START + 4 * HOUR), (), (ONE.id.key,))
    assert ledger.decisions.history(NOON).resumed == {}
