"""Azure budgets, as somebody has set them: they are evaluated once a day and send e-mail; they stop nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from deployer.domain.money import Money
from deployer.errors import CloudError
from deployer.providers.azure.cloud import Cloud
from deployer.providers.azure.wire import get, mapping, text

VERSION = "2024-08-01"


@dataclass(frozen=True)
class Budget:
    """`spent` and `forecast` are the vendor's, as late as its bills; None when it does not say."""

    name: str
    grain: str
    amount: Money
    spent: Money | None = None
    forecast: Money | None = None

    def __str__(self) -> str:
        known = [f"{money} {what}" for money, what in ((self.spent, "spent"), (self.forecast, "expected")) if money]
        return f"{self.name} {self.amount} {self.grain.lower()}" + (f" ({', '.join(known)})" if known else "")


def read_budgets(cloud: Cloud, subscriptions: Iterable[str]) -> tuple[Budget, ...]:
    """The cost budgets of whole subscriptions. Raises CloudError."""
    found: list[Budget] = []
    for subscription in subscriptions:
        path = f"/subscriptions/{subscription}/providers/Microsoft.Consumption/budgets"
        what = f"list budgets of subscription {subscription}"
        pages = cloud.pages(what, cloud.accounts(subscription), cloud.arm_url(path, VERSION))
        found += [budget for item in pages if (budget := _to_budget(item)) is not None]
    return tuple(found)


def _to_budget(item: Mapping[str, Any]) -> Budget | None:
    """None for what tracks no money (the use of reservations), or shows no amount."""
    properties = mapping(item, "properties")
    spent, forecast = mapping(properties, "currentSpend"), mapping(properties, "forecastSpend")
    unit = text(spent, "unit") or text(forecast, "unit") or "USD"
    amount = _money(get(properties, "amount"), unit)
    if amount is None or text(properties, "category").lower() != "cost":
        return None
    return Budget(
        text(item, "name"),
        text(properties, "timeGrain"),
        amount,
        _money(get(spent, "amount"), unit),
        _money(get(forecast, "amount"), unit),
    )


def _money(value: Any, unit: str) -> Money | None:
    """A JSON number by its shortest decimal form, which is what was meant."""
    try:
        return None if value is None else Money(Decimal(str(value)), unit)
    except InvalidOperation:
        raise CloudError(f"cannot read budgets: {value!r} is no amount") from None
