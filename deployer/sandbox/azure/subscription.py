"""Subscriptions, resource groups, locks, and what a credential may do."""

from typing import Any

from deployer.sandbox.azure.account import ACCOUNT
from deployer.sandbox.azure.error import guarded
from deployer.sandbox.azure.lookup import require_account, require_group, require_subscription
from deployer.sandbox.azure.page import arm_page
from deployer.sandbox.resource import Lock, Refusal
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

EVERYTHING = {"actions": ["*"], "notActions": [], "dataActions": ["*"], "notDataActions": []}


def routes(world: World) -> list[Route]:
    service = Subscriptions(world)
    groups = "/subscriptions/{subscription}/resourceGroups"
    permissions = ACCOUNT + "/providers/Microsoft.Authorization/permissions"
    locks = "/subscriptions/{subscription}/providers/Microsoft.Authorization/locks"
    return [
        Route("GET", "/tenants", "tenants.list", guarded(world, service.tenants)),
        Route("GET", "/subscriptions", "subscriptions.list", guarded(world, service.list)),
        Route("GET", "/subscriptions/{subscription}", "subscriptions.get", guarded(world, service.get)),
        Route("GET", groups, "groups.list", guarded(world, service.list_groups)),
        Route("GET", groups + "/{group}", "groups.get", guarded(world, service.get_group)),
        Route("HEAD", groups + "/{group}", "groups.exists", guarded(world, service.has_group)),
        Route("PUT", groups + "/{group}", "groups.put", guarded(world, service.put_group)),
        Route("GET", locks, "locks.list", guarded(world, service.list_locks)),
        Route("GET", permissions, "permissions.list", guarded(world, service.list_permissions)),
    ]


class Subscriptions:
    def __init__(self, world: World) -> None:
        self._world = world

    def tenants(self, request: Request) -> Response:
        tenant = self._world.credentials.tenant_id
        entry = {"id": f"/tenants/{tenant}", "tenantId": tenant, "tenantCategory": "Home", "displayName": "Sandbox"}
        return Response.json({"value": [entry]})

    def list(self, request: Request) -> Response:
        return arm_page(self._world, request, list(self._world.cloud.subscriptions), self._subscription)

    def get(self, request: Request) -> Response:
        return Response.json(self._subscription(require_subscription(self._world, request)))

    def list_groups(self, request: Request) -> Response:
        subscription = require_subscription(self._world, request)
        groups = sorted(group for owner, group in self._world.cloud.resource_groups if owner == subscription)
        return arm_page(self._world, request, groups, lambda group: self._group(subscription, group))

    def get_group(self, request: Request) -> Response:
        group = require_group(self._world, request)
        return Response.json(self._group(require_subscription(self._world, request), group))

    def has_group(self, request: Request) -> Response:
        require_group(self._world, request)
        return Response(204)

    def put_group(self, request: Request) -> Response:
        subscription, group = require_subscription(self._world, request), request.params["group"]
        if not request.document().get("location"):
            raise Refusal(400, "LocationRequired", "The location property is required for this definition.")
        groups = self._world.cloud.resource_groups
        known = any(owner == subscription and name.lower() == group.lower() for owner, name in groups)
        if not known:
            groups.add((subscription, group))
        return Response.json(self._group(subscription, group), 200 if known else 201)

    def list_locks(self, request: Request) -> Response:
        subscription = require_subscription(self._world, request)
        prefix = f"/subscriptions/{subscription}/".lower()
        locks = [lock for lock in self._world.cloud.locks if (lock.scope + "/").lower().startswith(prefix)]
        return arm_page(self._world, request, locks, _lock)

    def list_permissions(self, request: Request) -> Response:
        """The sandbox's principal may do everything; faults say otherwise."""
        require_account(self._world, request)
        return arm_page(self._world, request, [EVERYTHING], dict)

    def _subscription(self, subscription: str) -> dict[str, Any]:
        return {
            "id": f"/subscriptions/{subscription}",
            "authorizationSource": "RoleBased",
            "managedByTenants": [],
            "subscriptionId": subscription,
            "tenantId": self._world.credentials.tenant_id,
            "displayName": self._world.cloud.subscriptions[subscription],
            "state": "Enabled",
            "subscriptionPolicies": {
                "locationPlacementId": "Public_2014-09-01",
                "quotaId": "PayAsYouGo_2014-09-01",
                "spendingLimit": "Off",
            },
        }

    def _group(self, subscription: str, group: str) -> dict[str, Any]:
        return {
            "id": f"/subscriptions/{subscription}/resourceGroups/{group}",
            "name": group,
            "type": "Microsoft.Resources/resourceGroups",
            "location": "eastus2",
            "properties": {"provisioningState": "Succeeded"},
        }


def _lock(lock: Lock) -> dict[str, Any]:
    return {
        "id": f"{lock.scope}/providers/Microsoft.Authorization/locks/{lock.name}",
        "name": lock.name,
        "type": "Microsoft.Authorization/locks",
        "properties": {"level": lock.level},
    }
