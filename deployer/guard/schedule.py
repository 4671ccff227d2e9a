"""When sweeps run: every hour, and at each instant that the last plan knows of.

Hosting burns at a known rate, so the instant at which a limit is reached is known before it comes.
It is booked, and the hourly sweep is the safety net. A failed act is tried again sooner.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from deployer.clock import Clock
from deployer.errors import DeployerError
from deployer.guard.outcome import Outcome

SOONEST = timedelta(seconds=30)
"""Between two booked sweeps, so that an instant that does not pass cannot spin."""
FIRST_RETRY = timedelta(minutes=5)


class Timetable(Protocol):
    """What runs things at instants: APScheduler, or a fake."""

    def every(self, period: timedelta, run: Callable[[], None]) -> None:
        """Run now and then once per `period`."""
        ...

    def once(self, at: datetime, run: Callable[[], None]) -> None:
        """Run at `at`, in place of what was booked before."""
        ...


class Watch:
    """Sweeps on a timetable. `sweep` is one whole sweep; `report` is told how each ended."""

    def __init__(
        self,
        sweep: Callable[[], Outcome],
        timetable: Timetable,
        clock: Clock,
        *,
        every: timedelta = timedelta(hours=1),
        report: Callable[[Outcome | DeployerError], None] = lambda _: None,
    ) -> None:
        self._sweep = sweep
        self._timetable = timetable
        self._clock = clock
        self._every = every
        self._report = report
        self._failures = 0
        self._next: datetime | None = None
        self._timeless = False

    def start(self) -> None:
        """Sweep at once (which finishes what a crash left), and from then on by the timetable."""
        self._timetable.every(self._every, self.run)

    def run(self) -> None:
        """One sweep; whatever goes wrong is reported, and the next one comes all the same."""
        try:
            outcome = self._sweep()
        except Exception as error:
            self._failed(error)
            return
        self._report(outcome)
        failed = any(result.failed for result in outcome.results + outcome.recovered) or bool(outcome.failures)
        instants = [outcome.plan.next_due] if outcome.plan.next_due else []
        if failed:
            instants.append(self._retry(outcome.plan.as_of))
        else:
            self._failures = 0
        self._book(outcome.plan.as_of, min(instants, default=None))

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, DeployerError):
            error = DeployerError(f"this is a defect of deployer: {type(error).__name__}: {error}")
        self._report(error)
        now = self._now()
        if now is not None:
            self._book(now, self._retry(now))

    def tick(self) -> None:
        """Sweep if its time has come on a clock that does not flow like the machine's (the sandbox's)."""
        now = self._now()
        if now is not None and self._next is not None and now >= self._next:
            self.run()

    def _now(self) -> datetime | None:
        """None when the clock is not to be read, which is told once until it is again."""
        try:
            now = self._clock.now()
        except DeployerError as error:
            if not self._timeless:
                self._report(error)
            self._timeless = True
            return None
        self._timeless = False
        return now

    def _book(self, swept: datetime, at: datetime | None) -> None:
        """Book `at`, counted from the instant that the last sweep stands for."""
        regular = swept + self._every
        soonest = max(at, swept + SOONEST) if at else regular
        self._next = min(soonest, regular)
        if soonest < regular:
            self._timetable.once(soonest, self.run)

    def _retry(self, swept: datetime) -> datetime:
        """Twice as long after each failure in a row, at most until the next sweep."""
        self._failures += 1
        doubled: timedelta = FIRST_RETRY * (1 << min(self._failures - 1, 10))
        return swept + min(self._every, doubled)
