"""The timetable on APScheduler: one thing at a time, at once and at instants of the guard's clock."""

from datetime import timedelta
from threading import Event, Thread

from deployer.guard.timetable import SchedulerTimetable
from tests.fakes import FakeClock


def test_it_runs_at_once_and_at_an_instant_of_the_guards_clock() -> None:
    clock = FakeClock()
    timetable = SchedulerTimetable(clock)
    first, booked = Event(), Event()
    timetable.every(timedelta(hours=1), first.set)
    timetable.once(clock.now() + timedelta(milliseconds=20), booked.set)
    timetable.start()
    assert first.wait(timeout=10)
    assert booked.wait(timeout=10)
    timetable.stop()


def test_a_second_booking_replaces_the_first() -> None:
    clock = FakeClock()
    timetable = SchedulerTimetable(clock)
    wrong, right = Event(), Event()
    timetable.once(clock.now() + timedelta(milliseconds=50), wrong.set)
    timetable.once(clock.now(), right.set)
    timetable.start()
    assert right.wait(timeout=10)
    timetable.stop()
    assert not wrong.is_set()


def test_stopping_waits_for_a_sweep_that_books_its_next_instant() -> None:
    clock = FakeClock()
    timetable = SchedulerTimetable(clock)
    begun, stopping = Event(), Event()

    def sweep() -> None:
        begun.set()
        assert stopping.wait(timeout=10)
        timetable.once(clock.now() + timedelta(hours=1), begun.set)

    timetable.every(timedelta(hours=1), sweep)
    timetable.start()
    assert begun.wait(timeout=10)
    stopper = Thread(target=timetable.stop)
    stopper.start()
    stopping.set()
    stopper.join(timeout=10)
    assert not stopper.is_alive()
