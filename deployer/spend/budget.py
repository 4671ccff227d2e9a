"""Budget periods in their own calendar, and the instant at which a limit will be reached."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_FLOOR, Decimal
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from deployer.domain.money import Money
from deployer.domain.period import Period

BudgetLength = Literal["day", "week", "month", "quarter", "year"]
_MICROSECONDS_AN_HOUR = 3_600_000_000
_FAR = timedelta(days=365 * 100)


def budget_period(period: str, timezone: str, now: datetime) -> Period:
    """The period that contains `now`, from local midnight to local midnight, in UTC; weeks start on Monday.

    Raises ValueError for a length or a timezone that does not exist.
    """
    zone = _zone(timezone)
    first, after = _dates(period, now.astimezone(zone).date())
    return Period(_midnight(first, zone), _midnight(after, zone))


def outlook(spent: Money, burn: Money, limit: Money, now: datetime) -> datetime | None:
    """The instant at which `spent` (upper bound) reaches `limit` while `burn` is added each hour.

    `now` when it already has, None when it never will (nothing burns, or not in a hundred years).
    Rounded down to the microsecond: never later than the true instant.
    """
    left = (limit - spent).amount
    if left <= 0:
        return now
    if burn.amount <= 0:
        return None
    microseconds = (left * _MICROSECONDS_AN_HOUR / (burn + Money.zero(limit.currency)).amount).to_integral_value(
        ROUND_FLOOR
    )
    if microseconds > Decimal(_FAR // timedelta(microseconds=1)):
        return None
    return now + timedelta(microseconds=int(microseconds))


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"no such timezone: {name!r}") from error


def _dates(period: str, today: date) -> tuple[date, date]:
    if period == "day":
        return today, today + timedelta(days=1)
    if period == "week":
        monday = today - timedelta(days=today.weekday())
        return monday, monday + timedelta(days=7)
    months = {"month": 1, "quarter": 3, "year": 12}.get(period)
    if months is None:
        raise ValueError(f"no such budget period: {period!r}; expected day, week, month, quarter or year")
    first = today.replace(month=(today.month - 1) // months * months + 1, day=1)
    return first, _months_later(first, months)


def _months_later(first: date, months: int) -> date:
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day; where clocks skip midnight, the instant of the skip."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
