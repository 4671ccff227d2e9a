"""Which rights a credential has, as Azure itself lists them, so that deleting need not be tried to know.

`GET {resource}/providers/Microsoft.Authorization/permissions` (Permissions - List For Resource).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployer.domain.deployment import Account
from deployer.errors import CloudError, Forbidden
from deployer.ports.cloud import Check
from deployer.providers.azure.cloud import Cloud
from deployer.providers.azure.role import Permission, Right, missing
from deployer.providers.azure.wire import get

VERSION = "2022-04-01"
_STEP = "`deployer doctor --role watcher|reaper|operator` prints a role with what is needed and no more"


def check_rights(cloud: Cloud, account: Account) -> Check:
    """One line: what the credential may not do on one account, and the action that each lacks."""
    url = cloud.arm_url(f"{account.resource_id}/providers/Microsoft.Authorization/permissions", VERSION)
    try:
        rows = cloud.pages(f"list the rights on {account.name}", cloud.accounts(account.subscription), url)
        lacking = missing([_permission(row) for row in rows])
    except Forbidden as error:
        detail = f"{error.message}; it needs Microsoft.Authorization/permissions/read"
        return Check("azure rights", False, detail, _STEP, optional=True)
    except CloudError as error:
        return Check("azure rights", False, error.message, error.next_step, optional=True)
    return _told(account, lacking)


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
