"""What exists in Azure: accounts through Resource Graph, their deployments through ARM.

Resource Graph knows accounts of all subscriptions in one call but no deployments; it answers
200 with nothing for a subscription that the credential cannot see. So a subscription without
accounts is asked again through ARM, which says no in words. An account that was there and is
not listed any more may be deleted or merely hidden: it is asked for by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from azure.core.rest import HttpRequest

from deployer.deadline import OBSERVATION, deadline
from deployer.domain.deployment import Account, Deployment
from deployer.domain.snapshot import InventoryReading
from deployer.errors import CloudError, NotFound
from deployer.providers.azure.cloud import ARM_VERSION, Cloud
from deployer.providers.azure.discovery import Found, by_turns, is_gone, search_missing
from deployer.providers.azure.lock import Locks
from deployer.providers.azure.mapping import PROVIDER, to_deployment
from deployer.providers.azure.namesake import name_apart
from deployer.providers.azure.version import ReadVersion
from deployer.providers.azure.wire import get, listed, text

GRAPH_PATH = "/providers/Microsoft.ResourceGraph/resources"
GRAPH_VERSION = "2024-04-01"
GRAPH_PAGE = 1000
GRAPH_QUERY = (
    "resources | where type =~ 'microsoft.cognitiveservices/accounts' "
    "| project id, name, type, kind, location, resourceGroup, subscriptionId, tags, properties "
    "| order by id asc"
)
MOST_GRAPH_SUBSCRIPTIONS = 1000


class AzureInventory:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._locks = Locks(cloud)
        self._version = ReadVersion(cloud.clock)

    def observe(self, known: Sequence[Account] = ()) -> InventoryReading:
        with deadline(self._cloud.clock, OBSERVATION):
            return self._observe(known)

    def _observe(self, known: Sequence[Account]) -> InventoryReading:
        self._cloud.transport.forget_time()
        found = self.accounts()
        search_missing(self._cloud, known, found)
        accounts = self._locks.mark_accounts(by_turns(name_apart(found, known or self._written(found))))
        return self._reading(found, accounts, self._cloud.each(self._list, accounts))

    def _written(self, found: Found) -> list[Account]:
        """Who looks without a ledger at hand calls accounts as the ledger does, or would act on another of the name.

        A name whose account is not listed any more is free when that account is gone; else it may be hidden.
        """
        written = [account for account in self._cloud.connection.written() if account.provider == PROVIDER]
        ids = {account.resource_id.lower() for account in written}
        strangers = {one.name.lower() for resource_id, one in found.accounts.items() if resource_id not in ids}
        aside = Found(accounts=dict(found.accounts), complete=found.complete)
        search_missing(self._cloud, [one for one in written if one.name.lower() in strangers], aside)
        return [one for one in written if one.resource_id.lower() not in aside.vanished]

    def read(self, account: Account, name: str) -> Deployment | None:
        what, client = f"read deployment {name} of {account.name}", self._cloud.accounts(account.subscription)

        def work(version: str) -> Any:
            request = HttpRequest("GET", deployment_url(self._cloud, account, name, version))
            return self._cloud.send(what, client, request).document()

        try:
            document = self._version.ask(work)
        except NotFound:
            return None
        return self._locks.mark(to_deployment(document, account))

    def of(self, account: Account) -> tuple[Deployment, ...]:
        what, client = f"list deployments of {account.name}", self._cloud.accounts(account.subscription)

        def work(version: str) -> list[Mapping[str, Any]]:
            url = self._cloud.arm_url(f"{account.resource_id}/deployments", version)
            return list(self._cloud.pages(what, client, url))

        return tuple(self._locks.mark(to_deployment(item, account)) for item in self._version.ask(work))

    def accounts(self) -> Found:
        """All accounts that can be seen; never raises for a cloud's failure."""
        found = Found()
        try:
            subscriptions = self._cloud.subscriptions()
        except CloudError as error:
            found.miss("azure", error)
            return found
        if not subscriptions:
            found.miss("azure", CloudError("the credential sees no subscription"))
            return found
        for start in range(0, len(subscriptions), MOST_GRAPH_SUBSCRIPTIONS):
            self._find(subscriptions[start : start + MOST_GRAPH_SUBSCRIPTIONS], found)
        return found

    def _find(self, subscriptions: Sequence[str], found: Found) -> None:
        try:
            rows = self._graph_rows(subscriptions)
            found.add(rows)
            seen = {text(row, "subscriptionId").lower() or text(row, "id").split("/")[2].lower() for row in rows}
        except CloudError:
            seen = set()
        unseen = [subscription for subscription in subscriptions if subscription.lower() not in seen]
        for subscription, answer in zip(unseen, self._cloud.each(self._arm_rows, unseen), strict=True):
            if isinstance(answer, CloudError):
                found.miss(f"subscription {subscription}", answer)
            else:
                found.add(answer)

    def _graph_rows(self, subscriptions: Sequence[str]) -> list[Mapping[str, Any]]:
        """Every row, to the last page. Raises CloudError, also when the service cut the result short."""
        rows: list[Mapping[str, Any]] = []
        token, seen = "", set[str]()
        while True:
            document = self._graph_page(subscriptions, token)
            rows.extend(listed(document, "data", "list accounts"))
            token = text(document, "$skipToken")
            if not token:
                break
            if token in seen:
                raise CloudError("cannot list accounts: the list does not end")
            seen.add(token)
        total = get(document, "totalRecords")
        if isinstance(total, int) and total > len(rows):
            raise CloudError(f"cannot list accounts: {len(rows)} of {total} came")
        return rows

    def _graph_page(self, subscriptions: Sequence[str], token: str) -> Any:
        options = {"$top": GRAPH_PAGE, "resultFormat": "objectArray", **({"$skipToken": token} if token else {})}
        body = {"subscriptions": list(subscriptions), "query": GRAPH_QUERY, "options": options}
        request = HttpRequest("POST", self._cloud.arm_url(GRAPH_PATH, GRAPH_VERSION), json=body)
        return self._cloud.send("list accounts", self._cloud.graph(), request).document()

    def _arm_rows(self, subscription: str) -> list[Mapping[str, Any]] | CloudError:
        path = f"/subscriptions/{subscription}/providers/Microsoft.CognitiveServices/accounts"
        client, url = self._cloud.accounts(subscription), self._cloud.arm_url(path)
        try:
            return list(self._cloud.pages(f"list accounts of {subscription}", client, url))
        except CloudError as error:
            return error

    def _list(self, account: Account) -> tuple[Deployment, ...] | CloudError:
        """The deployments of one account, or why they could not be listed."""
        try:
            return self.of(account)
        except CloudError as error:
            return error

    def _reading(
        self, found: Found, accounts: Sequence[Account], lists: Sequence[tuple[Deployment, ...] | CloudError]
    ) -> InventoryReading:
        """One account that failed is a gap; one that ceased to exist meanwhile is left out; the rest goes on."""
        kept: list[Account] = []
        deployments: list[Deployment] = []
        for account, answer in zip(accounts, lists, strict=True):
            if isinstance(answer, CloudError) and is_gone(answer):
                found.vanished.add(account.resource_id.lower())
                continue
            kept.append(account)
            if isinstance(answer, CloudError):
                found.hide(account, answer.message)
            else:
                deployments.extend(answer)
        return InventoryReading(
            tuple(kept),
            tuple(deployments),
            tuple(found.gaps),
            frozenset(found.unread),
            found.complete,
            frozenset(found.vanished),
            self._cloud.transport.told_at(),
        )


def deployment_url(cloud: Cloud, account: Account, name: str, version: str = ARM_VERSION) -> str:
    return cloud.arm_url(f"{account.resource_id}/deployments/{quote(name, safe='')}", version)
