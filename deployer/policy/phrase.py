"""How durations, instants and burn rates are worded in reasons: the same few in the reasons of thousands."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from deployer.domain.money import Money
from deployer.spend.price import Unpriced

HOURS_A_MONTH = 730
"""365 * 24 / 12, as the vendors' price calculators count."""


@lru_cache(maxsize=4_096)
def span(length: timedelta) -> str:
    """A duration for people: `10 min`, `26 h 10 min`, `14 d 6 h`; rounded down to the minute."""
    minutes = max(0, int(length.total_seconds() // 60))
    hours, minutes = divmod(minutes, 60)
    if hours >= 72:
        days, hours = divmod(hours, 24)
        return f"{days} d {hours} h" if hours else f"{days} d"
    if not hours:
        return f"{minutes} min" if minutes or length else "0 h"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


@lru_cache(maxsize=4_096)
def instant(at: datetime) -> str:
    """`2026-09-03 10:00Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%MZ}"


def percent(share: Decimal) -> str:
    """`80%` of 0.8."""
    return f"{(share * 100).normalize():f}%"


@lru_cache(maxsize=1_024)
def burn(hourly: Money | Unpriced) -> str:
    """`$1.70/h; $1,241 a month`, or what price is missing."""
    if isinstance(hourly, Unpriced):
        return f"cost unknown ({hourly})"
    return f"{hourly}/h; {whole(hourly * HOURS_A_MONTH)} a month"


def whole(amount: Money) -> str:
    """An amount without its cents where they are zero: `$1,241`."""
    return str(amount).replace(".00", "")
