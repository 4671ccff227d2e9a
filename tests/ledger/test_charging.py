"""Charges: exact, once, and summed by day."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer.domain.charge import Bound, Charge, Known, Meter, Spend
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.subject import Subject, SubjectKind
from deployer.errors import DeployerError
from deployer.ledger.entry import share
from deployer.ledger.statement import TOGETHER
from deployer.ports.ledger import Ledger
from tests.ledger.world import DAY, HOUR, START, deployment, hosting, opened, rows, snapshot, tokens

ONE = deployment()
JOB = Subject(SubjectKind.JOB, "job:azure:ft-1", "azure", "aoai-dev", "ftjob-1", "gpt-4.1-mini", "gpt-4.1-mini", True)
WEEK = Period(START, START + 7 * DAY)


def record(ledger: Ledger, at: timedelta, *charges: Charge) -> None:
    ledger.readings.record(snapshot(START + at, ONE), charges, [])


def spent(ledger: Ledger, period: Period = WEEK) -> Spend:
    return sum((one.spend for one in ledger.readings.spent(period)), Spend.zero())


def test_charge_comes_back_as_it_was_written(ledger: Ledger) -> None:
    charges = (
        hosting(ONE, START, START + HOUR / 3, "0.566666667", bound=Bound.UPPER),
        tokens(ONE, START, 1234),
        tokens(ONE, START + HOUR, 99, None),
    )
    charges = (charges[0]._replace(quantity=Decimal("0.333333333")), *charges[1:])

    record(ledger, HOUR, *charges)

    assert ledger.readings.charges(WEEK) == charges


@pytest.mark.parametrize("count", [TOGETHER - 1, TOGETHER, 2 * TOGETHER + 3])
def test_thousands_of_charges_come_back_in_their_order(ledger: Ledger, count: int) -> None:
    charges = tuple(tokens(ONE, START + number * timedelta(minutes=1), number + 1) for number in range(count))

    record(ledger, HOUR, *charges)

    assert ledger.readings.charges(WEEK) == charges


def test_smallest_amounts_add_up_exactly(ledger: Ledger) -> None:
    record(ledger, HOUR, *(tokens(ONE, START + hour * HOUR, 1, "0.000000001") for hour in range(10)))

    assert spent(ledger).high == Money.of("0.00000001")


def test_upper_bounds_count_for_the_high_sum_only(ledger: Ledger) -> None:
    record(
        ledger,
        2 * HOUR,
        hosting(ONE, START, START + HOUR),
        hosting(ONE, START + HOUR, START + 2 * HOUR, "0.50", bound=Bound.UPPER),
    )

    assert spent(ledger) == Spend(Money.of("1.70"), Money.of("2.20"))


@pytest.mark.parametrize("period", [WEEK, Period(START + HOUR / 2, START + 2 * HOUR)], ids=["days", "part of a day"])
def test_sum_with_an_unpriced_member_names_it(ledger: Ledger, period: Period) -> None:
    record(ledger, HOUR, hosting(ONE, START, START + HOUR), tokens(ONE, START + HOUR, 5, None))

    assert spent(ledger, period).unpriced == ("input of gpt-9",)
    assert str(spent(ledger, period)).startswith("at least $")


def test_subject_that_has_nothing_but_unpriced_charges_is_in_the_sum(ledger: Ledger) -> None:
    record(ledger, HOUR, tokens(ONE, START, 5, None))

    assert spent(ledger) == Spend(Money.zero(), Money.zero(), ("input of gpt-9",))


def test_marker_without_length_is_kept_and_named(ledger: Ledger) -> None:
    marker = tokens(ONE, START, 0, None)._replace(period=Period(START, START), source="the time before first sight")

    record(ledger, HOUR, marker)

    assert ledger.readings.charges(WEEK) == (marker,)
    assert spent(ledger, Period(START, START + HOUR)).unpriced == ("the time before first sight",)
    assert spent(ledger, Period(START + HOUR, START + 2 * HOUR)).unpriced == ()


def test_correction_downwards_is_a_new_row_and_lowers_the_sum(ledger: Ledger, tmp_path: Path) -> None:
    record(ledger, HOUR, tokens(ONE, START, 100, "1.00"))
    record(ledger, 2 * HOUR, tokens(ONE, START, -40, "-0.40"))

    assert spent(ledger).high == Money.of("0.60")
    assert rows(tmp_path, "SELECT count(*) FROM charge") == [(2,)]
    assert list(ledger.readings.charged_tokens([ONE.id.key], WEEK).values()) == [60]


def test_charged_tokens_are_told_by_grain_and_meter_and_for_the_asked_only(ledger: Ledger) -> None:
    record(ledger, HOUR, tokens(ONE, START, 5), tokens(ONE, START + 3 * HOUR, 7), hosting(ONE, START, START + HOUR))

    charged = ledger.readings.charged_tokens([ONE.id.key], Period(START, START + 2 * HOUR))

    assert charged == {(ONE.id.key, START.isoformat(), Meter.INPUT, START): Decimal(5)}
    assert ledger.readings.charged_tokens(["azure:aoai-dev/other"], WEEK) == {}


def test_metered_is_what_tokens_cost_whose_grains_began_in_the_period(ledger: Ledger) -> None:
    record(
        ledger,
        4 * HOUR,
        tokens(ONE, START, 5, "0.10"),
        tokens(ONE, START + HOUR, 7, "0.50"),
        tokens(ONE, START + 2 * HOUR, 9, "0.25"),
        tokens(ONE, START + 3 * HOUR, 9, "8.00"),
        hosting(ONE, START + HOUR, START + 2 * HOUR),
    )

    assert ledger.readings.metered(Period(START + HOUR, START + 3 * HOUR)) == ((ONE.id.key, Money.of("0.75")),)


def test_metered_keeps_currencies_apart_and_leaves_out_what_has_no_price(ledger: Ledger) -> None:
    euros = tokens(ONE, START + HOUR, 1)._replace(amount=Money(Decimal("0.30"), "EUR"))

    record(ledger, 4 * HOUR, tokens(ONE, START, 5, "0.10"), euros, tokens(ONE, START + 2 * HOUR, 9, None))

    assert set(ledger.readings.metered(WEEK)) == {(ONE.id.key, Money.of("0.10")), (ONE.id.key, euros.amount)}


def test_hosting_that_was_charged_is_not_charged_again(ledger: Ledger) -> None:
    record(ledger, 2 * HOUR, hosting(ONE, START, START + 2 * HOUR, "3.40"))
    record(ledger, 3 * HOUR, hosting(ONE, START + HOUR, START + 3 * HOUR, "3.40"))

    assert spent(ledger).high == Money.of("5.10")
    assert [charge.period for charge in ledger.readings.charges(WEEK)] == [
        Period(START, START + 2 * HOUR),
        Period(START + 2 * HOUR, START + 3 * HOUR),
    ]


def test_deployment_that_was_taken_for_gone_and_is_back_is_charged_once(ledger: Ledger) -> None:
    record(ledger, HOUR, hosting(ONE, START, START + HOUR))
    ledger.readings.record(snapshot(START + 2 * HOUR), [hosting(ONE, START + HOUR, START + 2 * HOUR)], [ONE.id.key])

    record(ledger, 4 * HOUR, hosting(ONE, START, START + 4 * HOUR, "6.80"))

    assert spent(ledger).high == Money.of("6.80")
    assert ledger.readings.tracked()[ONE.id.key].accrued_to == START + 4 * HOUR


def test_tokens_that_another_process_charged_meanwhile_are_not_charged_again(ledger: Ledger, tmp_path: Path) -> None:
    record(ledger, HOUR)
    other = opened(tmp_path)
    for one in (ledger, other):
        one.readings.charged_tokens([ONE.id.key], WEEK)  # both see that nothing was charged

    record(ledger, 2 * HOUR, tokens(ONE, START, 100, "1.00"))
    record(other, 2 * HOUR, tokens(ONE, START, 100, "1.00"), tokens(ONE, START + HOUR, 7, "0.07"))

    assert spent(ledger).high == Money.of("1.07")
    other.close()


def test_charge_that_crosses_midnight_is_cut_there(ledger: Ledger) -> None:
    hours = hosting(ONE, START, START + 36 * HOUR, "61.20")
    charge = hours._replace(subject=JOB.key, instance="", meter=Meter.TRAINING_HOURS)

    ledger.readings.record_subject(JOB, [charge])

    first, second = ledger.readings.charges(WEEK)
    assert (first.period, second.period) == (Period(START, START + DAY), Period(START + DAY, START + 36 * HOUR))
    assert (first.amount, second.amount) == (Money.of("40.80"), Money.of("20.40"))
    assert (first.quantity, second.quantity) == (Decimal(24), Decimal(12))


def test_forecast_is_no_charge(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="a forecast is not a charge"):
        record(ledger, HOUR, hosting(ONE, START, START + HOUR)._replace(known=Known.FORECAST))


def test_charge_of_what_no_sweep_has_seen_is_a_defect(ledger: Ledger) -> None:
    with pytest.raises(DeployerError, match="which no sweep has seen"):
        record(ledger, HOUR, hosting(ONE, START, START + HOUR)._replace(subject="azure:a/never"))


def test_sweep_whose_charges_are_refused_leaves_nothing_behind(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(DeployerError):
        record(ledger, HOUR, tokens(ONE, START, 1)._replace(subject="azure:a/never"))

    assert ledger.readings.tracked() == {}
    assert rows(tmp_path, "SELECT count(*) FROM sweep") == [(0,)]


def test_jobs_are_charged_and_matched_by_their_facts(ledger: Ledger) -> None:
    charge = tokens(ONE, START, 100_000, "0.50")._replace(subject=JOB.key, instance="", meter=Meter.TRAINING)

    ledger.readings.record_subject(JOB, [charge])

    (seen,) = ledger.readings.spent(WEEK)
    assert (seen.subject, seen.spend.high) == (JOB, Money.of("0.50"))
    assert ledger.readings.tracked() == {}


def test_charges_of_one_subject_are_not_recorded_under_another(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="recorded under job:azure:ft-1"):
        ledger.readings.record_subject(JOB, [tokens(ONE, START, 1)])


def test_currencies_are_not_mixed(ledger: Ledger) -> None:
    euros = tokens(ONE, START + HOUR, 1)._replace(amount=Money(Decimal("0.30"), "EUR"))

    record(ledger, HOUR, tokens(ONE, START, 1, "0.50"), euros)

    assert {one.spend.high for one in ledger.readings.spent(WEEK)} == {Money.of("0.50"), Money(Decimal("0.30"), "EUR")}


def test_instances_of_one_name_are_told_apart_and_both_counted(ledger: Ledger) -> None:
    again = deployment(created=START + DAY)
    record(ledger, HOUR, hosting(ONE, START, START + HOUR))
    ledger.readings.record(
        snapshot(START + DAY + HOUR, again),
        [
            hosting(ONE, START + HOUR, START + DAY, "39.10", bound=Bound.UPPER),
            hosting(again, START + DAY, START + DAY + HOUR),
        ],
        [],
    )

    assert [(one.subject.instance, one.spend.high) for one in ledger.readings.spent(WEEK)] == [
        (START.isoformat(), Money.of("40.80")),
        ((START + DAY).isoformat(), Money.of("1.70")),
    ]


def test_daily_sums_are_those_of_the_charges(ledger: Ledger, tmp_path: Path) -> None:
    for day in range(3):
        record(ledger, (day + 1) * DAY, hosting(ONE, START + day * DAY, START + (day + 1) * DAY, "40.80"))
        record(ledger, (day + 1) * DAY, tokens(ONE, START + day * DAY, 5))

    assert rows(tmp_path, "SELECT day, sum(nano) FROM charge GROUP BY day") == rows(
        tmp_path, "SELECT day, high FROM daily ORDER BY day"
    )


@pytest.fixture(scope="module")
def busy_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterable[Ledger]:
    """Four days of charges of uneven length."""
    ledger = opened(tmp_path_factory.mktemp("busy"))
    at = START
    for index in range(1, 60):
        until = min(at + timedelta(minutes=37 * (index % 5 + 1), microseconds=index), START + 4 * DAY)
        for part in Period(at, until).split_by_day() if at < until else ():
            charge = hosting(ONE, part.start, part.end, "0.1", bound=Bound.UPPER if index % 3 else Bound.EXACT)
            ledger.readings.record(snapshot(part.end, ONE), [charge], [])
        at = until
    yield ledger
    ledger.close()


@settings(deadline=None, derandomize=True, max_examples=60)
@given(start=st.timedeltas(timedelta(0), 5 * DAY), length=st.timedeltas(timedelta(0), 5 * DAY))
def test_spend_of_any_period_is_the_share_of_its_charges(
    busy_ledger: Ledger, start: timedelta, length: timedelta
) -> None:
    period = Period(START + start, START + start + length)

    shares = [_shared(charge, period) for charge in busy_ledger.readings.charges(Period(START, START + 9 * DAY))]

    total = spent(busy_ledger, period)
    assert total.high.amount == sum(high for _, high in shares)
    assert total.low.amount == sum(low for low, _ in shares)


def _shared(charge: Charge, period: Period) -> tuple[Decimal, Decimal]:
    """Low and high of what falls into the period."""
    shared = charge.period.overlap(period)
    if shared is None or charge.amount is None:
        return Decimal(0), Decimal(0)
    microsecond = timedelta(microseconds=1)
    marks = (instant - START for instant in (charge.period.start, charge.period.end, shared.start, shared.end))
    high = Decimal(share(int(charge.amount.amount.scaleb(9)), *(mark // microsecond for mark in marks))).scaleb(-9)
    return (high if charge.bound is Bound.EXACT else Decimal(0)), high


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    whole=st.integers(-(10**12), 10**12),
    cuts=st.lists(st.integers(0, 10**9), max_size=10),
)
def test_parts_of_a_charge_add_up_to_the_whole(whole: int, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), 10**9]

    assert sum(share(whole, 0, 10**9, start, end) for start, end in pairwise(edges)) == whole
