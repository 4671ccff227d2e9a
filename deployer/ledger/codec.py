"""How values are kept in columns: exact whole numbers for time, money and quantity, JSON for documents."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from deployer.domain.charge import Meter
from deployer.domain.deployment import Deployment
from deployer.domain.money import Money

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000
"""Microseconds in a UTC day."""
_MICROSECOND = timedelta(microseconds=1)
_BY_TOKEN = frozenset({Meter.INPUT, Meter.CACHED_INPUT, Meter.OUTPUT, Meter.TRAINING})


@lru_cache(maxsize=65_536)
def to_micros(instant: datetime) -> int:
    """Remembered: the same hours and instants come with every deployment."""
    return (instant - EPOCH) // _MICROSECOND


def to_instant(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def to_nano(money: Money) -> int:
    """Whole nano-dollars, half to even: the smallest amount that is written down."""
    return _whole(money.amount.scaleb(9))


def to_money(nano: int, currency: str) -> Money:
    return Money(Decimal(nano).scaleb(-9), currency)


def to_units(quantity: Decimal, meter: Meter) -> int:
    """Whole tokens, or nano-hours for what is counted by the hour."""
    return _whole(quantity if meter in _BY_TOKEN else quantity.scaleb(9))


def to_quantity(units: int, meter: Meter) -> Decimal:
    return Decimal(units) if meter in _BY_TOKEN else Decimal(units).scaleb(-9)


def to_json(value: object) -> str:
    """JSON that is the same for equal values, whatever the order of their keys."""
    return msgspec.json.encode(value, enc_hook=_plain, order="deterministic").decode()


def from_json(document: str) -> Any:
    return msgspec.json.decode(document)


@lru_cache(maxsize=4_096)
def to_deployment(document: str) -> Deployment:
    """Remembered: the documents of what is alive, and of what went lately, are read several times a sweep."""
    return _DEPLOYMENT.decode(document)


_DEPLOYMENT = msgspec.json.Decoder(Deployment)


def _whole(number: Decimal) -> int:
    """Half to even. Most numbers are whole already, and a Decimal is slow to round."""
    whole = int(number)
    return whole if whole == number else round(number)


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)
