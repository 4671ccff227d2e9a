"""Large files in parts: an upload is begun, gets its parts in any order, and becomes a file when it is completed.

It waits for an hour. https://platform.openai.com/docs/api-reference/uploads
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import md5
from typing import Any

from deployer.sandbox.dataplane.dialect import Dialect, unix
from deployer.sandbox.dataplane.parameter import required
from deployer.sandbox.training.file import BadUpload, StoredFile, Upload, parse_upload
from deployer.sandbox.wire import Handler, Request, Response
from deployer.sandbox.world import World

_PATIENCE = timedelta(hours=1)


@dataclass
class Begun:
    """An upload under way; `file` once it is completed."""

    id: str
    owner: str
    filename: str
    purpose: str
    size: int
    created: datetime
    status: str = "pending"
    parts: dict[str, bytes] = field(default_factory=dict)
    file: StoredFile | None = None


class Uploads:
    """Handlers of one vendor's plane; `check` raises ApiError for a file of no use, `store` keeps a good one."""

    def __init__(
        self,
        world: World,
        dialect: Dialect,
        owner: Callable[[Request], str],
        check: Callable[[Upload], None],
        store: Callable[[str, Upload], StoredFile],
    ) -> None:
        self._world, self._dialect = world, dialect
        self._owner, self._check, self._store = owner, check, store
        self._begun: dict[str, Begun] = {}

    def routes(self, prefix: str) -> list[tuple[str, str, str, Handler]]:
        one = f"{prefix}/uploads/{{upload}}"
        return [
            ("POST", f"{prefix}/uploads", "uploads.create", self._create),
            ("POST", f"{one}/parts", "uploads.part", self._add),
            ("POST", f"{one}/complete", "uploads.complete", self._complete),
            ("POST", f"{one}/cancel", "uploads.cancel", self._cancel),
        ]

    def _create(self, request: Request) -> Response:
        owner, body = self._owner(request), request.json()
        name, purpose = required(body, "filename", str), required(body, "purpose", str)
        size, _ = required(body, "bytes", int), required(body, "mime_type", str)
        self._check(Upload(name, b"", {"purpose": purpose}))
        identifier = f"upload_{self._world.naming.hex('upload', 32)}"
        begun = self._begun[identifier] = Begun(identifier, owner, name, purpose, size, self._world.now())
        return Response.json(self._render(begun))

    def _add(self, request: Request) -> Response:
        begun = self._pending(request)
        try:
            content = parse_upload(request.header("content-type"), request.body).content
        except BadUpload as error:
            raise self._dialect.bad_request("'data' is a required property") from error
        identifier = f"part_{self._world.naming.hex('part', 32)}"
        begun.parts[identifier] = content
        made = {"id": identifier, "object": "upload.part", "created_at": unix(self._world.now())}
        return Response.json({**made, "upload_id": begun.id})

    def _complete(self, request: Request) -> Response:
        """The parts in the order that is told make the file. Raises ApiError when they are not it."""
        begun, body = self._pending(request), request.json()
        wanted = required(body, "part_ids", list)
        unknown = [part for part in wanted if part not in begun.parts]
        if unknown:
            raise self._dialect.missing("part", str(unknown[0]))
        content = b"".join(begun.parts[part] for part in wanted)
        if len(content) != begun.size:
            text = f"The uploaded bytes ({len(content)}) do not match the upload's bytes ({begun.size})."
            raise self._dialect.bad_request(text)
        given = body.get("md5")
        if given and given != md5(content, usedforsecurity=False).hexdigest():
            raise self._dialect.bad_request("The md5 checksum does not match the uploaded bytes.")
        begun.file = self._store(begun.owner, Upload(begun.filename, content, {"purpose": begun.purpose}))
        begun.status, begun.parts = "completed", {}
        return Response.json(self._render(begun))

    def _cancel(self, request: Request) -> Response:
        begun = self._pending(request)
        begun.status, begun.parts = "cancelled", {}
        return Response.json(self._render(begun))

    def _pending(self, request: Request) -> Begun:
        owner, wanted = self._owner(request), request.params["upload"]
        found = self._begun.get(wanted)
        if found is None or found.owner != owner:
            raise self._dialect.missing("upload", wanted)
        if found.status == "pending" and found.created + _PATIENCE <= self._world.now():
            found.status, found.parts = "expired", {}
        if found.status != "pending":
            raise self._dialect.bad_request(f"The upload '{wanted}' is {found.status}.")
        return found

    def _render(self, begun: Begun) -> dict[str, Any]:
        file = {"file": self._dialect.file(begun.file, self._world.now())} if begun.file else {}
        return {
            "id": begun.id,
            "object": "upload",
            "bytes": begun.size,
            "created_at": unix(begun.created),
            "expires_at": unix(begun.created + _PATIENCE),
            "filename": begun.filename,
            "purpose": begun.purpose,
            "status": begun.status,
            **file,
        }
