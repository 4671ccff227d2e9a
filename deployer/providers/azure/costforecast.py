"""Azure's own forecast of what a subscription's accounts will have cost: to be shown beside ours, decided on never.

It needs 28 days of history, knows of no deployment, and is as late as the bills that it stands on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from deployer.domain.charge import VendorForecast
from deployer.domain.deployment import Account
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.snapshot import Gap
from deployer.errors import CloudError
from deployer.providers.azure.costquery import OUR_RESOURCES, CostQueries, Row, cost_of, time_period
from deployer.providers.azure.costquota import units

NO_HISTORY = 424
"""The status that says that there is too little history."""


def forecasts(
    queries: CostQueries, accounts: Sequence[Account], period: Period, now: datetime
) -> tuple[tuple[VendorForecast, ...], tuple[Gap, ...]]:
    """One for each subscription that has one; actual costs up to now and expected ones from then on."""
    by_subscription: dict[str, list[Account]] = defaultdict(list)
    for account in accounts:
        by_subscription[account.subscription.lower()].append(account)
    found: list[VendorForecast] = []
    gaps: list[Gap] = []
    for subscription, members in by_subscription.items():
        try:
            amounts = _ask(queries, subscription, period)
        except CloudError as error:
            if error.status != NO_HISTORY:
                gaps.append(Gap("forecast", f"subscription {subscription}", error.message))
            continue
        names = tuple(member.name for member in members)
        found += [VendorForecast(f"subscription {subscription}", names, period, amount, now) for amount in amounts]
    return tuple(found), tuple(gaps)


def _ask(queries: CostQueries, subscription: str, period: Period) -> list[Money]:
    """The sum in each currency; nothing when there is no row."""
    what = f"read the forecast of subscription {subscription}"
    totals: dict[str, Money] = {}
    for row in queries.rows(what, subscription, "forecast", _question(period), units(period)):
        amount = _amount(row, what)
        totals[amount.currency] = totals.get(amount.currency, Money.zero(amount.currency)) + amount
    return list(totals.values())


def _amount(row: Row, what: str) -> Money:
    cost = cost_of(row)
    try:
        return Money(Decimal(cost), str(row.get("currency") or "USD"))
    except (InvalidOperation, TypeError):
        raise CloudError(f"cannot {what}: {cost!r} is no amount") from None


def _question(period: Period) -> Mapping[str, Any]:
    return {
        "type": "ActualCost",
        "timeframe": "Custom",
        "timePeriod": time_period(period),
        "dataset": {
            "granularity": "Daily",
            "aggregation": {"totalCost": {"name": "Cost", "function": "Sum"}},
            "filter": OUR_RESOURCES,
        },
        "includeActualCost": True,
        "includeFreshPartialCost": False,
    }
