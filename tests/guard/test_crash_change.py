"""kill -9 at every step of a scale, a pause and a resume, then the next start: done once more, unless overtaken."""

import signal

import pytest

from deployer.domain.act import ActKind, Phase
from deployer.guard.change import pause, scale
from deployer.sandbox.process import Sandbox
from tests.conftest import BEGINNING
from tests.guard.doomed import Doomed, Work
from tests.guard.emulated import DEV, Emulated

PERSON = "me (test)"
SCALE_POINTS, PAUSE_POINTS = 6, 6
"""Before each of them, which is after the one before; `test_every_step_is_tried` proves that these are all."""
BUSY = {"error": {"code": "RequestConflict", "message": "Another operation is being performed. Please retry later."}}


def do_scale(context: object) -> object:
    return scale(context, "bot", 20, who=PERSON)  # type: ignore[arg-type]


def do_pause(context: object) -> object:
    return pause(context, "bot", True, who=PERSON)  # type: ignore[arg-type]


def do_resume(context: object) -> object:
    return pause(context, "bot", False, who=PERSON)  # type: ignore[arg-type]


WORKS = {"scale": (do_scale, SCALE_POINTS), "pause": (do_pause, PAUSE_POINTS), "resume": (do_resume, PAUSE_POINTS)}
AFTER = {"scale": (20, "Succeeded"), "pause": (10, "Paused"), "resume": (10, "Succeeded")}
STEPS = [(name, fatal) for name, (_, points) in WORKS.items() for fatal in range(1, points + 1)]
CASES = [(*step, "the guard's") for step in STEPS] + [(*step, "the same command's") for step in STEPS[:SCALE_POINTS]]


@pytest.fixture
def ground(sandbox: Sandbox, emulated: Emulated) -> Emulated:
    sandbox.client.reset(seed=0, start=BEGINNING, frozen=True, lro_polls=2)
    emulated.deploy("bot", capacity=10)
    emulated.sweep()
    return emulated


def ready(ground: Emulated, name: str) -> Work:
    """What is to be done, and something to undo where that is a resume."""
    if name == "resume":
        do_pause(ground.context)
    return WORKS[name][0]


def now(ground: Emulated) -> tuple[int | None, str]:
    [found] = ground.provider.inventory.observe().deployments
    return found.capacity, found.state


@pytest.mark.parametrize("name", WORKS)
def test_every_step_is_tried(ground: Emulated, name: str) -> None:
    assert Doomed(ground, ready(ground, name)).until(0) == WORKS[name][1]
    assert now(ground) == AFTER[name]


@pytest.mark.parametrize(("name", "fatal", "next_start"), CASES)
def test_it_is_done_after_the_next_start(ground: Emulated, name: str, fatal: int, next_start: str) -> None:
    work = ready(ground, name)
    assert Doomed(ground, work).until(fatal) == -signal.SIGKILL
    if next_start == "the same command's" or not ground.ledger.journal.unfinished():
        work(ground.context)
    ground.sweep()
    assert now(ground) == AFTER[name]
    assert ground.ledger.journal.unfinished() == ()
    kept = ground.ledger.readings.tracked()[f"azure:{DEV}/bot"].deployment
    assert (kept.capacity, kept.state) == AFTER[name]


def test_an_account_that_is_still_busy_with_it_is_waited_for(ground: Emulated) -> None:
    Doomed(ground, do_scale).until(SCALE_POINTS - 1)
    fault = {"operation": "deployments.patch", "kind": "status", "status": 409, "body": BUSY, "times": 2}
    ground.client.fault(fault)
    ground.sweep()
    assert (now(ground), ground.ledger.journal.unfinished()) == ((20, "Succeeded"), ())


def test_a_pause_that_was_cut_short_does_not_undo_a_later_resume(ground: Emulated) -> None:
    Doomed(ground, do_pause).until(PAUSE_POINTS - 1)
    [cut] = ground.ledger.journal.unfinished()
    do_resume(ground.context)
    ground.sweep()
    assert now(ground) == (10, "Succeeded")
    act = ground.ledger.journal.act(cut.id)
    assert act is not None
    assert (act.kind, act.phase) == (ActKind.PAUSE, Phase.WITHDRAWN)
    assert act.steps[-1].detail == f"overtaken by journal entry {cut.id + 1}"


def test_a_scale_that_was_cut_short_does_not_undo_a_later_one(ground: Emulated) -> None:
    Doomed(ground, do_scale).until(SCALE_POINTS - 1)
    scale(ground.context, "bot", 5, who=PERSON)
    ground.sweep()
    assert now(ground) == (5, "Succeeded")


def test_a_scale_that_was_cut_short_does_not_undo_what_somebody_else_did_since(ground: Emulated) -> None:
    Doomed(ground, do_scale).until(4)
    assert ground.ledger.journal.unfinished()
    [found] = ground.provider.inventory.observe().deployments
    ground.provider.deployments.scale(found, 7)
    ground.sweep()
    assert (now(ground), ground.ledger.journal.unfinished()) == ((7, "Succeeded"), ())
