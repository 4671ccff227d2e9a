"""Tenants, subscriptions, and what a credential may do."""

from typing import Any

from deployer.sandbox.azure.account import ACCOUNT
from deployer.sandbox.azure.error import guarded
from deployer.sandbox.azure.group import GROUPS
from deployer.sandbox.azure.lookup import require_account, require_group, require_subscription
from deployer.sandbox.azure.page import arm_page
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

EVERYTHING = {"actions": ["*"], "notActions": [], "dataActions": ["*"], "notDataActions": []}


def routes(world: World) -> list[Route]:
    service = Subscriptions(world)
    permissions = "/providers/Microsoft.Authorization/permissions"
    return [
        Route("GET", "/tenants", "tenants.list", guarded(world, service.tenants)),
        Route("GET", "/subscriptions", "subscriptions.list", guarded(world, service.list)),
        Route("GET", "/subscriptions/{subscription}", "subscriptions.get", guarded(world, service.get)),
        Route("GET", ACCOUNT + permissions, "permissions.list", guarded(world, service.list_permissions)),
        Route("GET", GROUPS + "/{group}" + permissions, "permissions.list", guarded(world, service.list_permissions)),
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

    def list_permissions(self, request: Request) -> Response:
        """The sandbox's principal may do everything; faults say otherwise."""
        (require_account if "account" in request.params else require_group)(self._world, request)
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
