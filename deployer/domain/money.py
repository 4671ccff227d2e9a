"""Money: an exact amount with its currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import total_ordering
from typing import Self

CENT = Decimal("0.01")
_SYMBOLS = {"USD": "$"}


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount that is never a float; amounts of two currencies never mix."""

    amount: Decimal
    currency: str = "USD"

    @classmethod
    def zero(cls, currency: str = "USD") -> Self:
        return cls(Decimal(0), currency)

    @classmethod
    def of(cls, amount: str | int, currency: str = "USD") -> Self:
        return cls(Decimal(amount), currency)

    @classmethod
    def total(cls, amounts: Iterable["Money"], currency: str = "USD") -> "Money":
        """The sum; zero of `currency` when there is nothing to add."""
        result: Money | None = None
        for amount in amounts:
            result = amount if result is None else result + amount
        return cls.zero(currency) if result is None else result

    def __add__(self, other: "Money") -> "Money":
        self._require_same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._require_same(other)
        return Money(self.amount - other.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> "Money":
        return Money(self.amount * factor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._require_same(other)
        return self.amount < other.amount

    def __str__(self) -> str:
        """To the cent, as people write it: `$1,387.20`; what is something and rounds to nothing is `<$0.01`."""
        amount = self.rounded().amount
        if not amount and self.amount > 0:
            return f"<{Money(CENT, self.currency)}"
        sign, symbol = ("-" if amount < 0 else ""), _SYMBOLS.get(self.currency)
        if symbol:
            return f"{sign}{symbol}{abs(amount):,.2f}"
        return f"{amount:,.2f} {self.currency}"

    def rounded(self) -> "Money":
        """To the cent, half to even."""
        return Money(self.amount.quantize(CENT, ROUND_HALF_EVEN), self.currency)

    def _require_same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot mix {self.currency} with {other.currency}")
