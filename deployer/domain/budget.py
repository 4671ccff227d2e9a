"""Budgets that somebody set in a cloud itself: they are evaluated once a day and tell; they stop nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from deployer.domain.money import Money


@dataclass(frozen=True)
class Notice:
    """Whom a budget tells when `share` of it (1 is the whole) is spent, or forecast to be.

    `groups` are action groups of the cloud: only they can do more than tell, by somebody's own automation.
    """

    name: str
    share: Decimal | None
    forecast: bool = False
    enabled: bool = True
    told: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class CloudBudget:
    """One budget; `period` is month, quarter, year or the vendor's own word.

    `scope` is the vendor's id of what it covers, narrowed by `condition` as the vendor writes it (empty: all of the
    scope). `spent` and `forecast` are the vendor's, as late as its bills; None when it does not say.
    """

    provider: str
    id: str
    scope: str
    name: str
    period: str
    amount: Money
    spent: Money | None = None
    forecast: Money | None = None
    notices: tuple[Notice, ...] = ()
    condition: Mapping[str, Any] = field(default_factory=dict)
    ends: datetime | None = None
    as_of: datetime | None = None

    def __str__(self) -> str:
        known = [f"{money} {what}" for money, what in ((self.spent, "spent"), (self.forecast, "expected")) if money]
        every = f"{self.amount} a {self.period}" if self.period in PERIODS else f"{self.amount} ({self.period})"
        return f"{self.name} {every}" + (f" ({', '.join(known)})" if known else "")


PERIODS = ("month", "quarter", "year")
