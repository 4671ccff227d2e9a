"""Azure OpenAI resources as ARM shows them."""

from typing import Any

from deployer.sandbox.azure.error import guarded
from deployer.sandbox.azure.lookup import require_account, require_group, require_subscription
from deployer.sandbox.azure.page import arm_page
from deployer.sandbox.clock import at_seconds, stamp
from deployer.sandbox.genesis import make_account
from deployer.sandbox.resource import Account, Refusal, wanted_tags
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

PROVIDER = "/providers/Microsoft.CognitiveServices"
GROUP = "/subscriptions/{subscription}/resourceGroups/{group}" + PROVIDER + "/accounts"
ACCOUNT = GROUP + "/{account}"


def routes(world: World) -> list[Route]:
    service = Accounts(world)
    subscription = "/subscriptions/{subscription}" + PROVIDER + "/accounts"
    return [
        Route("GET", subscription, "accounts.list", guarded(world, service.list)),
        Route("GET", GROUP, "accounts.list_by_group", guarded(world, service.list_by_group)),
        Route("GET", ACCOUNT, "accounts.get", guarded(world, service.get)),
        Route("PUT", ACCOUNT, "accounts.put", guarded(world, service.put)),
        Route("PATCH", ACCOUNT, "accounts.patch", guarded(world, service.patch)),
        Route("DELETE", ACCOUNT, "accounts.delete", guarded(world, service.delete)),
        Route("POST", ACCOUNT + "/listKeys", "accounts.keys", guarded(world, service.keys)),
    ]


class Accounts:
    def __init__(self, world: World) -> None:
        self._world = world

    def list(self, request: Request) -> Response:
        subscription = require_subscription(self._world, request)
        accounts = list(self._world.cloud.of_subscription(subscription))
        return arm_page(self._world, request, accounts, self.render)

    def list_by_group(self, request: Request) -> Response:
        group, subscription = require_group(self._world, request), require_subscription(self._world, request)
        accounts = self._world.cloud.of_subscription(subscription)
        return arm_page(self._world, request, [item for item in accounts if item.resource_group == group], self.render)

    def get(self, request: Request) -> Response:
        return Response.json(self.render(require_account(self._world, request)))

    def put(self, request: Request) -> Response:
        body, name = request.document(), request.params["account"]
        group = require_group(self._world, request)
        if not body.get("location"):
            raise Refusal(400, "LocationRequired", "The location property is required for this definition.")
        known = self._world.cloud.account(name)
        if known and known.subscription.lower() != request.params["subscription"].lower():
            raise Refusal(409, "CustomDomainInUse", f"The subdomain name '{name}' is already used.")
        deleted = self._world.cloud.deleted.get(name.lower())
        if deleted is not None:
            return self._put_back(deleted, body)
        subscription = require_subscription(self._world, request)
        account = make_account(self._world, name, body["location"], subscription=subscription, resource_group=group)
        account.tags = wanted_tags(body)
        account.kind = body.get("kind") or account.kind
        return Response.json(self.render(account), 200 if known else 201)

    def patch(self, request: Request) -> Response:
        account, body = require_account(self._world, request), request.document()
        if "tags" in body:
            account.tags = wanted_tags(body)
        return Response.json(self.render(account))

    def _put_back(self, account: Account, body: dict[str, Any]) -> Response:
        """A deleted account keeps its name until it is purged, unless it is asked back."""
        if not (body.get("properties") or {}).get("restore"):
            text = f"An existing resource with ID '{account.resource_id}' has been soft-deleted. To restore the "
            text += "resource, you must specify 'restore' to be 'true' in the property. "
            text += "If you don't want to restore existing resource, please purge it first."
            raise Refusal(409, "FlagMustBeSetForRestore", text)
        self._world.cloud.bring_back(account)
        return Response.json(self.render(account), 201)

    def delete(self, request: Request) -> Response:
        try:
            account = require_account(self._world, request)
        except Refusal:
            return Response(204)
        self._world.cloud.remove_account(account, self._world.now())
        return Response(200)

    def keys(self, request: Request) -> Response:
        key = self._world.credentials.account_key(require_account(self._world, request).name)
        return Response.json({"key1": key, "key2": key})

    def render(self, account: Account) -> dict[str, Any]:
        created = stamp(at_seconds(account.created))
        by = {"createdBy": self._world.credentials.client_id, "createdByType": "Application", "createdAt": created}
        modified = {"lastModifiedBy": self._world.credentials.client_id, "lastModifiedByType": "Application"}
        return {
            "id": account.resource_id,
            "name": account.name,
            "type": "Microsoft.CognitiveServices/accounts",
            "sku": {"name": "S0"},
            "kind": account.kind,
            "location": account.region,
            "systemData": {**by, **modified, "lastModifiedAt": created},
            "etag": f'"{account.name}"',
            "tags": account.tags,
            "properties": {
                "endpoint": account.endpoint,
                "endpoints": {"OpenAI Language Model Instance API": account.endpoint},
                "provisioningState": "Succeeded",
                "internalId": account.name,
                "dateCreated": created,
                "customSubDomainName": account.name,
                "publicNetworkAccess": "Enabled",
                "disableLocalAuth": False,
                "isMigrated": False,
            },
        }
