"""Deleted accounts: kept for 48 hours with their names locked, until they are purged or put back.

https://learn.microsoft.com/azure/ai-services/recover-purge-resources
"""

from typing import Any

from deployer.sandbox.azure.account import PROVIDER, Accounts
from deployer.sandbox.azure.error import guarded
from deployer.sandbox.azure.lookup import require_subscription
from deployer.sandbox.azure.page import arm_page
from deployer.sandbox.clock import at_seconds, stamp
from deployer.sandbox.resource import KEPT_SECONDS, Account, Refusal
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World


def routes(world: World) -> list[Route]:
    service = Graveyard(world)
    subscription = "/subscriptions/{subscription}" + PROVIDER
    one = subscription + "/locations/{location}/resourceGroups/{group}/deletedAccounts/{account}"
    return [
        Route("GET", subscription + "/deletedAccounts", "deleted_accounts.list", guarded(world, service.list)),
        Route("GET", one, "deleted_accounts.get", guarded(world, service.get)),
        Route("DELETE", one, "deleted_accounts.purge", guarded(world, service.purge)),
    ]


class Graveyard:
    def __init__(self, world: World) -> None:
        self._world = world
        self._accounts = Accounts(world)

    def list(self, request: Request) -> Response:
        subscription = require_subscription(self._world, request)
        kept = [item for item in self._world.cloud.deleted.values() if item.subscription == subscription]
        return arm_page(self._world, request, kept, self._render)

    def get(self, request: Request) -> Response:
        account = self._find(request)
        if account is None:
            raise Refusal(404, "ResourceNotFound", f"No deleted account '{request.params['account']}' was found.")
        return Response.json(self._render(account))

    def purge(self, request: Request) -> Response:
        account = self._find(request)
        if account is None:
            return Response(204)
        del self._world.cloud.deleted[account.name.lower()]
        return Response(200)

    def _find(self, request: Request) -> Account | None:
        subscription = require_subscription(self._world, request)
        account = self._world.cloud.deleted.get(request.params["account"].lower())
        if account is None or account.subscription != subscription:
            return None
        place = (account.region, account.resource_group.lower())
        return account if place == (request.params["location"].lower(), request.params["group"].lower()) else None

    def _render(self, account: Account) -> dict[str, Any]:
        shown = self._accounts.render(account)
        gone = account.deleted or 0.0
        shown["id"] = (
            f"/subscriptions/{account.subscription}{PROVIDER}/locations/{account.region}"
            f"/resourceGroups/{account.resource_group}/deletedAccounts/{account.name}"
        )
        shown["type"] = "Microsoft.CognitiveServices/deletedAccounts"
        shown["properties"] |= {
            "deletionDate": stamp(at_seconds(gone)),
            "scheduledPurgeDate": stamp(at_seconds(gone + KEPT_SECONDS)),
        }
        return shown
