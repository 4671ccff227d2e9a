"""Charges: what something cost, and how that is known."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from deployer.domain.money import Money
from deployer.domain.period import Period


class Meter(StrEnum):
    """What is counted, in the unit of its price."""

    HOSTING = "hosting"  # hours
    PROVISIONED = "provisioned"  # PTU-hours
    TRAINING = "training"  # tokens
    TRAINING_HOURS = "training-hours"  # hours
    INPUT = "input"  # tokens
    CACHED_INPUT = "cached-input"  # tokens
    OUTPUT = "output"  # tokens


class Known(StrEnum):
    """How a figure is known."""

    METERED = "metered"
    ACCRUED = "accrued"
    BILLED = "billed"
    FORECAST = "forecast"


class Bound(StrEnum):
    """Whether the amount is what was used, or at most that (a deployment was gone at next sight)."""

    EXACT = "exact"
    UPPER = "upper"


class Charge(NamedTuple):
    """One row of the ledger; `subject` is `DeploymentId.key`, or `job:<provider>:<id>`.

    `amount` is None when no price is known: never zero. `instance` tells two deployments of
    one name apart (the cloud's creation instant, ISO 8601); a charge never crosses UTC midnight.
    A tuple, because a first sweep makes hundreds of thousands.
    """

    subject: str
    instance: str
    meter: Meter
    period: Period
    quantity: Decimal
    amount: Money | None
    known: Known
    source: str
    as_of: datetime
    bound: Bound = Bound.EXACT


@dataclass(frozen=True)
class Spend:
    """A sum of charges: at least `low`, at most `high`, plus whatever `unpriced` names."""

    low: Money
    high: Money
    unpriced: tuple[str, ...] = ()

    @classmethod
    def zero(cls, currency: str = "USD") -> "Spend":
        return cls(Money.zero(currency), Money.zero(currency))

    def __add__(self, other: "Spend") -> "Spend":
        names = tuple(dict.fromkeys(self.unpriced + other.unpriced))
        return Spend(self.low + other.low, self.high + other.high, names)

    def __str__(self) -> str:
        if self.unpriced:
            return f"at least {self.low}"
        return str(self.high) if self.low == self.high else f"{self.low} to {self.high}"


@dataclass(frozen=True)
class VendorForecast:
    """What the vendor itself expects `scope` to have cost by the end of `period`; `as_of` is when it was asked.

    A scope is what the vendor forecasts for, such as a subscription; `accounts` are those of ours that lie in it.
    """

    scope: str
    accounts: tuple[str, ...]
    period: Period
    amount: Money
    as_of: datetime


@dataclass(frozen=True)
class Bill:
    """What the vendor says was billed for one account on one day; `as_of` is when the vendor was asked."""

    account: str
    day: datetime
    meter: str
    amount: Money
    as_of: datetime
