"""What a deployment's tokens cost, charged as differences to what was charged before.

Metrics arrive late and are corrected by the vendor, so each grain is charged by what it shows now
minus what was already charged for it. A correction is a new charge, negative if need be.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property, lru_cache

from deployer.domain.charge import Charge, Known, Meter
from deployer.domain.deployment import Deployment
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.snapshot import Tracked
from deployer.domain.usage import UsageBucket, UsageReading
from deployer.spend.price import PriceBook, Rate, Unpriced
from deployer.spend.standing import PROVISIONED, query

TOKEN_METERS = frozenset({Meter.INPUT, Meter.CACHED_INPUT, Meter.OUTPUT})
Charged = Mapping[tuple[str, Meter, datetime], Decimal]
_NANO = Decimal("1e-9")
_NONE = Decimal(0)


@dataclass(frozen=True)
class Consumption:
    """One deployment's usage reading, to be charged at `as_of`; `known` is its last record, if any."""

    deployment: Deployment
    reading: UsageReading
    known: Tracked | None
    as_of: datetime

    @cached_property
    def key(self) -> str:
        return self.deployment.id.key

    @cached_property
    def instance(self) -> str:
        seen = self.deployment.instance
        return seen or (self.known.instance if self.known else "")

    def instance_at(self, bucket: UsageBucket) -> str:
        """Who used these tokens: the instance before this one, when the grain ended before this one was made."""
        created = self.deployment.created_at
        if self.known and created and bucket.end <= created:
            return self.known.instance
        return self.instance


class Rates:
    """One deployment's token prices, looked up once a day and meter: a rate begins on a date."""

    def __init__(self, deployment: Deployment, book: PriceBook) -> None:
        self._deployment = deployment
        self._book = book
        self._found: dict[tuple[Meter, date], Rate | Unpriced] = {}

    def at(self, meter: Meter, instant: datetime) -> Rate | Unpriced:
        key = (meter, instant.date())
        if key not in self._found:
            self._found[key] = _rate(self._deployment, meter, instant, self._book)
        return self._found[key]


def by_grain(charged: Mapping[tuple[str, str, Meter, datetime], Decimal]) -> Charged:
    """Tokens charged so far by (subject, meter, grain), whichever instance they went to."""
    totals: dict[tuple[str, Meter, datetime], Decimal] = {}
    for (subject, _, meter, start), quantity in charged.items():
        key = (subject, meter, start)
        totals[key] = totals[key] + quantity if key in totals else quantity
    return totals


def charge_tokens(consumption: Consumption, book: PriceBook, charged: Charged) -> Iterator[Charge]:
    """A charge per grain and meter whose count differs from what was charged for it.

    Provisioned deployments pay for their units, not for tokens. A reading that is not complete
    may add, but never takes back: what it lacks may merely be missing.
    """
    if consumption.deployment.tier in PROVISIONED:
        return
    rates = Rates(consumption.deployment, book)
    for bucket in consumption.reading.buckets:
        for meter, count in _counts(bucket):
            before = charged.get((consumption.key, meter, bucket.start), _NONE)
            if count > before or (count < before and consumption.reading.complete):
                yield _charge(consumption, bucket, meter, before, Decimal(count), rates.at(meter, bucket.start))


def _counts(bucket: UsageBucket) -> Iterator[tuple[Meter, int]]:
    """Tokens by meter. Both vendors count cached tokens among the input; None is unknown and is left alone."""
    if bucket.input_tokens is not None:
        cached = min(bucket.cached_tokens or 0, bucket.input_tokens)
        yield Meter.INPUT, bucket.input_tokens - cached
        yield Meter.CACHED_INPUT, cached
    if bucket.output_tokens is not None:
        yield Meter.OUTPUT, bucket.output_tokens


def _charge(
    consumption: Consumption,
    bucket: UsageBucket,
    meter: Meter,
    before: Decimal,
    count: Decimal,
    rate: Rate | Unpriced,
) -> Charge:
    return Charge(
        subject=consumption.key,
        instance=consumption.instance_at(bucket),
        meter=meter,
        period=_grain(bucket.start, bucket.end),
        quantity=count - before,
        amount=_amount(rate, before, count),
        known=Known.METERED,
        source=rate.what if isinstance(rate, Unpriced) else rate.source,
        as_of=consumption.as_of,
    )


@lru_cache(maxsize=4_096)
def _grain(start: datetime, end: datetime) -> Period:
    """The same few hours of all deployments."""
    return Period(start, end)


def _rate(deployment: Deployment, meter: Meter, at: datetime, book: PriceBook) -> Rate | Unpriced:
    """The price of a token; a cached one without a price of its own is input like any other, with no discount."""
    rate = book.find(query(deployment, meter, at))
    if isinstance(rate, Unpriced) and meter is Meter.CACHED_INPUT:
        full = book.find(query(deployment, Meter.INPUT, at))
        return rate if isinstance(full, Unpriced) else full
    return rate


def _amount(rate: Rate | Unpriced, before: Decimal, count: Decimal) -> Money | None:
    """The difference of two rounded totals, so that corrections add up to what one charge would have been."""
    if isinstance(rate, Unpriced):
        return None
    total = _rounded(rate.amount(count))
    return Money(total - _rounded(rate.amount(before)) if before else total, rate.currency)


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_NANO, ROUND_HALF_EVEN)
