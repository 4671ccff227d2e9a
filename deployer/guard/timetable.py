"""The timetable on APScheduler: in memory, because everything that must survive stands in the ledger."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from deployer.clock import Clock, SystemClock


class SchedulerTimetable:
    """Runs one thing at a time. `clock` is the guard's; the waiting is done on the machine's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._machine = SystemClock()
        self._busy = Lock()
        self._stopping = False
        self._scheduler = _scheduler()

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """Let a running sweep end, and start none.

        Shutting APScheduler down holds its locks while it waits, and a sweep needs them to book its
        next instant; so the waiting is done here first, and no job is left that it could be processing.
        """
        self._stopping = True
        with self._busy:
            self._scheduler.remove_all_jobs()
        self._scheduler.shutdown(wait=True)

    def every(self, period: timedelta, run: Callable[[], None], *, name: str = "sweep") -> None:
        """Run now and then once per `period`."""
        self._add(run, name, trigger="interval", seconds=period.total_seconds(), next_run_time=self._machine.now())

    def once(self, at: datetime, run: Callable[[], None]) -> None:
        """Run at `at` of the guard's clock, in place of what was booked before."""
        wait = max(at - self._clock.now(), timedelta())
        self._add(run, "instant", trigger="date", run_date=self._machine.now() + wait)

    def _add(self, run: Callable[[], None], name: str, **when: Any) -> None:
        self._scheduler.add_job(lambda: self._run(run), id=name, replace_existing=True, **when)

    def _run(self, run: Callable[[], None]) -> None:
        with self._busy:
            if not self._stopping:
                run()


def _scheduler() -> Any:
    from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
    from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]

    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a sweep that outlasts a tick is no cause for a warning
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    return BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(1)}, job_defaults=defaults)
