"""What an Azure region offers, from ARM's own list of models: dates, SKUs, which of them pay hosting.

`GET .../locations/{location}/models` (Models - List). The list is long, changes seldom, and costs a read
against the subscription's limit, so it is kept for a day, by region: dates do not differ by subscription.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from deployer.deadline import CALL, deadline
from deployer.domain.catalog import ModelList, OfferedModel, OfferedSku
from deployer.domain.deployment import Account
from deployer.domain.limit import Limits
from deployer.providers.azure.cloud import Cloud
from deployer.providers.azure.limit import LIMITS
from deployer.providers.azure.mapping import PROVIDER
from deployer.providers.azure.wire import get, instant, items, mapping, text
from deployer.providers.shelf import Shelf

SOURCE = "Azure Resource Manager, list of models"
_UNSET_YEAR = 1900
""".NET writes a date that was never set as year 1."""


class AzureCatalog:
    """Safe to share over threads."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._shelf = Shelf(cloud.clock, cloud.endpoints.resource_manager, cloud.connection.cache)

    def models(self, account: Account) -> ModelList:
        return self._shelf.take(account.region, lambda: self._read(account, self._cloud.clock.now()))

    def limits(self, account: Account) -> Limits:
        return LIMITS

    def _read(self, account: Account, now: datetime) -> ModelList:
        path = f"/subscriptions/{account.subscription}/providers/Microsoft.CognitiveServices"
        url = self._cloud.arm_url(f"{path}/locations/{account.region}/models")
        client = self._cloud.accounts(account.subscription)
        with deadline(self._cloud.clock, CALL):
            found = to_models(self._cloud.pages(f"list the models of {account.region}", client, url))
        return ModelList(PROVIDER, account.region, found, SOURCE, now)


def to_models(rows: Iterable[Mapping[str, Any]]) -> tuple[OfferedModel, ...]:
    """Each version once, although ARM lists it once for every kind of account."""
    found: dict[tuple[str, str], OfferedModel] = {}
    for row in rows:
        model = to_model(mapping(row, "model"))
        if model.name:
            found.setdefault((model.name.lower(), model.version.lower()), model)
    return tuple(found.values())


def to_model(item: Mapping[str, Any]) -> OfferedModel:
    ends = mapping(item, "deprecation")
    named = {name: get(ends, name) for name in ("inference", "fineTune")}
    return OfferedModel(
        name=text(item, "name"),
        version=text(item, "version"),
        lifecycle=text(item, "lifecycleStatus"),
        default=get(item, "isDefaultVersion") is True,
        tunable=_is_tunable(item),
        inference_until=_end(named["inference"]),
        fine_tune_until=_end(named["fineTune"]),
        skus=tuple(to_sku(sku) for sku in items(item, "skus")),
        unreadable=tuple(f"deprecation.{name} {value!r}" for name, value in named.items() if _is_unreadable(value)),
    )


def to_sku(item: Mapping[str, Any]) -> OfferedSku:
    """As recorded on 2026-09-01: SKUs for fine-tunes have `scope: "Finetune"` and name their costs."""
    tuned, retires = text(item, "scope").lower() == "finetune", get(item, "deprecationDate")
    costs = [*items(item, "costs"), *items(item, "cost")]
    hosting = any(text(cost, "name").lower() == "hosting" for cost in costs)
    sizes = mapping(item, "capacity").items()
    return OfferedSku(
        name=text(item, "name"),
        tuned=tuned,
        hosted=hosting if tuned or costs else None,
        retires=_end(retires),
        usage_name=text(item, "usageName"),
        capacity={str(name).lower(): size for name, size in sizes if isinstance(size, int)},
        allowed=tuple(size for name, some in sizes if str(name).lower() == "allowedvalues" for size in _whole(some)),
        unreadable=f"deprecationDate {retires!r}" if _is_unreadable(retires) else "",
    )


def _whole(sizes: Any) -> list[int]:
    return [size for size in sizes if isinstance(size, int)] if isinstance(sizes, list) else []


def _is_tunable(item: Mapping[str, Any]) -> bool | None:
    said = text(mapping(item, "capabilities"), "fineTune").lower()
    return {"true": True, "false": False}.get(said)


def _end(value: Any) -> datetime | None:
    at = instant(value)
    return at if at is not None and at.year > _UNSET_YEAR else None


def _is_unreadable(value: Any) -> bool:
    """Whether a date came that says nothing; one that was never set is absent."""
    return bool(value) and instant(value) is None
