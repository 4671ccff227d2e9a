"""What else an account can hold, kept as it was given: content policies, block lists, plans, connections.

Nothing in the sandbox looks at them; tools that describe a whole account read and write them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deployer.sandbox.azure.account import ACCOUNT
from deployer.sandbox.azure.error import guarded
from deployer.sandbox.azure.lookup import missing, require_account, require_subscription
from deployer.sandbox.azure.page import arm_page
from deployer.sandbox.clock import stamp
from deployer.sandbox.resource import Account
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

_NAMESPACE = "Microsoft.CognitiveServices"


@dataclass(frozen=True)
class Kind:
    """A type of child: how its deletion is answered, and what every account has of it from the beginning."""

    path: str
    deleted: int = 204
    made: int = 201
    bare: bool = False
    """Whether it says nothing of who made it."""
    given: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def type(self) -> str:
        return f"{_NAMESPACE}/accounts/{self.path.replace('/{parent}', '')}"


_POLICIES = {
    name: {"mode": "Blocking", "type": "SystemManaged", "contentFilters": [], "customBlocklists": []}
    for name in ("Microsoft.Default", "Microsoft.DefaultV2")
}
KINDS = (
    Kind("raiPolicies", given=_POLICIES),
    Kind("raiBlocklists"),
    Kind("raiBlocklists/{parent}/raiBlocklistItems"),
    Kind("commitmentPlans", deleted=200),
    Kind("encryptionScopes"),
    Kind("privateEndpointConnections", deleted=200, made=200),
    Kind("defenderForAISettings", given={"Default": {"state": "Disabled"}}),
    Kind("connections"),
    Kind("projects"),
    Kind("capabilityHosts"),
    Kind("networkSecurityPerimeterConfigurations"),
    Kind("privateLinkResources", bare=True, given={"account": {"groupId": "account", "requiredMembers": ["default"]}}),
)


def routes(world: World) -> list[Route]:
    found = [route for kind in KINDS for route in Children(world, kind).routes()]
    plans = "/subscriptions/{subscription}/providers/Microsoft.CognitiveServices/commitmentPlans"

    def none(request: Request) -> Response:
        require_subscription(world, request)
        return Response.json({"value": []})

    return [*found, Route("GET", plans, "plans.list", guarded(world, none))]


class Children:
    """Handlers of one kind."""

    def __init__(self, world: World, kind: Kind) -> None:
        self._world, self._kind = world, kind
        self._kept: dict[str, dict[str, Any]] = {}

    def routes(self) -> list[Route]:
        every, name = f"{ACCOUNT}/{self._kind.path}", self._kind.path.rpartition("/")[2]
        table = (
            ("GET", every, "list", self._list),
            ("GET", f"{every}/{{child}}", "get", self._get),
            ("PUT", f"{every}/{{child}}", "put", self._put),
            ("DELETE", f"{every}/{{child}}", "delete", self._delete),
        )
        return [
            Route(method, path, f"{name}.{act}", guarded(self._world, handler)) for method, path, act, handler in table
        ]

    def _list(self, request: Request) -> Response:
        place = self._place(request)
        given = [self._render(place, name, properties) for name, properties in self._kind.given.items()]
        kept = [row for identifier, row in self._kept.items() if identifier.startswith(place.lower() + "/")]
        return arm_page(self._world, request, [*given, *kept], dict)

    def _get(self, request: Request) -> Response:
        return Response.json(self._find(request))

    def _put(self, request: Request) -> Response:
        place, name, body = self._place(request), request.params["child"], request.document()
        identifier = f"{place}/{name}".lower()
        known = identifier in self._kept
        self._kept[identifier] = self._render(place, name, body.get("properties") or {}) | _beside(body)
        return Response.json(self._kept[identifier], 200 if known else self._kind.made)

    def _delete(self, request: Request) -> Response:
        known = self._kept.pop(f"{self._place(request)}/{request.params['child']}".lower(), None)
        return Response(self._kind.deleted if known else 204)

    def _find(self, request: Request) -> dict[str, Any]:
        place, wanted = self._place(request), request.params["child"]
        for name, properties in self._kind.given.items():
            if name.lower() == wanted.lower():
                return self._render(place, name, properties)
        found = self._kept.get(f"{place}/{wanted}".lower())
        if found is None:
            raise missing(f"{self._kind.type}/{wanted}", require_account(self._world, request).resource_group)
        return found

    def _place(self, request: Request) -> str:
        """Below which id the children are. Raises Refusal."""
        account: Account = require_account(self._world, request)
        return f"{account.resource_id}/{self._kind.path.replace('{parent}', request.params.get('parent', ''))}"

    def _render(self, place: str, name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        shown = {"id": f"{place}/{name}", "name": name, "type": self._kind.type, "properties": dict(properties)}
        if self._kind.bare:
            return shown
        at, who = stamp(self._world.now()), self._world.credentials.client_id
        created = {"createdBy": who, "createdByType": "Application", "createdAt": at}
        changed = {"lastModifiedBy": who, "lastModifiedByType": "Application", "lastModifiedAt": at}
        return {**shown, "systemData": {**created, **changed}, "etag": f'"{name}"'}


def _beside(body: Mapping[str, Any]) -> dict[str, Any]:
    """What stands beside the properties."""
    return {name: body[name] for name in ("tags", "sku", "kind", "location") if body.get(name) is not None}
