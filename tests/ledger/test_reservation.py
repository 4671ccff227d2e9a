"""Reservations and leases: who comes second, waits or is refused."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.subject import Subject
from deployer.errors import DeployerError
from deployer.ports.ledger import Ledger, Reservation, ReservationRefusal, ReservationRequest
from tests.ledger.world import DAY, HOUR, START, deployment, opened

MONTH = Period(START, START + 30 * DAY)


def request(
    dollars: str, *, policy: str = "dev", period: Period = MONTH, spent: str = "0", override: str = ""
) -> ReservationRequest:
    return ReservationRequest(
        policy=policy,
        period=period,
        subject=Subject.of(deployment()),
        amount=Money.of(dollars),
        spent=Money.of(spent),
        limit=Money.of(100),
        at=START,
        override=override,
    )


def reserve(ledger: Ledger, *requests: ReservationRequest) -> tuple[Reservation, ...]:
    answer = ledger.reservations.reserve(requests)
    assert not isinstance(answer, ReservationRefusal), answer
    return answer


def test_what_fits_is_reserved(ledger: Ledger) -> None:
    (held,) = reserve(ledger, request("60"))

    assert (held.policy, held.amount) == ("dev", Money.of(60))


def test_what_reaches_the_limit_exactly_fits(ledger: Ledger) -> None:
    reserve(ledger, request("40", spent="60"))


def test_second_that_fits_only_alone_is_refused_with_the_arithmetic(ledger: Ledger) -> None:
    reserve(ledger, request("60"))

    answer = ledger.reservations.reserve([request("30.01", spent="10")])

    assert answer == ReservationRefusal("dev", Money.of(10), Money.of(60), Money.of("30.01"), Money.of(100))


def test_settled_reservation_holds_nothing(ledger: Ledger) -> None:
    (held,) = reserve(ledger, request("60"))
    ledger.reservations.settle(held.id, START + HOUR, "cancelled before it ran")
    ledger.reservations.settle(held.id, START + HOUR, "once more")

    reserve(ledger, request("100"))


def test_reservations_of_other_policies_and_periods_do_not_count(ledger: Ledger) -> None:
    reserve(ledger, request("60"), request("60", policy="prod"), request("60", period=Period(START, START + DAY)))


def test_several_are_reserved_together_or_not_at_all(ledger: Ledger) -> None:
    refused = ledger.reservations.reserve([request("60"), request("10", policy="prod", spent="95")])

    assert isinstance(refused, ReservationRefusal)
    reserve(ledger, request("100"))


def test_two_under_one_policy_in_one_call_count_each_other(ledger: Ledger) -> None:
    assert isinstance(ledger.reservations.reserve([request("60"), request("60")]), ReservationRefusal)


def test_override_reserves_over_the_limit_and_counts(ledger: Ledger) -> None:
    reserve(ledger, request("500", override="the demo is tomorrow"))

    assert isinstance(ledger.reservations.reserve([request("1")]), ReservationRefusal)


def test_settling_what_was_never_reserved_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(DeployerError, match="reservation 7 is not in the ledger"):
        ledger.reservations.settle(7, START, "?")


def test_of_many_threads_at_once_only_as_many_are_let_through_as_fit(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ledger.reservations.reserve([request("30")]), range(16)))

    assert sum(not isinstance(answer, ReservationRefusal) for answer in answers) == 3


AT_ONCE = """
import sys
from datetime import UTC, datetime, timedelta
from deployer.clock import SystemClock
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.subject import Subject, SubjectKind
from deployer.ledger import open_ledger
from deployer.ports.ledger import ReservationRefusal, ReservationRequest
ledger = open_ledger("sqlite:///" + sys.argv[1], clock=SystemClock())
start = datetime(2026, 9, 1, tzinfo=UTC)
subject = Subject(SubjectKind.JOB, "job:azure:1", "azure", "a", "1", "m", "m", True)
asked = ReservationRequest(
    "dev", Period(start, start + timedelta(days=30)), subject, Money.of(60), Money.of(0), Money.of(100), start
)
print("ready", flush=True)
sys.stdin.readline()
print(isinstance(ledger.reservations.reserve([asked]), ReservationRefusal), flush=True)
"""


def test_of_two_processes_at_once_that_fit_only_singly_one_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    command = [sys.executable, "-c", AT_ONCE, str(tmp_path / "ledger.sqlite3")]
    both = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")

    refused = sorted(process.communicate(timeout=60)[0].strip() for process in both)
    assert refused == ["False", "True"]


def test_lease_is_held_by_one_at_a_time(ledger: Ledger, tmp_path: Path) -> None:
    other = opened(tmp_path)

    assert ledger.lease("sweep", "one", START, 60)
    assert not other.lease("sweep", "two", START + HOUR / 120, 60)
    assert other.lease("another", "two", START, 60)
    other.close()


def test_lease_can_be_renewed_by_its_holder(ledger: Ledger) -> None:
    ledger.lease("sweep", "one", START, 60)

    assert ledger.lease("sweep", "one", START + HOUR / 120, 60)
    assert not ledger.lease("sweep", "two", START + HOUR / 60, 60)


def test_lease_that_ran_out_or_was_released_is_free(ledger: Ledger) -> None:
    ledger.lease("sweep", "one", START, 60)
    assert ledger.lease("sweep", "two", START + HOUR / 60, 60)
    ledger.release("sweep", "one")
    assert not ledger.lease("sweep", "three", START + HOUR / 60, 60)

    ledger.release("sweep", "two")

    assert ledger.lease("sweep", "three", START + HOUR / 60, 60)


def test_writer_waits_while_another_is_writing(ledger: Ledger, tmp_path: Path) -> None:
    with (
        closing(sqlite3.connect(tmp_path / "ledger.sqlite3", isolation_level=None)) as other,
        ThreadPoolExecutor() as pool,
    ):
        other.execute("BEGIN IMMEDIATE")

        waiting = pool.submit(ledger.lease, "sweep", "one", START, 60)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.1)
        other.execute("COMMIT")

        assert waiting.result(timeout=10)


def test_reader_does_not_wait_for_a_writer(ledger: Ledger, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        assert ledger.readings.tracked() == {}


def test_open_reservations_are_those_that_nobody_ended(ledger: Ledger) -> None:
    first, second = (reserve(ledger, request("10"))[0] for _ in range(2))
    ledger.reservations.settle(first.id, START, "never happened")
    assert ledger.reservations.open() == (second,)
    assert second.at == START
