"""What Azure says was billed: Cost Management by day, account and meter, a day or more late.

One query for each subscription tells all accounts by day and meter; amounts are read as exact decimals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from deployer.deadline import OBSERVATION, deadline
from deployer.domain.budget import CloudBudget
from deployer.domain.charge import Bill, VendorForecast
from deployer.domain.deployment import Account
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.snapshot import Gap
from deployer.errors import CloudError
from deployer.providers.azure.budget import observe_budgets, scopes_of
from deployer.providers.azure.cloud import Cloud
from deployer.providers.azure.costforecast import forecasts
from deployer.providers.azure.costquery import OUR_RESOURCES, CostQueries, cost_of, day_of, midnight, time_period
from deployer.providers.azure.costquota import units

DAY, YEAR = timedelta(days=1), timedelta(days=365)
MOMENT = timedelta(microseconds=1)


class AzureBilling:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._queries = CostQueries(cloud)

    def billed(self, accounts: Sequence[Account], period: Period) -> tuple[tuple[Bill, ...], tuple[Gap, ...]]:
        with deadline(self._cloud.clock, OBSERVATION):
            return self._billed(accounts, period)

    def _billed(self, accounts: Sequence[Account], period: Period) -> tuple[tuple[Bill, ...], tuple[Gap, ...]]:
        bills: list[Bill] = []
        gaps: list[Gap] = []
        by_id = {account.resource_id.lower(): account for account in accounts}
        for subscription in dict.fromkeys(account.subscription for account in accounts):
            try:
                bills.extend(self._of_subscription(subscription, by_id, period))
            except CloudError as error:
                gaps.append(Gap("billing", f"subscription {subscription}", error.message))
        return tuple(bills), tuple(gaps)

    def forecast(
        self, accounts: Sequence[Account], period: Period
    ) -> tuple[tuple[VendorForecast, ...], tuple[Gap, ...]]:
        """Azure's, for each subscription."""
        with deadline(self._cloud.clock, OBSERVATION):
            return forecasts(self._queries, accounts, period, self._cloud.clock.now())

    def budgets(self, accounts: Sequence[Account]) -> tuple[tuple[CloudBudget, ...], tuple[Gap, ...]]:
        """Those of the subscriptions in use and of the resource groups that hold accounts."""
        with deadline(self._cloud.clock, OBSERVATION):
            return observe_budgets(self._cloud, scopes_of(accounts, self._cloud.endpoints.subscriptions))

    def _of_subscription(self, subscription: str, accounts: Mapping[str, Account], period: Period) -> list[Bill]:
        """All of them or an error: half a bill would read as a whole one."""
        as_of, what = self._cloud.clock.now(), f"read costs of subscription {subscription}"
        bills: list[Bill] = []
        for part in _parts(period, as_of):
            rows = self._queries.rows(what, subscription, "query", _question(part), units(part))
            bills += [bill for row in rows if (bill := _to_bill(row, accounts, as_of)) is not None]
        return bills


def _parts(period: Period, now: datetime) -> Iterator[Period]:
    """Whole days up to today, at most a year each: no query takes more, and each month of data costs quota."""
    start, end = midnight(period.start), min(midnight(period.end - MOMENT), midnight(now)) + DAY
    while start < end:
        yield Period(start, min(start + YEAR, end))
        start += YEAR


def _question(period: Period) -> dict[str, Any]:
    """Two groupings are the most that one query takes."""
    return {
        "type": "ActualCost",
        "timeframe": "Custom",
        "timePeriod": time_period(period),
        "dataset": {
            "granularity": "Daily",
            "aggregation": {"totalCost": {"name": "Cost", "function": "Sum"}},
            "grouping": [{"type": "Dimension", "name": "ResourceId"}, {"type": "Dimension", "name": "Meter"}],
            "filter": OUR_RESOURCES,
        },
    }


def _to_bill(row: Mapping[str, Any], accounts: Mapping[str, Account], as_of: datetime) -> Bill | None:
    """A bill, or None for a resource that was not asked about. Raises CloudError when a row cannot be read."""
    account = accounts.get(str(row.get("resourceid", "")).lower())
    if account is None:
        return None
    cost, day = cost_of(row), day_of(row)
    if cost is None or day is None:
        raise CloudError(f"cannot read costs of {account.name}: a row lacks its cost or its date")
    try:
        amount = Money(Decimal(cost), str(row.get("currency") or "USD"))
    except (InvalidOperation, TypeError):
        raise CloudError(f"cannot read costs of {account.name}: {cost!r} is no amount") from None
    return Bill(account.name, day, str(row.get("meter") or ""), amount, as_of)
