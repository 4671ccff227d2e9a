"""The bills of the two runs, side by side: what deployer accrued, what the sandbox invoiced."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from deployer.domain.money import Money


@dataclass(frozen=True)
class Line:
    """One line of a bill: `what` was used, how much of it, for how much."""

    what: str
    quantity: str
    amount: Money


@dataclass(frozen=True)
class Bill:
    """One run's bill: `accrued` from deployer's ledger, `invoiced` by the sandbox, and how it grew."""

    title: str
    accrued: Money
    invoiced: Money
    lines: tuple[Line, ...]
    growth: tuple[tuple[datetime, Decimal], ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether ledger and invoice are equal to the cent."""
        return self.accrued.rounded() == self.invoiced.rounded()


@dataclass(frozen=True)
class Comparison:
    """Run A without a guard, run B with one; `then` is run A's invoice at the hosting price of early 2024."""

    unguarded: Bill
    guarded: Bill
    then: Money
    then_growth: tuple[tuple[datetime, Decimal], ...] = ()

    @property
    def saved(self) -> Money:
        return self.unguarded.accrued.rounded() - self.guarded.accrued.rounded()

    @property
    def agrees(self) -> bool:
        return self.unguarded.agrees and self.guarded.agrees
