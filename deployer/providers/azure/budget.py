"""Azure budgets, as somebody has set them: they are evaluated once a day and send e-mail; they stop nothing.

Consumption API, Budgets - List. A budget belongs to a scope; those of a subscription do not show in its resource
groups, nor the other way round, so both are asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from deployer.domain.budget import CloudBudget, Notice
from deployer.domain.deployment import Account
from deployer.domain.money import Money
from deployer.domain.snapshot import Gap
from deployer.errors import CloudError, Forbidden
from deployer.providers.azure.cloud import Cloud
from deployer.providers.azure.mapping import PROVIDER, segments
from deployer.providers.azure.wire import get, instant, mapping, text

VERSION = "2024-08-01"
RIGHT_STEP = (
    "give the credential the role Cost Management Reader on the subscription (Microsoft.Consumption/budgets/read); "
    "without it Azure's own budgets are not shown"
)
_PERIODS = {
    "monthly": "month",
    "billingmonth": "month",
    "quarterly": "quarter",
    "billingquarter": "quarter",
    "annually": "year",
    "billingannual": "year",
}


def scopes_of(accounts: Iterable[Account], subscriptions: Iterable[str] = ()) -> tuple[str, ...]:
    """The scopes whose budgets can cover these accounts: their subscriptions, and their resource groups."""
    found: dict[str, str] = {f"/subscriptions/{one}".lower(): f"/subscriptions/{one}" for one in subscriptions}
    for account in accounts:
        whole = f"/subscriptions/{account.subscription}"
        for scope in (whole, f"{whole}/resourceGroups/{account.resource_group}"):
            found.setdefault(scope.lower(), scope)
    return tuple(found.values())


def observe_budgets(cloud: Cloud, scopes: Iterable[str]) -> tuple[tuple[CloudBudget, ...], tuple[Gap, ...]]:
    """All budgets of the scopes, each once; a scope that cannot be read is a gap that says which right is missing."""
    asked = tuple(scopes)
    found: dict[str, CloudBudget] = {}
    gaps: list[Gap] = []
    for scope, answer in zip(asked, cloud.each(lambda one: _read(cloud, one), asked), strict=True):
        if isinstance(answer, CloudError):
            step = f"; {RIGHT_STEP}" if isinstance(answer, Forbidden) else ""
            gaps.append(Gap("budgets", scope, f"{answer.message}{step}"))
        else:
            found |= {one.id.lower(): one for one in answer}
    return tuple(found.values()), tuple(gaps)


def read_budgets(cloud: Cloud, scope: str) -> tuple[CloudBudget, ...]:
    """The cost budgets of one scope. Raises CloudError."""
    what, now = f"list budgets of {scope}", cloud.clock.now()
    client = cloud.accounts(segments(scope).get("subscriptions", ""))
    url = cloud.arm_url(f"{scope}/providers/Microsoft.Consumption/budgets", VERSION)
    return tuple(found for item in cloud.pages(what, client, url) if (found := _to_budget(item, scope, now)))


def _read(cloud: Cloud, scope: str) -> tuple[CloudBudget, ...] | CloudError:
    try:
        return read_budgets(cloud, scope)
    except CloudError as error:
        return error


def _to_budget(item: Mapping[str, Any], scope: str, now: datetime) -> CloudBudget | None:
    """None for what tracks no money (the use of reservations), or shows no amount."""
    properties = mapping(item, "properties")
    spent, forecast = mapping(properties, "currentSpend"), mapping(properties, "forecastSpend")
    unit = text(spent, "unit") or text(forecast, "unit") or "USD"
    amount, grain = _money(get(properties, "amount"), unit), text(properties, "timeGrain")
    if amount is None or text(properties, "category").lower() != "cost":
        return None
    return CloudBudget(
        provider=PROVIDER,
        id=text(item, "id") or f"{scope}/{text(item, 'name')}",
        scope=scope,
        name=text(item, "name"),
        period=_PERIODS.get(grain.lower(), grain),
        amount=amount,
        spent=_money(get(spent, "amount"), unit),
        forecast=_money(get(forecast, "amount"), unit),
        notices=tuple(_notices(mapping(properties, "notifications"))),
        condition=mapping(properties, "filter"),
        ends=instant(get(mapping(properties, "timePeriod"), "endDate")),
        as_of=now,
    )


def _notices(found: Mapping[str, Any]) -> Iterator[Notice]:
    for name, item in found.items():
        if isinstance(item, Mapping):
            share = _number(get(item, "threshold"))
            yield Notice(
                name=str(name),
                share=None if share is None else share / 100,
                forecast=text(item, "thresholdType").lower() == "forecasted",
                enabled=get(item, "enabled") is not False,
                told=(*_words(item, "contactEmails"), *_words(item, "contactRoles")),
                groups=tuple(group.rpartition("/")[2] for group in _words(item, "contactGroups")),
            )


def _words(item: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = get(item, name)
    return tuple(str(one) for one in found) if isinstance(found, list) else ()


def _money(value: Any, unit: str) -> Money | None:
    """A JSON number by its shortest decimal form, which is what was meant."""
    number = _number(value)
    return None if number is None else Money(number, unit)


def _number(value: Any) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        raise CloudError(f"cannot read budgets: {value!r} is no amount") from None
