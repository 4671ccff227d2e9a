"""Which rights a credential has, as Azure itself lists them, so that deleting need not be tried to know.

`GET {resource}/providers/Microsoft.Authorization/permissions` (Permissions - List For Resource).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from deployer.domain.deployment import Account
from deployer.errors import CloudError, Forbidden
from deployer.ports.cloud import Check
from deployer.providers.azure.cloud import Cloud
from deployer.providers.azure.role import RIGHTS, Permission, Right, missing
from deployer.providers.azure.wire import get

VERSION = "2022-04-01"
_STEP = "`deployer doctor --role watcher|reaper|operator` prints a role with what is needed and no more"


def check_rights(cloud: Cloud, accounts: Sequence[Account]) -> Check:
    """One line: what the credential may not do, on one account of each subscription; the least of them all is told."""
    first = {account.subscription.lower(): account for account in reversed(accounts)}
    found = cloud.each(lambda account: _rights_on(cloud, account), list(first.values()))
    least = max(found, key=lambda one: (not one.check.ok, one.lacking))
    alike = sum(one.lacking == least.lacking and one.check.ok == least.check.ok for one in found)
    if len(found) == 1:
        return least.check
    count = f"all {len(found)}" if alike == len(found) else f"{alike} of {len(found)}"
    return replace(least.check, detail=f"{least.check.detail}; so in {count} subscriptions")


@dataclass(frozen=True)
class _Rights:
    """What is told of one account; `lacking`: how many rights it lacks, all when they could not be listed."""

    check: Check
    lacking: int


def _rights_on(cloud: Cloud, account: Account) -> _Rights:
    url = cloud.arm_url(f"{account.resource_id}/providers/Microsoft.Authorization/permissions", VERSION)
    try:
        rows = cloud.pages(f"list the rights on {account.name}", cloud.accounts(account.subscription), url)
        lacking = missing([_permission(row) for row in rows])
    except Forbidden as error:
        detail = f"{error.message}; it needs Microsoft.Authorization/permissions/read"
        return _Rights(Check("azure rights", False, detail, _STEP, optional=True), len(RIGHTS))
    except CloudError as error:
        return _Rights(Check("azure rights", False, error.message, error.next_step, optional=True), len(RIGHTS))
    return _Rights(_told(account, lacking), len(lacking))


def _told(account: Account, lacking: tuple[Right, ...]) -> Check:
    if not lacking:
        return Check("azure rights", True, f"operator on {account.name}: everything is allowed")
    blind = any(right.role == "watcher" for right in lacking)
    held = "none" if blind else "watcher" if any(right.role == "reaper" for right in lacking) else "reaper"
    cannot = "; ".join(f"cannot {right.purpose} ({right.action})" for right in lacking)
    detail = f"{held} on {account.name}: {cannot}" if held != "none" else f"on {account.name}: {cannot}"
    return Check("azure rights", not blind, detail, _STEP, optional=True)


def _permission(row: Mapping[str, Any]) -> Permission:
    return Permission(
        *(_strings(get(row, name)) for name in ("actions", "notActions", "dataActions", "notDataActions"))
    )


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
