"""`deployer serve`: the guard in the background, until it is told to stop."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from deployer.cli.context import pass_app
from deployer.cli.render import moment, show_gaps, tell, warn

if TYPE_CHECKING:
    from threading import Event

    from deployer.app import App
    from deployer.errors import DeployerError
    from deployer.guard.context import GuardContext
    from deployer.guard.outcome import Outcome
    from deployer.guard.timetable import SchedulerTimetable

TICK = timedelta(seconds=1)
"""How often a clock that can be advanced (the sandbox's) is looked at."""


@click.command()
@click.option("--no-web", is_flag=True, help="Without the dashboard (accepted already; the dashboard comes later).")
@click.option("--every", type=click.IntRange(min=1), default=60, show_default=True, help="Minutes between two sweeps.")
@pass_app
def serve(app: "App", no_web: bool, every: int) -> None:
    """Run the guard in the background: finish what a crash left, sweep at once, then every hour.

    The instant at which a limit will be reached is booked, so that it is acted on then and not at
    the next sweep. Stops on SIGTERM, SIGHUP or Ctrl-C, after the sweep that runs. The dashboard comes later.

    \b
    Examples:
      deployer serve --no-web
      deployer serve --every 15
    """
    from deployer.guard.timetable import SchedulerTimetable

    timetable = SchedulerTimetable(app.clock)
    _guard(app, timetable, timedelta(minutes=every))
    tell(f"Guarding, a sweep every {every} min; policies from {app.settings.policies}. Stop with Ctrl-C.")
    stop = _stop_signal()
    timetable.start()
    stop.wait()
    tell("Stopping after the sweep that runs.")
    timetable.stop()
    tell("Stopped.")


def _guard(app: "App", timetable: "SchedulerTimetable", every: timedelta) -> None:
    """Put the sweeps on the timetable. Settings and policies that cannot be read end this command, not a sweep."""
    from deployer.cli.guard import sweep_once
    from deployer.clock import SystemClock
    from deployer.guard.alarm import Alarm
    from deployer.guard.schedule import Watch

    alarm = Alarm(_fresh_context(app).notifier)

    def report(ended: "Outcome | DeployerError") -> None:
        _report(ended)
        alarm.hear(ended)

    watch = Watch(lambda: sweep_once(_fresh_context(app)), timetable, app.clock, every=every, report=report)
    watch.start()
    if not isinstance(app.clock, SystemClock):
        timetable.every(TICK, watch.tick, name="tick")


def _fresh_context(app: "App") -> "GuardContext":
    """The context with the policies as they are on disk now, so that a change needs no restart."""
    from deployer.policy.load import load_policies

    app.policies  # noqa: B018 - says what is missing when there is no policy file
    return replace(app.guard_context(), policies=load_policies(app.settings.policies))


def _stop_signal() -> "Event":
    """Set when the process is asked to stop."""
    import signal
    from threading import Event

    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, lambda *_: stop.set())
    return stop


def _report(ended: "Outcome | DeployerError") -> None:
    """One line for each sweep."""
    from deployer.errors import DeployerError

    if isinstance(ended, DeployerError):
        warn(f"the sweep failed: {ended.message}" + (f" (next: {ended.next_step})" if ended.next_step else ""))
        return
    plan = ended.plan
    for failure in (*ended.failures, *plan.errors):
        warn(failure)
    show_gaps(plan.gaps)
    for result in (*ended.recovered, *ended.results):
        tell(f"{result.kind} {result.subject}: {result.phase}, {result.detail}")
    due = f"; next due {moment(plan.next_due)}" if plan.next_due else ""
    tell(f"{moment(plan.as_of)} swept: {len(ended.results)} acts, {len(plan.deferred)} deferred{due}")
