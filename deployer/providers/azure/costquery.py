"""Questions to Cost Management: one scope, all pages, within the quota.

Rows are positional under the columns that the answer names; pages follow by POST of the same
question; 204 means that there is nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from azure.core.rest import HttpRequest

from deployer.domain.period import Period
from deployer.errors import CloudError
from deployer.providers.azure.cloud import MOST_PAGES, Cloud
from deployer.providers.azure.costquota import CostQuota
from deployer.providers.azure.endpoint import same_origin
from deployer.providers.azure.wire import GARBLED, get, mapping, text

VERSION = "2025-03-01"
CLIENT_TYPE = "deployer"
"""Cost Management throttles by this header; without it calls share the quota of the unnamed."""
RESOURCE_TYPE = "microsoft.cognitiveservices/accounts"
OUR_RESOURCES = {"dimensions": {"name": "ResourceType", "operator": "In", "values": [RESOURCE_TYPE]}}
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_COSTS = ("cost", "pretaxcost", "totalcost", "costusd", "pretaxcostusd")
Row = Mapping[str, Any]


class CostQueries:
    """One for each connection: what it has used of the quota counts for all its questions."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._quota = CostQuota(cloud.clock)

    def rows(self, what: str, subscription: str, kind: str, body: Mapping[str, Any], units: int) -> Iterator[Row]:
        """Every row of a `query` or a `forecast`, by column in lower case. Raises CloudError."""
        path = f"/subscriptions/{subscription}/providers/Microsoft.CostManagement/{kind}"
        url, seen = self._cloud.arm_url(path, VERSION), set[str]()
        while url:
            if url in seen or len(seen) >= MOST_PAGES or not same_origin(url, self._cloud.endpoints.resource_manager):
                raise CloudError(f"cannot {what}: the link to the next page leads nowhere")
            self._quota.take(subscription, units, follows=bool(seen))
            seen.add(url)
            document = self._page(what, url, body)
            yield from _rows_of(document, what)
            url = text(mapping(document, "properties"), "nextLink")

    def _page(self, what: str, url: str, body: Mapping[str, Any]) -> Any:
        client = self._cloud.guarded(what, self._cloud.costs)
        request = HttpRequest("POST", url, json=body, headers={"ClientType": CLIENT_TYPE})
        answer = self._cloud.send(what, client, request)
        if answer.status == 204:
            return {"properties": {"columns": [], "rows": []}}
        try:
            return _DECODER.decode(answer.content)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise CloudError(f"cannot {what}: the answer is not JSON ({error})", next_step=GARBLED) from None


def time_period(period: Period) -> dict[str, str]:
    """In whole days, the last one included."""
    last = period.end - timedelta(microseconds=1)
    return {"from": f"{period.start:%Y-%m-%dT00:00:00Z}", "to": f"{last:%Y-%m-%dT23:59:59Z}"}


def midnight(instant: datetime) -> datetime:
    """The beginning of its UTC day: bills are told by UTC days."""
    return instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def cost_of(row: Row) -> Any:
    """The amount, under any of the names that it goes by; None when there is none."""
    return next((row[name] for name in _COSTS if name in row), None)


def day_of(row: Row) -> datetime | None:
    """The day of `20260901`, as a number or text, or of an ISO date."""
    digits = "".join(character for character in str(row.get("usagedate") or "")[:10] if character.isdigit())
    try:
        return datetime.strptime(digits, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def _rows_of(document: Any, what: str) -> Iterator[Row]:
    properties = mapping(document, "properties")
    titles, rows = get(properties, "columns"), get(properties, "rows")
    if not isinstance(titles, list) or not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise CloudError(f"cannot {what}: the answer holds no rows under columns", next_step=GARBLED)
    columns = [text(title, "name").lower() for title in titles]
    if not all(columns):
        raise CloudError(f"cannot {what}: a column has no name", next_step=GARBLED)
    for row in rows:
        if len(row) != len(columns):
            raise CloudError(f"cannot {what}: a row has {len(row)} values for {len(columns)} columns")
        yield dict(zip(columns, row, strict=True))
