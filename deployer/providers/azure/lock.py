"""Resource locks: what Azure itself will not let anyone delete.

Azure refuses such a deletion anyway (409 `ScopeLocked`), so a lock that cannot be read costs
no one anything; knowing it ahead keeps the guard from trying. Locks are inherited downwards.
https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from deployer.domain.deployment import Account, Deployment
from deployer.errors import CloudError
from deployer.providers.azure.cloud import Cloud
from deployer.providers.azure.wire import text

VERSION = "2016-09-01"
FRESH = 4 * 3600.0
"""Seconds for which the locks of a subscription are not asked for again."""
_MARK = "/providers/microsoft.authorization/locks/"


class Locks:
    """The locked scopes of each subscription, in lower case."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}

    def scopes(self, subscription: str) -> tuple[str, ...]:
        now = self._cloud.clock.monotonic()
        asked_at, found = self._known.get(subscription.lower(), (None, ()))
        if asked_at is None or now - asked_at > FRESH:
            found = self._ask(subscription)
            self._known[subscription.lower()] = (now, found)
        return found

    def mark_accounts(self, accounts: Sequence[Account]) -> list[Account]:
        """The same accounts, `locked` where a scope at or above them is."""
        subscriptions = list({account.subscription.lower() for account in accounts})
        scopes = [scope for found in self._cloud.each(self.scopes, subscriptions) for scope in found]
        return [
            replace(account, locked=True) if _covers(scopes, account.resource_id) else account for account in accounts
        ]

    def mark(self, deployment: Deployment) -> Deployment:
        """The same deployment, `locked` where a scope at or above it is."""
        scopes = self.scopes(deployment.account.subscription)
        locked = bool(scopes) and _covers(scopes, f"{deployment.account.resource_id}/deployments/{deployment.name}")
        return replace(deployment, locked=True) if locked else deployment

    def _ask(self, subscription: str) -> tuple[str, ...]:
        path = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/locks"
        client, url = self._cloud.accounts(subscription), self._cloud.arm_url(path, VERSION)
        try:
            found = [text(item, "id").lower() for item in self._cloud.pages("list locks", client, url)]
        except CloudError:
            return ()
        return tuple(name.partition(_MARK)[0] for name in found if _MARK in name)


def _covers(scopes: Iterable[str], resource_id: str) -> bool:
    wanted = resource_id.lower() + "/"
    return any(wanted.startswith(scope + "/") for scope in scopes)
