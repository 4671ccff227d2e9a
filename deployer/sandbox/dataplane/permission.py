"""Which projects may use a fine-tuned model's checkpoint: said by administrators, model by model."""

from typing import Any

from deployer.sandbox.dataplane.dialect import unix
from deployer.sandbox.dataplane.member import missing
from deployer.sandbox.dataplane.page import answer_page
from deployer.sandbox.dataplane.parameter import required
from deployer.sandbox.wire import Handler, Request, Response
from deployer.sandbox.world import World

_PATH = "/v1/fine_tuning/checkpoints/{checkpoint}/permissions"
_KIND = "checkpoint.permission"


class Permissions:
    """Handlers over all checkpoints; the newest permission comes first."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._given: dict[str, dict[str, dict[str, Any]]] = {}

    def routes(self) -> list[tuple[str, str, str, Handler]]:
        return [
            ("GET", _PATH, "checkpoints.permissions.list", self._list),
            ("POST", _PATH, "checkpoints.permissions.create", self._create),
            ("DELETE", _PATH + "/{permission}", "checkpoints.permissions.delete", self._delete),
        ]

    def _of(self, request: Request) -> dict[str, dict[str, Any]]:
        return self._given.setdefault(request.params["checkpoint"], {})

    def _list(self, request: Request) -> Response:
        project = request.query("project_id")
        rows = [row for row in self._of(request).values() if project in ("", row["project_id"])]
        return answer_page(request, rows if request.query("order").startswith("asc") else rows[::-1], default=10)

    def _create(self, request: Request) -> Response:
        rows = [self._row(str(project)) for project in required(request.json(), "project_ids", list)]
        self._of(request).update({row["id"]: row for row in rows})
        edges = {"first_id": rows[0]["id"], "last_id": rows[-1]["id"]} if rows else {"first_id": None, "last_id": None}
        return Response.json({"object": "list", "data": rows, "has_more": False, **edges})

    def _row(self, project: str) -> dict[str, Any]:
        identifier = f"cp_{self._world.naming.hex('checkpoint-permission', 24)}"
        return {"object": _KIND, "id": identifier, "created_at": unix(self._world.now()), "project_id": project}

    def _delete(self, request: Request) -> Response:
        identifier = request.params["permission"]
        if self._of(request).pop(identifier, None) is None:
            raise missing("checkpoint permission", identifier)
        return Response.json({"id": identifier, "object": _KIND, "deleted": True})
