"""Management locks: whoever may write them can keep others, and themselves, from deleting or changing."""

from typing import Any

from deployer.sandbox.azure.account import ACCOUNT
from deployer.sandbox.azure.error import guarded
from deployer.sandbox.azure.group import GROUPS
from deployer.sandbox.azure.lookup import require_account, require_group, require_subscription
from deployer.sandbox.azure.page import arm_page
from deployer.sandbox.resource import Lock, Refusal
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

_LOCKS = "/providers/Microsoft.Authorization/locks"
_SCOPES = ("/subscriptions/{subscription}", GROUPS + "/{group}", ACCOUNT)
_LEVELS = {"cannotdelete": "CanNotDelete", "readonly": "ReadOnly"}


def routes(world: World) -> list[Route]:
    service = Locks(world)
    table = (
        ("GET", "", "list", service.list),
        ("GET", "/{lock}", "get", service.get),
        ("PUT", "/{lock}", "put", service.put),
        ("DELETE", "/{lock}", "delete", service.delete),
    )
    return [
        Route(method, f"{scope}{_LOCKS}{rest}", f"locks.{name}", guarded(world, handler))
        for scope in _SCOPES
        for method, rest, name, handler in table
    ]


class Locks:
    def __init__(self, world: World) -> None:
        self._world = world

    def list(self, request: Request) -> Response:
        """Those at the scope and below; with `atScope()` those that bind it, from here up."""
        scope, upwards = self._scope(request), request.query("$filter").lower() == "atscope()"
        here = Lock(scope, "")
        kept = [
            lock for lock in self._world.cloud.locks if (lock.covers(scope) if upwards else here.covers(lock.scope))
        ]
        return arm_page(self._world, request, kept, _render)

    def get(self, request: Request) -> Response:
        return Response.json(_render(self._find(request)))

    def put(self, request: Request) -> Response:
        scope, properties = self._scope(request), request.document().get("properties") or {}
        level = _LEVELS.get(str(properties.get("level", "")).lower())
        if level is None:
            text = f"The lock level '{properties.get('level')}' is invalid. Expected CanNotDelete or ReadOnly."
            raise Refusal(400, "InvalidLockLevel", text)
        known = self._known(request)
        if known:
            self._world.cloud.locks.remove(known)
        lock = Lock(scope, request.params["lock"], level, properties.get("notes"))
        self._world.cloud.locks.append(lock)
        return Response.json(_render(lock), 200 if known else 201)

    def delete(self, request: Request) -> Response:
        known = self._known(request)
        if known is None:
            return Response(204)
        self._world.cloud.locks.remove(known)
        return Response(200)

    def _find(self, request: Request) -> Lock:
        found = self._known(request)
        if found is None:
            raise Refusal(404, "LockNotFound", f"The lock '{request.params['lock']}' could not be found.")
        return found

    def _known(self, request: Request) -> Lock | None:
        place = (self._scope(request).lower(), request.params["lock"].lower())
        return next(
            (lock for lock in self._world.cloud.locks if (lock.scope.lower(), lock.name.lower()) == place), None
        )

    def _scope(self, request: Request) -> str:
        """The id that the path names. Raises Refusal."""
        if "account" in request.params:
            return require_account(self._world, request).resource_id
        if "group" in request.params:
            return require_group(self._world, request).resource_id
        return f"/subscriptions/{require_subscription(self._world, request)}"


def _render(lock: Lock) -> dict[str, Any]:
    notes = {"notes": lock.notes} if lock.notes else {}
    return {
        "id": lock.resource_id,
        "name": lock.name,
        "type": "Microsoft.Authorization/locks",
        "properties": {"level": lock.level, **notes},
    }
