"""What exists at OpenAI: fine-tuned models that can be called. They cost nothing while they are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import Any

from deployer.deadline import OBSERVATION, deadline, handed_on
from deployer.domain.deployment import Account, Deployment, DeploymentId, Tier
from deployer.domain.model import base_model, is_fine_tuned
from deployer.domain.snapshot import Gap, InventoryReading
from deployer.errors import CloudError, NotFound
from deployer.providers.job import to_instant
from deployer.providers.openai.cloud import PROVIDER, Cloud
from deployer.providers.page import all_items, identified


class OpenAIInventory:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def observe(self, known: Sequence[Account] = ()) -> InventoryReading:
        """Every project's fine-tuned models; a project whose models cannot be listed is a gap.

        `known` is not needed: a model that is not called costs nothing, wherever its project went.
        """
        with deadline(self._cloud.clock, OBSERVATION):
            return self._observe()

    def _observe(self) -> InventoryReading:
        try:
            accounts = self._cloud.accounts()
        except CloudError as error:
            return InventoryReading(gaps=(Gap("accounts", PROVIDER, error.message, error.next_step),), complete=False)
        read = self._all(accounts)
        gaps = tuple(one for one in read if isinstance(one, Gap))
        return InventoryReading(
            accounts,
            tuple(model for one in read if not isinstance(one, Gap) for model in one),
            gaps,
            frozenset(
                account.resource_id.lower() for account, one in zip(accounts, read, strict=True) if isinstance(one, Gap)
            ),
        )

    def read(self, account: Account, name: str) -> Deployment | None:
        client, what = self._cloud.client(account), f"read model {name}"
        try:
            model = self._cloud.attempts(what, lambda: client.models.retrieve(name))
        except NotFound:
            return None
        return to_deployment(account, identified(what, model), self._cloud.clock.now())

    def _all(self, accounts: Sequence[Account]) -> list[tuple[Deployment, ...] | Gap]:
        """Several projects at the same time; the usual only one without a thread."""
        if len(accounts) <= 1:
            return [self._project(account) for account in accounts]
        with ThreadPoolExecutor(max_workers=max(1, self._cloud.connection.workers)) as pool:
            return list(pool.map(handed_on(self._project), accounts))

    def of(self, account: Account) -> tuple[Deployment, ...]:
        return tuple(self._models(account))

    def _project(self, account: Account) -> tuple[Deployment, ...] | Gap:
        """One project to its last model; an API key speaks for its own project, so others may be refused to it."""
        try:
            return self.of(account)
        except CloudError as error:
            return Gap("deployments", f"{PROVIDER}:{account.name}", error.message, error.next_step)

    def _models(self, account: Account) -> Iterator[Deployment]:
        client, now = self._cloud.client(account), self._cloud.clock.now()
        what = f"list models of {account.name}"
        for model in all_items(self._cloud.attempts, what, client.models.list):
            if is_fine_tuned(str(identified(what, model)["id"])):
                yield to_deployment(account, model, now)


def to_deployment(account: Account, model: Mapping[str, Any], now: datetime) -> Deployment:
    """A listed model as a deployment. Retired models can still be listed: their date says so."""
    name = str(model.get("id", ""))
    return Deployment(
        id=DeploymentId(PROVIDER, account.name, name),
        account=account,
        model=name,
        base_model=base_model(name),
        fine_tuned=is_fine_tuned(name),
        tier=Tier.GLOBAL,
        created_at=to_instant(model.get("created")),
        state="retired" if _is_past(model.get("shutdown_date"), now) else "available",
        body=dict(model),
    )


def _is_past(shutdown: Any, now: datetime) -> bool:
    try:
        return date.fromisoformat(str(shutdown)[:10]) <= now.date()
    except ValueError:
        return False
