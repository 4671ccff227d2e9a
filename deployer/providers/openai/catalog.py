"""What an OpenAI project can call, with the `shutdown_date` of each model.

`GET /v1/models`. Retired models can still be listed, so the date decides, not presence. Until when a base
model can be trained is not said by the API.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from deployer.domain.catalog import ModelList, OfferedModel
from deployer.domain.deployment import Account
from deployer.domain.limit import UNLIMITED, Limits
from deployer.providers.openai.cloud import PROVIDER, Cloud
from deployer.providers.page import all_items
from deployer.providers.shelf import Shelf

SOURCE = "OpenAI, list of models"


class OpenAICatalog:
    """Safe to share over threads."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        key = cloud.connection.settings.get("OPENAI_API_KEY", "")  # of one organisation; only a digest is kept
        self._shelf = Shelf(cloud.clock, f"{cloud.base_url} {key}", cloud.connection.cache)

    def models(self, account: Account) -> ModelList:
        return self._shelf.take(account.resource_id, lambda: self._read(account, self._cloud.clock.now()))

    def limits(self, account: Account) -> Limits:
        """OpenAI's depend on the organisation's usage tier, which no answer tells."""
        return UNLIMITED

    def _read(self, account: Account, now: datetime) -> ModelList:
        client = self._cloud.client(account)
        rows = all_items(self._cloud.attempts, f"list models of {account.name}", client.models.list)
        return ModelList(PROVIDER, account.name, tuple(map(to_model, rows)), SOURCE, now)


def to_model(item: Mapping[str, Any]) -> OfferedModel:
    said = item.get("shutdown_date")
    end = to_end(said)
    return OfferedModel(
        name=str(item.get("id", "")),
        default=True,
        inference_until=end,
        unreadable=(f"shutdown_date {said!r}",) if said and end is None else (),
    )


def to_end(value: Any) -> datetime | None:
    """The first instant of the day of `shutdown_date`; None for anything that is no date."""
    try:
        return datetime.combine(date.fromisoformat(str(value)[:10]), time(), UTC)
    except ValueError:
        return None
