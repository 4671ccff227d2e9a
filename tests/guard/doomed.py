"""A command that runs in a process of its own, on the real sandbox, and is killed at a chosen call."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

from tests.guard.emulated import Emulated
from tests.guard.mortal import Deadline, mortal

Work = Callable[[object], object]


@dataclass
class Doomed:
    """A command in a process of its own."""

    emulated: Emulated
    work: Work

    def until(self, fatal: int) -> int | None:
        """The command, killed at that point; how the process ended."""
        process = multiprocessing.get_context("fork").Process(target=self._run, args=(fatal,))
        process.start()
        process.join(timeout=30)
        return process.exitcode

    def _run(self, fatal: int) -> None:
        own = Emulated(self.emulated.sandbox, self.emulated.clock, self.emulated.home, self.emulated.policies)
        deadline = Deadline(fatal, lambda: os.kill(os.getpid(), signal.SIGKILL))
        self.work(mortal(own.context, deadline))
        os._exit(min(deadline.passed, 100))
