"""The background scheduler on virtual time: the same watch as `deployer serve`, without the waiting."""

from collections.abc import Callable
from datetime import datetime, timedelta

from deployer.demo.stage import Stage
from deployer.errors import DeployerError
from deployer.guard.context import GuardContext
from deployer.guard.outcome import Outcome
from deployer.guard.schedule import Watch
from deployer.guard.sweep import apply_sweep


class VirtualTimetable:
    """Keeps what is due when, and plays it by moving the sandbox's clock."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._every: tuple[datetime, timedelta, Callable[[], None]] | None = None
        self._once: tuple[datetime, Callable[[], None]] | None = None

    def every(self, period: timedelta, run: Callable[[], None]) -> None:
        self._every = (self._stage.now(), period, run)

    def once(self, at: datetime, run: Callable[[], None]) -> None:
        self._once = (at, run)

    def play(self, until: datetime) -> None:
        """Run everything that is due before `until`, each at its instant; then it is `until`."""
        while (due := self._next()) is not None and due < until:
            self._stage.client.advance(to=max(due, self._stage.now()))
            self._take(due)()
        self._stage.client.advance(to=max(until, self._stage.now()))

    def _next(self) -> datetime | None:
        instants = [self._every[0]] if self._every else []
        return min(instants + ([self._once[0]] if self._once else []), default=None)

    def _take(self, due: datetime) -> Callable[[], None]:
        if self._once and self._once[0] <= due:
            run, self._once = self._once[1], None
            return run
        if self._every is None:
            raise LookupError("nothing is due")
        at, period, run = self._every
        self._every = (at + period, period, run)
        return run


class Scheduler:
    """`deployer serve` as the story runs it; counts its sweeps."""

    def __init__(self, stage: Stage) -> None:
        self.sweeps = 0
        self._context: GuardContext = stage.guard()
        self._timetable = VirtualTimetable(stage)
        Watch(self._sweep, self._timetable, self._context.clock, report=self._report).start()

    def play(self, until: datetime) -> None:
        self._timetable.play(until)

    def _sweep(self) -> Outcome:
        self.sweeps += 1
        return apply_sweep(self._context)

    def _report(self, outcome: Outcome | DeployerError) -> None:
        if isinstance(outcome, DeployerError):
            raise outcome
