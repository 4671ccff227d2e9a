"""What Azure says was billed: Cost Management by day, account and meter, a day or more late.

Amounts are read as exact decimals. Rows are positional under the columns that the answer
names; pages follow by POST of the same question; 204 means that there is nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from azure.core.rest import HttpRequest

from deployer.domain.charge import Bill
from deployer.domain.deployment import Account
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.snapshot import Gap
from deployer.errors import CloudError
from deployer.providers.azure.cloud import MOST_PAGES, Cloud
from deployer.providers.azure.endpoint import same_origin
from deployer.providers.azure.wire import GARBLED, get, mapping, text
from deployer.providers.deadline import OBSERVATION, deadline

VERSION = "2025-03-01"
CLIENT_TYPE = "deployer"
"""Cost Management throttles by this header; without it calls share the quota of the unnamed."""
RESOURCE_TYPE = "microsoft.cognitiveservices/accounts"
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_COSTS = ("cost", "pretaxcost", "totalcost", "costusd")


class AzureBilling:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

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

    def _of_subscription(self, subscription: str, accounts: Mapping[str, Account], period: Period) -> list[Bill]:
        """All of them or an error: half a bill would read as a whole one."""
        as_of = self._cloud.clock.now()
        found = [_to_bill(row, accounts, as_of) for row in self._rows(subscription, period)]
        return [bill for bill in found if bill is not None]

    def _rows(self, subscription: str, period: Period) -> Iterator[Mapping[str, Any]]:
        what = f"read costs of subscription {subscription}"
        path = f"/subscriptions/{subscription}/providers/Microsoft.CostManagement/query"
        url, seen = self._cloud.arm_url(path, VERSION), set[str]()
        while url:
            if url in seen or len(seen) >= MOST_PAGES or not same_origin(url, self._cloud.endpoints.resource_manager):
                raise CloudError(f"cannot {what}: the link to the next page leads nowhere")
            seen.add(url)
            document = self._page(what, url, period)
            yield from _rows_of(document, what)
            url = text(mapping(document, "properties"), "nextLink")

    def _page(self, what: str, url: str, period: Period) -> Any:
        client = self._cloud.guarded(what, self._cloud.costs)
        request = HttpRequest("POST", url, json=_question(period), headers={"ClientType": CLIENT_TYPE})
        answer = self._cloud.send(what, client, request)
        if answer.status == 204:
            return {"properties": {"columns": [], "rows": []}}
        try:
            return _DECODER.decode(answer.content)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise CloudError(f"cannot {what}: the answer is not JSON ({error})", next_step=GARBLED) from None


def _question(period: Period) -> dict[str, Any]:
    """Two groupings are the most that one query takes. The period is in whole days, its last one included."""
    last = period.end - timedelta(microseconds=1)
    return {
        "type": "ActualCost",
        "timeframe": "Custom",
        "timePeriod": {"from": f"{period.start:%Y-%m-%dT00:00:00Z}", "to": f"{last:%Y-%m-%dT23:59:59Z}"},
        "dataset": {
            "granularity": "Daily",
            "aggregation": {"totalCost": {"name": "Cost", "function": "Sum"}},
            "grouping": [{"type": "Dimension", "name": "ResourceId"}, {"type": "Dimension", "name": "Meter"}],
            "filter": {"dimensions": {"name": "ResourceType", "operator": "In", "values": [RESOURCE_TYPE]}},
        },
    }


def _rows_of(document: Any, what: str) -> Iterator[Mapping[str, Any]]:
    properties = mapping(document, "properties")
    titles, rows = get(properties, "columns"), get(properties, "rows")
    if not isinstance(titles, list) or not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise CloudError(f"cannot {what}: the answer holds no rows under columns", next_step=GARBLED)
    columns = [text(title, "name").lower() for title in titles]
    for row in rows:
        if len(row) != len(columns):
            raise CloudError(f"cannot {what}: a row has {len(row)} values for {len(columns)} columns")
        yield dict(zip(columns, row, strict=True))


def _to_bill(row: Mapping[str, Any], accounts: Mapping[str, Account], as_of: datetime) -> Bill | None:
    """A bill, or None for a resource that was not asked about. Raises CloudError when a row cannot be read."""
    account = accounts.get(str(row.get("resourceid", "")).lower())
    if account is None:
        return None
    cost = next((row[name] for name in _COSTS if name in row), None)
    day = _day(row.get("usagedate"))
    if cost is None or day is None:
        raise CloudError(f"cannot read costs of {account.name}: a row lacks its cost or its date")
    try:
        amount = Money(Decimal(cost), str(row.get("currency") or "USD"))
    except (InvalidOperation, TypeError):
        raise CloudError(f"cannot read costs of {account.name}: {cost!r} is no amount") from None
    return Bill(account.name, day, str(row.get("meter") or ""), amount, as_of)


def _day(value: Any) -> datetime | None:
    """The day of `20260901`, as a number or text, or of an ISO date."""
    digits = "".join(character for character in str(value or "")[:10] if character.isdigit())
    try:
        return datetime.strptime(digits, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None
