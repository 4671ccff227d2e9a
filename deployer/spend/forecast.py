"""Where spend is heading by the end of a period: what is accrued, plus what goes on burning.

Hours burn at a known rate; tokens are taken to go on at their recent rate. No library for
forecasting is needed for that, and none was found to do better.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from deployer.domain.charge import Spend
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.spend.price import Unpriced

RUN_RATE_WINDOW = timedelta(days=7)
"""How far back the token rate looks: a whole week, so that weekends weigh what they should."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Forecast:
    """Spend by the end of `period`, as known at `as_of`; `source` says how it was worked out."""

    period: Period
    spent: Spend
    expected: Spend
    hourly: Money
    source: str
    as_of: datetime

    def age(self, now: datetime) -> timedelta:
        return now - self.as_of


def forecast(
    spent: Spend, standing: Iterable[Money | Unpriced], tokens: Money, period: Period, now: datetime
) -> Forecast:
    """The spend at the end of the period if all that stands goes on standing.

    `standing` is what each deployment costs an hour unused, `tokens` the run rate an hour. What is not
    priced makes the result a lower bound, and is named in it.
    """
    rates = list(standing)
    currency = spent.high.currency
    burn = Money.total((rate for rate in rates if isinstance(rate, Money)), currency) + tokens
    unpriced = tuple(rate.what for rate in rates if isinstance(rate, Unpriced))
    more = burn * hours(max(period.end - now, timedelta()))
    return Forecast(
        period=period,
        spent=spent,
        expected=spent + Spend(more, more, unpriced),
        hourly=burn,
        source=f"accrued, plus {burn.amount.normalize():f} {currency} an hour until the end of the period",
        as_of=now,
    )


def run_rate(metered: Iterable[Money], window: Period, currency: str = "USD") -> Money:
    """What tokens cost an hour, on average over the window, from what they cost in it."""
    if not window.length:
        return Money.zero(currency)
    total = Money.total((cost for cost in metered if cost.currency == currency), currency)
    return Money(total.amount / hours(window.length), currency)


def hours(length: timedelta) -> Decimal:
    """A length of time as exact hours where it is a whole number of microseconds."""
    return Decimal(length // timedelta(microseconds=1)) / Decimal(_HOUR // timedelta(microseconds=1))
