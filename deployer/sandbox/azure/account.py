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
KINDS = ("OpenAI", "AIServices")
_KEY_NAMES = ("key1", "key2")
_READ_ONLY = frozenset(
    {
        "abusePenalty", "callRateLimit", "capabilities", "commitmentPlanAssociations", "dateCreated", "deletionDate",
        "endpoint", "endpoints", "internalId", "isMigrated", "privateEndpointConnections", "provisioningState",
        "quotaLimit", "restore", "scheduledPurgeDate", "skuChangeInfo",
    }
)  # fmt: skip
"""Properties of an account that only the service writes, and the wish to have it back."""


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
        Route("POST", ACCOUNT + "/regenerateKey", "accounts.new_key", guarded(world, service.regenerate)),
    ]


class Accounts:
    def __init__(self, world: World) -> None:
        self._world = world

    def list(self, request: Request) -> Response:
        subscription = require_subscription(self._world, request)
        accounts = list(self._world.cloud.of_subscription(subscription))
        return arm_page(self._world, request, accounts, self.render)

    def list_by_group(self, request: Request) -> Response:
        group = require_group(self._world, request)
        return arm_page(self._world, request, self._world.cloud.groups.accounts(group), self.render)

    def get(self, request: Request) -> Response:
        return Response.json(self.render(require_account(self._world, request)))

    def put(self, request: Request) -> Response:
        body, name = request.document(), request.params["account"]
        group = require_group(self._world, request)
        _require_wish(body)
        known = self._world.cloud.account(name)
        if known and known.subscription.lower() != request.params["subscription"].lower():
            raise Refusal(409, "CustomDomainInUse", f"The subdomain name '{name}' is already used.")
        if known:
            _require_same_place(known, str(body["location"]))
        deleted = self._world.cloud.deleted.get(name.lower())
        if deleted is not None:
            return self._put_back(deleted, body)
        account = make_account(
            self._world, name, body["location"], subscription=group.subscription, resource_group=group.name
        )
        account.kind, account.properties = body.get("kind") or account.kind, {}
        self._change(account, {"tags": None, "identity": None, **body})
        return Response.json(self.render(account), 200 if known else 201)

    def patch(self, request: Request) -> Response:
        account = require_account(self._world, request)
        self._change(account, request.document())
        return Response.json(self.render(account))

    def _change(self, account: Account, body: dict[str, Any]) -> None:
        """What is given is taken over; properties one by one."""
        if "tags" in body:
            account.tags = wanted_tags(body)
        if "identity" in body:
            account.identity = self._identity(account, body["identity"])
        given = body.get("properties") or {}
        account.properties |= {name: value for name, value in given.items() if name not in _READ_ONLY}
        account.revision += 1

    def _identity(self, account: Account, wanted: dict[str, Any] | None) -> dict[str, Any] | None:
        if not wanted or str(wanted.get("type", "None")).lower() == "none":
            return None
        principal = self._world.naming.fixed_uuid(f"identity:{account.name.lower()}")
        return {**wanted, "principalId": principal, "tenantId": self._world.credentials.tenant_id}

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
        account = require_account(self._world, request)
        if account.properties.get("disableLocalAuth"):
            raise Refusal(400, "BadRequest", "Failed to list key. disableLocalAuth is set to be true")
        keys = self._world.credentials.account_keys(account.name, account.keys)
        return Response.json(dict(zip(_KEY_NAMES, keys, strict=True)))

    def regenerate(self, request: Request) -> Response:
        account, wanted = require_account(self._world, request), str(request.document().get("keyName", ""))
        if wanted.lower() not in _KEY_NAMES:
            raise Refusal(400, "BadRequest", f"The key name '{wanted}' is invalid; expected Key1 or Key2.")
        account.keys[_KEY_NAMES.index(wanted.lower())] += 1
        return self.keys(request)

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
            "etag": f'"{account.name}-{account.revision}"',
            "tags": account.tags,
            **({"identity": account.identity} if account.identity else {}),
            "properties": {
                "customSubDomainName": account.name,
                "publicNetworkAccess": "Enabled",
                "disableLocalAuth": False,
                **account.properties,
                "endpoint": account.endpoint,
                "endpoints": {"OpenAI Language Model Instance API": account.endpoint},
                "provisioningState": "Succeeded",
                "internalId": account.name,
                "dateCreated": created,
                "isMigrated": False,
            },
        }


def _require_wish(body: dict[str, Any]) -> None:
    """Raises Refusal for what no account can be."""
    if not body.get("location"):
        raise Refusal(400, "LocationRequired", "The location property is required for this definition.")
    kind = body.get("kind") or KINDS[0]
    if kind not in KINDS:
        text = f"The account type '{kind}' is either invalid or unavailable in given region."
        raise Refusal(400, "InvalidApiSetId", text)


def _require_same_place(account: Account, location: str) -> None:
    if location.lower().replace(" ", "") != account.region:
        text = f"The resource '{account.name}' already exists in location '{account.region}' in resource group "
        text += f"'{account.resource_group}'. A resource with the same name cannot be created in location '{location}'."
        raise Refusal(409, "InvalidResourceLocation", f"{text} Please select a new resource name.")
