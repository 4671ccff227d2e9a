"""Budget periods in their calendars, and when a limit will be reached."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.spend.budget import budget_period, outlook
from tests.spend.world import steady

NOW = datetime(2026, 9, 17, 12, tzinfo=UTC)
LENGTHS = ["day", "week", "month", "quarter", "year"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "start", "end"),
    [
        ("day", "2026-09-17", "2026-09-18"),
        ("week", "2026-09-14", "2026-09-21"),
        ("month", "2026-09-01", "2026-10-01"),
        ("quarter", "2026-07-01", "2026-10-01"),
        ("year", "2026-01-01", "2027-01-01"),
    ],
)
def test_period_in_utc(length: str, start: str, end: str) -> None:
    assert budget_period(length, "UTC", NOW) == Period(at(start), at(end))


def test_month_in_paris_starts_at_22_utc_in_summer() -> None:
    assert budget_period("month", "Europe/Paris", NOW) == Period(at("2026-08-31T22:00"), at("2026-09-30T22:00"))


def test_month_in_paris_starts_at_23_utc_in_winter() -> None:
    january = at("2026-01-15")

    assert budget_period("month", "Europe/Paris", january) == Period(at("2025-12-31T23:00"), at("2026-01-31T23:00"))


def test_months_in_which_clocks_change_have_an_hour_less_and_more() -> None:
    march = budget_period("month", "Europe/Paris", at("2026-03-10"))
    october = budget_period("month", "Europe/Paris", at("2026-10-10"))

    assert march.length == timedelta(days=31, hours=-1)
    assert october.length == timedelta(days=31, hours=1)


def test_day_whose_midnight_is_skipped_starts_at_the_skip() -> None:
    day = budget_period("day", "Africa/Cairo", at("2026-04-24T12:00"))

    assert day == Period(at("2026-04-23T22:00"), at("2026-04-24T21:00"))


def test_instant_just_before_local_midnight_belongs_to_the_old_month() -> None:
    assert budget_period("month", "Europe/Paris", at("2026-09-30T21:59")).end == at("2026-09-30T22:00")
    assert budget_period("month", "Europe/Paris", at("2026-09-30T22:00")).start == at("2026-09-30T22:00")


@steady
@given(
    length=st.sampled_from(LENGTHS),
    zone=st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo"]),
    now=st.timedeltas(timedelta(0), timedelta(days=60 * 365)).map(lambda span: at("2000-01-01") + span),
)
def test_periods_contain_their_instant_and_leave_no_gaps(length: str, zone: str, now: datetime) -> None:
    period = budget_period(length, zone, now)

    assert now in period
    assert budget_period(length, zone, period.end).start == period.end
    assert budget_period(length, zone, period.start) == period


@pytest.mark.parametrize(("length", "zone"), [("fortnight", "UTC"), ("month", "Mars/Olympus"), ("month", "")])
def test_unknown_calendar_is_an_error(length: str, zone: str) -> None:
    with pytest.raises(ValueError, match="no such"):
        budget_period(length, zone, NOW)


def test_instant_at_which_a_limit_is_reached() -> None:
    reached = outlook(Money.of(0), Money.of("3.40"), Money.of(300), NOW)

    assert reached == NOW + timedelta(microseconds=int(Decimal(300) / Decimal("3.40") * 3_600_000_000))


def test_limit_that_is_reached_already_is_reached_now() -> None:
    assert outlook(Money.of(300), Money.of(0), Money.of(300), NOW) == NOW


@pytest.mark.parametrize("burn", ["0", "0.0000000000001"])
def test_limit_that_nothing_burns_towards_is_never_reached(burn: str) -> None:
    assert outlook(Money.of(0), Money.of(burn), Money.of(10**6), NOW) is None


@steady
@given(
    spent=st.decimals("0", "1000", places=9),
    burn=st.decimals("0.001", "500", places=6),
    limit=st.decimals("0.01", "2000", places=2),
)
def test_what_is_spent_at_that_instant_is_never_over_the_limit(spent: Decimal, burn: Decimal, limit: Decimal) -> None:
    reached = outlook(Money(spent), Money(burn), Money(limit), NOW)

    assert reached is not None
    hours = Decimal((reached - NOW) // timedelta(microseconds=1)) / 3_600_000_000
    assert spent + burn * hours <= max(limit, spent) + Decimal("1e-18")
    assert spent + burn * (hours + Decimal("1e-9")) >= limit


def test_local_zone_of_now_does_not_matter() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=9)))

    assert budget_period("month", "Europe/Paris", elsewhere) == budget_period("month", "Europe/Paris", NOW)
