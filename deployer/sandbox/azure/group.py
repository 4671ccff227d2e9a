"""Resource groups as ARM shows them: made, tagged, exported by no one, and deleted with all that they hold."""

from typing import Any

from deployer.sandbox.azure.error import guarded
from deployer.sandbox.azure.lookup import require_group, require_subscription
from deployer.sandbox.azure.page import arm_page, matching, top_of
from deployer.sandbox.group import HOME, Deletion, Group
from deployer.sandbox.resource import Refusal, wanted_tags
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

GROUPS = "/subscriptions/{subscription}/resourceGroups"
_AGAIN_SECONDS = "15"
"""How long ARM asks a client to wait between two looks at a group's deletion."""


def routes(world: World) -> list[Route]:
    service = ResourceGroups(world)
    one = GROUPS + "/{group}"
    results = "/subscriptions/{subscription}/operationresults/{operation}"
    return [
        Route("GET", GROUPS, "groups.list", guarded(world, service.list)),
        Route("GET", one, "groups.get", guarded(world, service.get)),
        Route("HEAD", one, "groups.exists", guarded(world, service.exists)),
        Route("PUT", one, "groups.put", guarded(world, service.put)),
        Route("PATCH", one, "groups.patch", guarded(world, service.patch)),
        Route("DELETE", one, "groups.delete", guarded(world, service.delete)),
        Route("GET", results, "groups.deletion", guarded(world, service.deletion)),
    ]


class ResourceGroups:
    def __init__(self, world: World) -> None:
        self._world = world
        self._groups = world.cloud.groups

    def list(self, request: Request) -> Response:
        groups = self._groups.of(require_subscription(self._world, request))
        kept = matching(request, groups, self.render)
        return arm_page(self._world, request, top_of(request, kept), self.render)

    def get(self, request: Request) -> Response:
        return Response.json(self.render(require_group(self._world, request)))

    def exists(self, request: Request) -> Response:
        require_group(self._world, request)
        return Response(204)

    def put(self, request: Request) -> Response:
        subscription, name, body = (
            require_subscription(self._world, request),
            request.params["group"],
            request.document(),
        )
        location = str(body.get("location") or "").lower().replace(" ", "")
        if not location:
            raise Refusal(400, "LocationRequired", "The location property is required for this definition.")
        known = self._groups.find(subscription, name)
        if known and known.location != location:
            text = f"Invalid resource group location '{location}'. The Resource group already exists in location "
            raise Refusal(409, "InvalidResourceGroupLocation", f"{text}'{known.location}'.")
        group = known or self._groups.add(subscription, name, location)
        group.tags = wanted_tags(body) if body.get("tags") is not None else None
        return Response.json(self.render(group), 200 if known else 201)

    def patch(self, request: Request) -> Response:
        group, body = require_group(self._world, request), request.document()
        if "tags" in body:
            group.tags = wanted_tags(body)
        return Response.json(self.render(group))

    def delete(self, request: Request) -> Response:
        group = require_group(self._world, request)
        deletion = self._groups.delete(group, self._world.naming.hex("group-deletion"), self._world.now())
        return self._accepted(request, deletion)

    def deletion(self, request: Request) -> Response:
        """202 with the way back here until the group is gone, then 200."""
        require_subscription(self._world, request)
        found = self._groups.deletions.get(request.params["operation"])
        if found is None:
            raise Refusal(404, "OperationNotFound", f"The operation '{request.params['operation']}' was not found.")
        found.polls += 1
        settings, now = self._world.settings, self._world.now()
        self._groups.settle(self._world.clock.seconds(), settings.lro_seconds, settings.lro_polls, now)
        return Response(200) if found.done else self._accepted(request, found)

    def _accepted(self, request: Request, deletion: Deletion) -> Response:
        path = f"/subscriptions/{deletion.group.subscription}/operationresults/{deletion.id}"
        place = f"{self._world.base_url}{path}?api-version={request.query('api-version')}"
        return Response(202, b"", (("location", place), ("retry-after", _AGAIN_SECONDS)))

    def render(self, group: Group) -> dict[str, Any]:
        tags = {} if group.tags is None else {"tags": group.tags}
        return {
            "id": group.resource_id,
            "name": group.name,
            "type": "Microsoft.Resources/resourceGroups",
            "location": group.location or HOME,
            **tags,
            "properties": {"provisioningState": "Deleting" if group.deletion else "Succeeded"},
        }
