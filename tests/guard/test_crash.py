"""kill -9 at every step of an undeploy, then the next start: finished once, journal complete, body present.

The guard runs in a process of its own, on the real sandbox, and is killed between all calls that
an act consists of.
"""

import multiprocessing
import os
import signal
from dataclasses import dataclass

import pytest

from deployer.domain.act import ActKind, Phase
from deployer.guard.deploy import restore
from deployer.guard.outcome import exit_code
from deployer.guard.restoration import unpack
from deployer.guard.sweep import apply_sweep
from deployer.sandbox.process import Sandbox
from tests.conftest import BEGINNING
from tests.guard.emulated import Emulated
from tests.guard.mortal import Deadline, mortal

POINTS = 12
"""Before each of them, which is after the one before; `test_every_step_is_tried` proves that these are all."""


@dataclass
class Doomed:
    """A guard in a process of its own."""

    emulated: Emulated

    def sweep_until(self, fatal: int) -> int | None:
        """One sweep, killed at that point; how the process ended."""
        process = multiprocessing.get_context("fork").Process(target=self._run, args=(fatal,))
        process.start()
        process.join(timeout=30)
        return process.exitcode

    def _run(self, fatal: int) -> None:
        passed = self.count(fatal)
        os._exit(min(passed, 100))

    def count(self, fatal: int = 0) -> int:
        """How many points one sweep passes."""
        own = Emulated(self.emulated.sandbox, self.emulated.clock, self.emulated.home)
        deadline = Deadline(fatal, lambda: os.kill(os.getpid(), signal.SIGKILL))
        apply_sweep(mortal(own.context, deadline))
        own.close()
        return deadline.passed


@pytest.fixture
def due(sandbox: Sandbox, emulated: Emulated) -> Emulated:
    """A deployment that is due now; deletions take two looks."""
    sandbox.client.reset(seed=0, start=BEGINNING, frozen=True, lro_polls=2)
    emulated.due("one")
    return emulated


def test_every_step_is_tried(due: Emulated) -> None:
    assert Doomed(due).count() == POINTS
    assert due.deleted() == ["one"]


@pytest.mark.parametrize("fatal", range(1, POINTS + 1))
def test_an_undeploy_that_is_killed_is_finished_once(due: Emulated, fatal: int) -> None:
    assert Doomed(due).sweep_until(fatal) == -signal.SIGKILL
    outcome = due.sweep()
    assert due.deleted() == ["one"]
    assert due.ledger.journal.unfinished() == ()
    [act] = due.ledger.journal.acts()
    assert (act.kind, act.phase) == (ActKind.UNDEPLOY, Phase.DONE)
    assert unpack(act.body).body["properties"]["model"]["name"] == unpack(act.body).model
    assert exit_code(outcome) == 0
    assert set(due.ledger.readings.tracked()) == {"azure:aoai-dev-eastus2/busy"}


def test_what_a_killed_guard_undeployed_can_be_restored(due: Emulated) -> None:
    Doomed(due).sweep_until(POINTS // 2)
    due.sweep()
    restored = restore(due.context, "one", who="me (test)")
    assert restored.deployment.name == "one"
    assert due.provider.inventory.read(restored.deployment.account, "one") is not None
