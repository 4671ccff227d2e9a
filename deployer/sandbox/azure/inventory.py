"""All resources of a subscription or group, whoever provides them, and their tags."""

from collections.abc import Callable
from typing import Any

from deployer.sandbox.azure.account import ACCOUNT, Accounts
from deployer.sandbox.azure.error import guarded
from deployer.sandbox.azure.group import GROUPS
from deployer.sandbox.azure.lookup import require_account, require_group, require_subscription
from deployer.sandbox.azure.page import arm_page, matching, top_of
from deployer.sandbox.clock import at_seconds, stamp
from deployer.sandbox.group import Group
from deployer.sandbox.resource import Account, Refusal
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

_GENERIC = ("id", "name", "type", "kind", "location", "sku", "identity", "tags")
_TAGS = "/providers/Microsoft.Resources/tags/default"
Tags = dict[str, str]
_MERGES: dict[str, Callable[[Tags, Tags], Tags]] = {
    "merge": lambda held, given: held | given,
    "replace": lambda held, given: given,
    "delete": lambda held, given: {name: value for name, value in held.items() if given.get(name) != value},
}


def routes(world: World) -> list[Route]:
    service = Inventory(world)
    found = [
        Route("GET", "/subscriptions/{subscription}/resources", "resources.list", guarded(world, service.list)),
        Route("GET", GROUPS + "/{group}/resources", "resources.list", guarded(world, service.list)),
        Route("GET", "/subscriptions/{subscription}/tagNames", "tags.names", guarded(world, service.tag_names)),
    ]
    for scope in (GROUPS + "/{group}", ACCOUNT):
        for method, name, handler in (
            ("GET", "get", service.get_tags),
            ("PUT", "put", service.put_tags),
            ("PATCH", "patch", service.patch_tags),
            ("DELETE", "delete", service.delete_tags),
        ):
            found.append(Route(method, scope + _TAGS, f"tags.{name}", guarded(world, handler)))
    return found


class Inventory:
    def __init__(self, world: World) -> None:
        self._world = world
        self._accounts = Accounts(world)

    def list(self, request: Request) -> Response:
        """Only what is tracked: a deployment is a part of its account."""
        if "group" in request.params:
            accounts = self._world.cloud.groups.accounts(require_group(self._world, request))
        else:
            accounts = list(self._world.cloud.of_subscription(require_subscription(self._world, request)))
        expanded = request.query("$expand").split(",")
        kept = top_of(request, matching(request, accounts, self._render))
        return arm_page(self._world, request, kept, lambda one: self._render(one) | _expanded(one, expanded))

    def _render(self, account: Account) -> dict[str, Any]:
        shown = self._accounts.render(account)
        return {name: shown[name] for name in _GENERIC if name in shown}

    def tag_names(self, request: Request) -> Response:
        """Every tag in use, with how often each of its values is."""
        subscription = require_subscription(self._world, request)
        counts: dict[str, dict[str, int]] = {}
        cloud = self._world.cloud
        owners: list[Account | Group] = [*cloud.of_subscription(subscription), *cloud.groups.of(subscription)]
        for owner in owners:
            for name, value in (owner.tags or {}).items():
                values = counts.setdefault(name, {})
                values[value] = values.get(value, 0) + 1
        base = f"/subscriptions/{subscription}/tagNames"
        return arm_page(self._world, request, sorted(counts.items()), lambda item: _tag_name(base, *item))

    # --- tags of one scope --------------------------------------------------------------------

    def get_tags(self, request: Request) -> Response:
        return _tags_of(self._owner(request))

    def put_tags(self, request: Request) -> Response:
        owner = self._owner(request)
        owner.tags = _given(request)
        return _tags_of(owner)

    def patch_tags(self, request: Request) -> Response:
        owner, operation = self._owner(request), str(request.document().get("operation", ""))
        merge = _MERGES.get(operation.lower())
        if merge is None:
            text = f"The operation '{operation}' is invalid; expected Merge, Replace or Delete."
            raise Refusal(400, "InvalidTagsOperation", text)
        owner.tags = merge(owner.tags or {}, _given(request))
        return _tags_of(owner)

    def delete_tags(self, request: Request) -> Response:
        self._owner(request).tags = {}
        return Response(200)

    def _owner(self, request: Request) -> Account | Group:
        return (require_account if "account" in request.params else require_group)(self._world, request)


def _expanded(account: Account, names: list[str]) -> dict[str, Any]:
    created = stamp(at_seconds(account.created))
    every = {"createdTime": created, "changedTime": created, "provisioningState": "Succeeded"}
    return {name: value for name, value in every.items() if name in names}


def _tag_name(base: str, name: str, values: dict[str, int]) -> dict[str, Any]:
    def count(number: int) -> dict[str, Any]:
        return {"type": "Total", "value": number}

    return {
        "id": f"{base}/{name}",
        "tagName": name,
        "count": count(sum(values.values())),
        "values": [
            {"id": f"{base}/{name}/tagValues/{value}", "tagValue": value, "count": count(number)}
            for value, number in sorted(values.items())
        ],
    }


def _given(request: Request) -> Tags:
    tags = (request.document().get("properties") or {}).get("tags") or {}
    return {str(name): str(value) for name, value in tags.items()}


def _tags_of(owner: Account | Group) -> Response:
    return Response.json(
        {
            "id": f"{owner.resource_id}{_TAGS}",
            "name": "default",
            "type": "Microsoft.Resources/tags",
            "properties": {"tags": owner.tags or {}},
        }
    )
