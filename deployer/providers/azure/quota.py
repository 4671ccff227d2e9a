"""What an Azure subscription has room for: quotas of a region, and regions that have capacity for a model.

`GET .../locations/{location}/usages` (Usages - List) counts what is deployed against each quota;
`GET .../modelCapacities` (Model Capacities - List) says by region and SKU how much there is left, for
base models and for fine-tunes apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from deployer.deadline import CALL, deadline
from deployer.domain.deployment import Account
from deployer.ports.cloud import Quota
from deployer.providers.azure.cloud import Cloud
from deployer.providers.azure.wire import get, mapping, text


class AzureQuotas:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def quota(self, account: Account, name: str) -> Quota | None:
        rows = self._list(f"read the quotas of {account.region}", account, f"/locations/{account.region}/usages")
        found = (row for row in rows if text(mapping(row, "name"), "value").lower() == name.lower())
        return next((quota for row in found if (quota := _quota(name, row))), None)

    def places(self, account: Account, model: str, version: str, sku: str, *, tuned: bool) -> tuple[str, ...]:
        wanted = {"modelFormat": "OpenAI", "modelName": model, "modelVersion": version}
        rows = self._list(f"find regions for {model}", account, "/modelCapacities", wanted)
        fitting = (row for row in rows if _has_room(mapping(row, "properties"), sku, tuned))
        return tuple(sorted({text(row, "location").lower().replace(" ", "") for row in fitting}))

    def _list(self, what: str, account: Account, path: str, query: Mapping[str, str] | None = None) -> list[Any]:
        base = f"/subscriptions/{account.subscription}/providers/Microsoft.CognitiveServices"
        url = self._cloud.arm_url(base + path) + (f"&{urlencode(query)}" if query else "")
        with deadline(self._cloud.clock, CALL):
            return list(self._cloud.pages(what, self._cloud.accounts(account.subscription), url))


def _quota(name: str, row: Mapping[str, Any]) -> Quota | None:
    """A row without a number says nothing."""
    used, limit = get(row, "currentValue"), get(row, "limit")
    if not isinstance(used, int | float) or not isinstance(limit, int | float):
        return None
    return Quota(name, int(used), int(limit))


def _has_room(properties: Mapping[str, Any], sku: str, tuned: bool) -> bool:
    room = get(properties, "availableFinetuneCapacity" if tuned else "availableCapacity")
    return text(properties, "skuName").lower() == sku.lower() and isinstance(room, int | float) and room > 0
