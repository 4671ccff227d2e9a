"""What a deployment costs for standing there, used or not: hosting of fine-tuned models, and provisioned units.

Microsoft bills standard deployments of fine-tuned models per hour, used or not; the developer tier
and base models on standard SKUs have no such fee; provisioned throughput is billed per unit and hour
until deletion. Which is which stands in the price book (a known-free kind has a price of 0 there), so
a kind that the book does not know is `Unpriced`, never free.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property

from deployer.domain.charge import Bound, Charge, Known, Meter
from deployer.domain.deployment import Deployment, Tier
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.spend.price import PriceBook, PriceQuery, Rate, Unpriced

PROVISIONED = frozenset({Tier.PROVISIONED, Tier.GLOBAL_PROVISIONED, Tier.DATA_ZONE_PROVISIONED})
STANDING_METERS = frozenset({Meter.HOSTING, Meter.PROVISIONED})
_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS_AN_HOUR = 3_600_000_000
_NANO = Decimal(10) ** 9


@dataclass(frozen=True)
class Standing:
    """A rate and how many units of it run: 1 for hosting, the capacity for provisioned throughput."""

    rate: Rate
    units: int

    @cached_property
    def hourly(self) -> Money:
        return self.rate.cost(Decimal(self.units))


@dataclass(frozen=True)
class Stretch:
    """A time that one instance stood, as seen by those who account for it at `as_of`."""

    deployment: Deployment
    instance: str
    period: Period
    as_of: datetime
    bound: Bound = Bound.EXACT
    before: Deployment | None = None
    """How it was last seen, when it may have been changed (capacity, SKU) somewhere in the period."""


def hourly(deployment: Deployment, book: PriceBook, at: datetime) -> Money | Unpriced:
    """What it costs an hour when unused; zero only for a kind that is known to be free."""
    found = standing(deployment, book, at)
    return found.hourly if isinstance(found, Standing) else found


def standing(deployment: Deployment, book: PriceBook, at: datetime) -> Standing | Unpriced:
    """The rate that its standing is charged at, or what is missing to know it."""
    if not deployment.model:
        return Unpriced(f"{deployment.id}: its model was not shown")
    meter = standing_meter(deployment)
    rate = book.find(query(deployment, meter, at))
    if isinstance(rate, Unpriced):
        return rate
    if meter is Meter.HOSTING:
        if deployment.hosted and not rate.price:
            return Unpriced(f"{deployment.id}: the vendor's list says that {deployment.sku} pays hosting")
        return Standing(rate, 1)
    if deployment.capacity is None:
        return Unpriced(f"{deployment.id}: its number of provisioned units was not shown")
    return Standing(rate, deployment.capacity)


def standing_meter(deployment: Deployment) -> Meter:
    return Meter.PROVISIONED if deployment.tier in PROVISIONED else Meter.HOSTING


def query(deployment: Deployment, meter: Meter, at: datetime) -> PriceQuery:
    """What to ask the book for one meter of this deployment."""
    return PriceQuery(
        provider=deployment.id.provider,
        meter=meter,
        model=deployment.base_model,
        tier=deployment.tier,
        region=deployment.account.region,
        fine_tuned=deployment.fine_tuned,
        at=at,
    )


def charge_standing(stretch: Stretch, book: PriceBook) -> Iterator[Charge]:
    """Charges for the stretch, one per UTC day; nothing for a kind that is known to be free.

    However a time is cut into stretches, the amounts add up to the same: each is the difference
    of two running totals since UTC midnight, and only those are rounded (to the nano-dollar).
    """
    for day in stretch.period.split_by_day():
        charge = _charge_day(stretch, day, book)
        if charge is not None:
            yield charge


def _charge_day(stretch: Stretch, day: Period, book: PriceBook) -> Charge | None:
    now = standing(stretch.deployment, book, day.start)
    before = standing(stretch.before, book, day.start) if stretch.before else now
    if isinstance(now, Unpriced):
        return _charge(stretch, day, now, stretch.bound)
    if isinstance(before, Unpriced):
        return _charge(stretch, day, before, stretch.bound)
    dearest = max(now, before, key=lambda found: found.hourly)
    bound = stretch.bound if before.hourly == now.hourly else Bound.UPPER
    return _charge(stretch, day, dearest, bound) if dearest.hourly.amount else None


def _charge(stretch: Stretch, day: Period, found: Standing | Unpriced, bound: Bound) -> Charge:
    if isinstance(found, Unpriced):
        units, amount, source = Decimal(1), None, found.what
    else:
        units, source = Decimal(found.units), found.rate.source
        amount = Money(_grown(found.hourly.amount, day), found.rate.currency)
    return Charge(
        subject=stretch.deployment.id.key,
        instance=stretch.instance,
        meter=standing_meter(stretch.deployment),
        period=day,
        quantity=_grown(units, day),
        amount=amount,
        known=Known.ACCRUED,
        source=source,
        as_of=stretch.as_of,
        bound=bound,
    )


def _grown(an_hour: Decimal, day: Period) -> Decimal:
    """How much a running total that grows by `an_hour` grew over a part of one UTC day."""
    midnight = day.start.replace(hour=0, minute=0, second=0, microsecond=0)
    return _running(an_hour, day.end - midnight) - _running(an_hour, day.start - midnight)


def _running(an_hour: Decimal, since_midnight: timedelta) -> Decimal:
    exact = an_hour * _NANO * (since_midnight // _MICROSECOND) / _MICROSECONDS_AN_HOUR
    return exact.quantize(Decimal(1), ROUND_HALF_EVEN).scaleb(-9)
