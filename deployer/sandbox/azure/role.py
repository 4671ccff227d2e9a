"""Roles and who has them: the sandbox's principal owns everything; more can be written, and restricts nobody."""

from typing import Any

from deployer.sandbox.azure.account import ACCOUNT
from deployer.sandbox.azure.error import guarded
from deployer.sandbox.azure.group import GROUPS
from deployer.sandbox.azure.lookup import require_account, require_group, require_subscription
from deployer.sandbox.azure.page import arm_page
from deployer.sandbox.resource import Refusal
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

_AUTHORIZATION = "/providers/Microsoft.Authorization"
_SCOPES = ("/subscriptions/{subscription}", GROUPS + "/{group}", ACCOUNT)
_MODELS = "Microsoft.CognitiveServices/*"
BUILT_IN = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": ("Owner", ["*"], []),
    "b24988ac-6180-42a0-ab88-20f7382dd24c": ("Contributor", ["*"], []),
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": ("Reader", ["*/read"], []),
    "43d0d8ad-25c7-4714-9337-8ba259a9fe05": ("Monitoring Reader", ["*/read"], []),
    "72fafb9e-0641-4937-9268-a91bfd8191a3": ("Cost Management Reader", ["Microsoft.CostManagement/*/read"], []),
    "a001fd3d-188f-4b5d-821b-7da978bf7442": ("Cognitive Services OpenAI Contributor", [_MODELS], [_MODELS]),
    "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd": ("Cognitive Services OpenAI User", [f"{_MODELS}/read"], [_MODELS]),
    "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68": ("Cognitive Services Contributor", [_MODELS], []),
}
"""The vendor's ids and names of the roles that matter here.
https://learn.microsoft.com/azure/role-based-access-control/built-in-roles"""
_OWNER = next(iter(BUILT_IN))


def routes(world: World) -> list[Route]:
    found = []
    for kind, service in (("roleDefinitions", Definitions(world)), ("roleAssignments", Assignments(world))):
        for scope in _SCOPES:
            every = f"{scope}{_AUTHORIZATION}/{kind}"
            for method, path, act, handler in (
                ("GET", every, "list", service.list),
                ("GET", f"{every}/{{role}}", "get", service.get),
                ("PUT", f"{every}/{{role}}", "put", service.put),
                ("DELETE", f"{every}/{{role}}", "delete", service.delete),
            ):
                found.append(Route(method, path, f"{kind}.{act}", guarded(world, handler)))
    return found


class Kept:
    """Things of one kind by name, at scopes of the path; children say what they look like."""

    kind = ""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rows: dict[str, dict[str, Any]] = {}

    def list(self, request: Request) -> Response:
        self._scope(request)
        return arm_page(self._world, request, self._listed(request), dict)

    def get(self, request: Request) -> Response:
        return Response.json(self._find(request))

    def put(self, request: Request) -> Response:
        name = request.params["role"].lower()
        self._rows[name] = self._made(request, request.document().get("properties") or {})
        return Response.json(self._rows[name], 201)

    def delete(self, request: Request) -> Response:
        self._scope(request)
        row = self._rows.pop(request.params["role"].lower(), None)
        return Response.json(row) if row else Response(204)

    def _find(self, request: Request) -> dict[str, Any]:
        for row in self._listed(request):
            if row["name"].lower() == request.params["role"].lower():
                return row
        code = f"{self.kind[0].upper()}{self.kind[1:-1]}NotFound"
        raise Refusal(404, code, f"The {self.kind[:-1]} '{request.params['role']}' is not found.")

    def _listed(self, request: Request) -> "tuple[dict[str, Any], ...]":
        raise NotImplementedError

    def _made(self, request: Request, given: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def _scope(self, request: Request) -> str:
        """The id that the path names. Raises Refusal."""
        if "account" in request.params:
            return require_account(self._world, request).resource_id
        if "group" in request.params:
            return require_group(self._world, request).resource_id
        return f"/subscriptions/{require_subscription(self._world, request)}"

    def _row(self, scope: str, name: str, properties: dict[str, Any]) -> dict[str, Any]:
        kind = f"Microsoft.Authorization/{self.kind}"
        return {"id": f"{scope}/providers/{kind}/{name}", "name": name, "type": kind, "properties": properties}


class Definitions(Kept):
    kind = "roleDefinitions"

    def _listed(self, request: Request) -> tuple[dict[str, Any], ...]:
        """The vendor's and people's own; a filter names one, or a type."""
        scope = f"/subscriptions/{require_subscription(self._world, request)}"
        rows = [self._row(scope, name, _built_in(*role)) for name, role in BUILT_IN.items()] + [*self._rows.values()]
        wanted = request.query("$filter").lower()
        return tuple(row for row in rows if not wanted or _fits(row["properties"], wanted))

    def _made(self, request: Request, given: dict[str, Any]) -> dict[str, Any]:
        scope = self._scope(request)
        if not given.get("roleName"):
            raise Refusal(400, "RoleDefinitionNameNullOrEmpty", "The role definition has no name.")
        return self._row(scope, request.params["role"], {"type": "CustomRole", "assignableScopes": [scope]} | given)


class Assignments(Kept):
    kind = "roleAssignments"

    def _listed(self, request: Request) -> tuple[dict[str, Any], ...]:
        """That of the sandbox's principal first."""
        scope = f"/subscriptions/{require_subscription(self._world, request)}"
        name = self._world.naming.fixed_uuid("role-assignment")
        who = {"principalId": self._world.credentials.object_id, "principalType": "ServicePrincipal"}
        role = f"{scope}{_AUTHORIZATION}/roleDefinitions/{_OWNER}"
        return (self._row(scope, name, {**who, "roleDefinitionId": role, "scope": scope}), *self._rows.values())

    def _made(self, request: Request, given: dict[str, Any]) -> dict[str, Any]:
        scope = self._scope(request)
        if not given.get("roleDefinitionId") or not given.get("principalId"):
            raise Refusal(400, "InvalidRoleAssignment", "roleDefinitionId and principalId are required.")
        return self._row(scope, request.params["role"], {"principalType": "ServicePrincipal", **given, "scope": scope})


def _built_in(name: str, actions: list[str], data: list[str]) -> dict[str, Any]:
    permissions = {"actions": actions, "notActions": [], "dataActions": data, "notDataActions": []}
    named = {"roleName": name, "type": "BuiltInRole", "description": name, "assignableScopes": ["/"]}
    return {**named, "permissions": [permissions]}


def _fits(properties: dict[str, Any], wanted: str) -> bool:
    """`rolename eq 'x'` or `type eq 'CustomRole'`; any other filter keeps everything."""
    for name in ("roleName", "type"):
        mark = f"{name.lower()} eq '"
        if mark in wanted and f"{mark}{str(properties.get(name)).lower()}'" not in wanted:
            return False
    return True
