"""When sweeps run: at once, every hour, and at the instants that the last plan knows of."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from deployer.domain.act import ActKind, Phase
from deployer.domain.plan import Action, ActionKind, Mode, Plan
from deployer.errors import DeployerError
from deployer.guard.outcome import ActResult, Outcome
from deployer.guard.schedule import FIRST_RETRY, SOONEST, Watch
from tests.fakes import BEGINNING, HOUR, FakeClock

HALF_PAST = BEGINNING + timedelta(minutes=30)


class FakeTimetable:
    """Runs what is due when told that time has passed."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.hourly: tuple[datetime, timedelta, Callable[[], None]] | None = None
        self.booked: tuple[datetime, Callable[[], None]] | None = None

    def every(self, period: timedelta, run: Callable[[], None]) -> None:
        run()
        self.hourly = (self.clock.now() + period, period, run)

    def once(self, at: datetime, run: Callable[[], None]) -> None:
        self.booked = (at, run)

    def pass_time(self, until: datetime) -> None:
        while True:
            due = [entry for entry in (self.booked, self.hourly) if entry and entry[0] <= until]
            if not due:
                self.clock.advance(until - self.clock.now())
                return
            entry = min(due, key=lambda one: one[0])
            self.clock.advance(entry[0] - self.clock.now())
            if entry is self.booked:
                self.booked = None
                entry[1]()
            elif self.hourly:
                at, period, run = self.hourly
                self.hourly = (at + period, period, run)
                run()


class Sweeps:
    """A sweep that remembers when it ran and plans what a test says."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.ran: list[datetime] = []
        self.due: datetime | None = None
        self.failing = False
        self.error: Exception | None = None

    def __call__(self) -> Outcome:
        self.ran.append(self.clock.now())
        if self.error:
            raise self.error
        due = self.due if self.due and self.due > self.clock.now() else None
        upcoming = (Action(ActionKind.UNDEPLOY, "dev", "over_budget", "300 USD", due),) if due else ()
        failed = (ActResult(ActKind.UNDEPLOY, "azure:a/b", Phase.FAILED, "still there"),) if self.failing else ()
        return Outcome(Plan(self.clock.now(), Mode.ENFORCE, upcoming=upcoming), results=failed)


def guarded(clock: FakeClock) -> tuple[Watch, FakeTimetable, Sweeps]:
    timetable, sweeps = FakeTimetable(clock), Sweeps(clock)
    return Watch(sweeps, timetable, clock), timetable, sweeps


def test_it_sweeps_at_once_and_then_every_hour() -> None:
    watch, timetable, sweeps = guarded(FakeClock())
    watch.start()
    timetable.pass_time(BEGINNING + 3 * HOUR)
    assert sweeps.ran == [BEGINNING + n * HOUR for n in range(4)]


def test_a_limit_that_is_reached_between_two_sweeps_is_acted_on_at_that_instant() -> None:
    watch, timetable, sweeps = guarded(FakeClock())
    sweeps.due = HALF_PAST
    watch.start()
    timetable.pass_time(BEGINNING + HOUR)
    assert sweeps.ran == [BEGINNING, HALF_PAST, BEGINNING + HOUR]


def test_an_instant_that_does_not_pass_cannot_spin() -> None:
    watch, timetable, sweeps = guarded(FakeClock())
    sweeps.due = BEGINNING + timedelta(seconds=1)
    watch.start()
    timetable.pass_time(BEGINNING + timedelta(minutes=1))
    assert sweeps.ran == [BEGINNING, BEGINNING + SOONEST]


def test_a_failed_act_is_tried_again_with_back_off() -> None:
    watch, timetable, sweeps = guarded(FakeClock())
    sweeps.failing = True
    watch.start()
    timetable.pass_time(BEGINNING + timedelta(minutes=59))
    assert sweeps.ran == [BEGINNING + FIRST_RETRY * n for n in (0, 1, 3, 7)]


def test_after_success_the_back_off_starts_again() -> None:
    watch, timetable, sweeps = guarded(FakeClock())
    sweeps.failing = True
    watch.start()
    sweeps.failing = False
    timetable.pass_time(BEGINNING + timedelta(minutes=59))
    assert sweeps.ran == [BEGINNING, BEGINNING + FIRST_RETRY]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DeployerError("the ledger is busy"), "the ledger is busy"),
        (KeyError("bot"), "this is a defect of deployer: KeyError: 'bot'"),
    ],
)
def test_a_sweep_that_fails_is_reported_and_the_next_one_comes(error: Exception, words: str) -> None:
    clock = FakeClock()
    timetable, sweeps = FakeTimetable(clock), Sweeps(clock)
    said: list[object] = []
    sweeps.error = error
    watch = Watch(sweeps, timetable, clock, report=said.append)
    watch.start()
    sweeps.error = None
    timetable.pass_time(BEGINNING + FIRST_RETRY)
    assert [str(one) for one in said[:1]] == [words]
    assert len(sweeps.ran) == 2


def test_a_clock_that_is_advanced_is_followed_by_ticks() -> None:
    clock = FakeClock()
    watch, _, sweeps = guarded(clock)
    watch.start()
    watch.tick()
    clock.advance(26 * HOUR)
    watch.tick()
    watch.tick()
    assert sweeps.ran == [BEGINNING, BEGINNING + 26 * HOUR]


class StoppableClock(FakeClock):
    """A clock somewhere else that may stop answering, as a sandbox's does when it is ended."""

    gone = False

    def now(self) -> datetime:
        if self.gone:
            raise DeployerError("the sandbox's clock does not answer")
        return super().now()


def test_a_clock_that_does_not_answer_is_told_once_and_followed_again_when_it_does() -> None:
    clock = StoppableClock()
    said: list[object] = []
    timetable, sweeps = FakeTimetable(clock), Sweeps(clock)
    watch = Watch(sweeps, timetable, clock, report=said.append)
    watch.start()
    clock.gone = True
    for _ in range(3):
        watch.tick()
    assert [str(one) for one in said[1:]] == ["the sandbox's clock does not answer"]
    watch.run()  # the hourly sweep fails, and is told like any other that does
    assert len(said) == 3

    clock.gone = False
    clock.advance(HOUR)
    watch.tick()
    assert sweeps.ran[-1] == BEGINNING + HOUR
