"""The true invoice: every charge with its arithmetic, and the sum."""

from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from deployer.sandbox.charge import Line, charges, unit_of
from deployer.sandbox.price import Price
from deployer.sandbox.world import World

CENT = Decimal("0.01")


class Invoice:
    """All charges of a window; `hosting_rate` asks what it would be at another price of an hour of hosting."""

    def __init__(
        self, world: World, start: datetime | None, end: datetime | None, hosting_rate: Decimal | None = None
    ) -> None:
        self.lines = [_at_rate(line, hosting_rate) for line in charges(world, start, end)]

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    def document(self) -> dict[str, Any]:
        """Numbers as text; `total` is rounded to cents once, at the end, and `exact` is not."""
        return {
            "lines": [_document(line) for line in self.lines],
            "total": str(self.total.quantize(CENT, ROUND_HALF_EVEN)),
            "exact": _text(self.total),
            "currency": "USD",
        }


def _at_rate(line: Line, hosting_rate: Decimal | None) -> Line:
    if hosting_rate is None or line.meter != "hosting":
        return line
    return replace(line, price=Price(hosting_rate, Decimal(1)))


def _document(line: Line) -> dict[str, str]:
    return {
        "provider": line.provider,
        "account": line.account,
        "job" if line.job else "deployment": line.subject,
        "model": line.model,
        "meter": line.meter,
        "tier": line.tier,
        "quantity": _text(line.quantity / line.price.per),
        "unit": unit_of(line),
        "unit_price": _text(line.price.amount),
        "amount": _text(line.amount),
        "start": line.start.isoformat(),
        "end": line.end.isoformat(),
    }


def _text(number: Decimal) -> str:
    """Without an exponent and without trailing zeros."""
    return format(number.normalize(), "f") if number else "0"
