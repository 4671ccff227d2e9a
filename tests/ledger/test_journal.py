"""The journal: intents before acts, steps after them, and nothing lost to a crash."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deployer.domain.act import Act, ActKind, Phase, Step
from deployer.errors import DeployerError
from deployer.ports.ledger import Ledger
from tests.ledger.world import HOUR, START, opened

BODY = {"sku": {"name": "Standard", "capacity": 1}, "properties": {"model": {"name": "m", "version": None}}}


def intend(ledger: Ledger, subject: str = "azure:aoai-dev/chat") -> Act:
    return ledger.journal.intend(
        ActKind.UNDEPLOY, subject, "i", "policy dev, rule idle", "idle for 25 h", BODY, {"after": "24h"}, START
    )


def test_intent_is_written_whole(ledger: Ledger) -> None:
    act = intend(ledger)

    assert ledger.journal.act(act.id) == act
    assert act.steps == (Step(Phase.INTENT, START),)
    assert act.body == BODY


def test_steps_are_told_in_order(ledger: Ledger) -> None:
    act = intend(ledger)

    ledger.journal.step(act.id, Phase.CALLED, START + HOUR, "202 accepted")
    ledger.journal.step(act.id, Phase.DONE, START + 2 * HOUR, "404 after 31 s")

    told = ledger.journal.act(act.id)
    assert told is not None
    assert told.phase is Phase.DONE
    assert told.steps[1:] == (
        Step(Phase.CALLED, START + HOUR, "202 accepted"),
        Step(Phase.DONE, START + 2 * HOUR, "404 after 31 s"),
    )


def test_acts_are_unfinished_until_a_final_step(ledger: Ledger) -> None:
    acts = [intend(ledger, f"azure:aoai-dev/{name}") for name in "abcd"]
    for act, phase in zip(acts, (Phase.DONE, Phase.FAILED, Phase.WITHDRAWN, Phase.VERIFYING), strict=True):
        ledger.journal.step(act.id, phase, START)

    assert [act.id for act in ledger.journal.unfinished()] == [acts[3].id]


def test_act_that_stays_open_is_unfinished_at_every_look_whatever_ends_around_it(ledger: Ledger) -> None:
    before, stays, after = (intend(ledger, f"azure:aoai-dev/{name}") for name in "abc")
    looks = [ledger.journal.unfinished()]
    for act in (after, before):
        ledger.journal.step(act.id, Phase.DONE, START)
        looks.append(ledger.journal.unfinished())

    open_acts = [[act.id for act in look] for look in looks]
    assert open_acts == [[before.id, stays.id, after.id], [before.id, stays.id], [stays.id]]


def test_act_that_another_process_began_after_all_had_ended_is_unfinished(ledger: Ledger, tmp_path: Path) -> None:
    ledger.journal.step(intend(ledger).id, Phase.DONE, START)
    assert ledger.journal.unfinished() == ()

    other = opened(tmp_path)
    begun = intend(other)
    other.close()

    assert [act.id for act in ledger.journal.unfinished()] == [begun.id]


def test_newest_acts_come_first_and_are_limited(ledger: Ledger) -> None:
    acts = [intend(ledger, f"azure:aoai-dev/{index}") for index in range(5)]

    assert [act.id for act in ledger.journal.acts(limit=2)] == [acts[4].id, acts[3].id]


def test_act_that_has_ended_stays_ended(ledger: Ledger) -> None:
    act = intend(ledger)
    ledger.journal.step(act.id, Phase.DONE, START, "404")

    ledger.journal.step(act.id, Phase.DONE, START + HOUR, "404 again")
    with pytest.raises(DeployerError, match=f"act {act.id} has ended as done; it cannot become failed"):
        ledger.journal.step(act.id, Phase.FAILED, START + HOUR)

    told = ledger.journal.act(act.id)
    assert told is not None
    assert [step.detail for step in told.steps] == ["", "404"]


def test_step_of_an_act_that_does_not_exist_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(DeployerError, match="act 7 is not in the journal"):
        ledger.journal.step(7, Phase.DONE, START)
    assert ledger.journal.act(7) is None


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from deployer.clock import SystemClock
from deployer.domain.act import ActKind, Phase
from deployer.ledger import open_ledger
ledger = open_ledger("sqlite:///" + sys.argv[1], clock=SystemClock())
at = datetime(2026, 9, 1, tzinfo=UTC)
act = ledger.journal.intend(ActKind.UNDEPLOY, "azure:a/b", "i", "me", "why", {"whole": "body"}, {}, at)
if sys.argv[2] == "called":
    ledger.journal.step(act.id, Phase.CALLED, at)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("after", "phase"), [("intent", Phase.INTENT), ("called", Phase.CALLED)])
def test_what_was_written_survives_kill_9_right_after(tmp_path: Path, after: str, phase: Phase) -> None:
    file = tmp_path / "ledger.sqlite3"

    done = subprocess.run([sys.executable, "-c", KILLED, str(file), after], check=False)

    assert done.returncode == -signal.SIGKILL
    ledger = opened(tmp_path)
    (act,) = ledger.journal.unfinished()
    assert (act.phase, act.body) == (phase, {"whole": "body"})
    ledger.close()
