"""Files and fine-tuning jobs over HTTP: the same operations under each vendor's paths, in its dialect."""

import re
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from deployer.sandbox.dataplane.dialect import Dialect, write_checkpoints, write_events
from deployer.sandbox.dataplane.error import raising
from deployer.sandbox.dataplane.page import answer_page
from deployer.sandbox.dataplane.upload import Uploads
from deployer.sandbox.training.file import BadUpload, StoredFile, Upload, parse_upload
from deployer.sandbox.training.grader import check_grader
from deployer.sandbox.training.job import Job
from deployer.sandbox.training.order import BadOrder, JobOrder, parse_order
from deployer.sandbox.training.workshop import Workshop, WrongState
from deployer.sandbox.wire import Handler, Request, Response, Route
from deployer.sandbox.world import World

Owner = Callable[[Request], str]
"""Who calls: the Azure account or the OpenAI project. Raises ApiError when the caller may not."""


_PURPOSES = ("fine-tune", "assistants", "batch", "user_data", "vision", "evals")
_FIELD = re.compile(r"metadata\[([^\]]+)\]")


def _metadata_of(request: Request) -> dict[str, str]:
    """What a list's `metadata[name]=value` asks for."""
    pairs = parse_qsl(request.query_string)
    return {found[1]: value for name, value in pairs if (found := _FIELD.fullmatch(name))}


class FineTuningApi:
    """Handlers over one workshop. `may_train` raises ApiError where the vendor takes no such job.

    `has_room` does where the owner has as many as it may of a kind, `job` or `file`.
    """

    def __init__(
        self,
        world: World,
        workshop: Workshop,
        dialect: Dialect,
        owner: Owner,
        may_train: Callable[[JobOrder], None] = lambda order: None,
        has_room: Callable[[str, str], None] = lambda owner, kind: None,
    ) -> None:
        self._world, self._workshop, self._dialect = world, workshop, dialect
        self._owner, self._may_train, self._has_room = owner, may_train, has_room
        self._uploads = Uploads(world, dialect, owner, self._check_upload, self._store)

    def routes(self, prefix: str, group: str) -> list[Route]:
        """All operations below `prefix`; `group` begins the operations' names."""
        job = f"{prefix}/fine_tuning/jobs/{{job}}"
        table: list[tuple[str, str, str, Handler]] = [
            ("POST", f"{prefix}/files", "files.create", self._upload),
            ("GET", f"{prefix}/files", "files.list", self._list_files),
            ("GET", f"{prefix}/files/{{file}}", "files.get", self._get_file),
            ("GET", f"{prefix}/files/{{file}}/content", "files.content", self._read_file),
            ("DELETE", f"{prefix}/files/{{file}}", "files.delete", self._delete_file),
            *self._uploads.routes(prefix),
            ("POST", f"{prefix}/fine_tuning/jobs", "jobs.create", self._create),
            ("GET", f"{prefix}/fine_tuning/jobs", "jobs.list", self._list),
            ("GET", job, "jobs.get", self._get),
            ("GET", f"{job}/events", "jobs.events", self._events),
            ("GET", f"{job}/checkpoints", "jobs.checkpoints", self._checkpoints),
            ("POST", f"{job}/cancel", "jobs.cancel", self._act(Workshop.cancel)),
            ("POST", f"{job}/pause", "jobs.pause", self._act(Workshop.pause)),
            ("POST", f"{job}/resume", "jobs.resume", self._act(Workshop.resume)),
            ("POST", f"{prefix}/fine_tuning/alpha/graders/validate", "graders.validate", self._validate_grader),
        ]
        return [
            Route(method, pattern, f"{group}.{name}", raising(handler, self._dialect.bad_request))
            for method, pattern, name, handler in table
        ]

    # --- files --------------------------------------------------------------------------------

    def _upload(self, request: Request) -> Response:
        owner = self._owner(request)
        try:
            upload = parse_upload(request.header("content-type"), request.body)
        except BadUpload as error:
            raise self._dialect.bad_request(str(error)) from error
        self._check_upload(upload)
        return Response.json(self._write_file(self._store(owner, upload)), self._dialect.created_status)

    def _store(self, owner: str, upload: Upload) -> StoredFile:
        self._has_room(owner, "file")
        return self._workshop.upload(owner, upload)

    def _check_upload(self, upload: Upload) -> None:
        """Raises ApiError for a file that nothing can be done with."""
        purpose = upload.fields.get("purpose")
        if not purpose:
            raise self._dialect.bad_request("'purpose' is a required property")
        if purpose not in _PURPOSES:
            raise self._dialect.bad_request(f"'{purpose}' is not one of {list(_PURPOSES)} - 'purpose'")
        if purpose == "fine-tune" and not upload.filename.lower().endswith(".jsonl"):
            raise self._dialect.bad_request("Invalid file format for Fine-Tuning API. Must be .jsonl")

    def _list_files(self, request: Request) -> Response:
        files = self._workshop.files.of(self._owner(request))
        purpose = request.query("purpose")
        rows = [self._write_file(file) for file in reversed(files) if purpose in ("", file.purpose)]
        return answer_page(request, rows, default=10_000, most=10_000, settings=self._world.settings, order="desc")

    def _get_file(self, request: Request) -> Response:
        file = self._file(request)
        file.looks += 1
        return Response.json(self._write_file(file))

    def _read_file(self, request: Request) -> Response:
        file = self._file(request)
        packed = file.produced and self._world.settings.results_base64
        content = b64encode(file.content) if packed else file.content
        return Response(200, content, (("content-type", "application/octet-stream"),))

    def _delete_file(self, request: Request) -> Response:
        """A file that was deleted before answers 200 with `deleted: false`, as Azure was seen to do."""
        owner, file_id = self._owner(request), request.params["file"]
        deleted = self._workshop.files.delete(owner, file_id)
        if not deleted and not self._workshop.files.was_deleted(owner, file_id):
            raise self._dialect.missing("file", file_id)
        return Response.json({"object": "file", "id": file_id, "deleted": deleted})

    # --- jobs ---------------------------------------------------------------------------------

    def _create(self, request: Request) -> Response:
        owner = self._owner(request)
        try:
            order = parse_order(request.json())
            self._may_train(order)
            self._has_room(owner, "job")
            job = self._workshop.create(owner, order)
        except BadOrder as error:
            raise self._dialect.bad_order(error) from error
        return Response.json(self._write_job(job), self._dialect.created_status)

    def _list(self, request: Request) -> Response:
        wanted = _metadata_of(request)
        mine = self._workshop.of(self._owner(request))
        jobs = {job.id: job for job in mine if wanted.items() <= dict(job.order.metadata).items()}
        rows = [{"id": job_id} for job_id in jobs]
        return answer_page(
            request, rows, edges=False, settings=self._world.settings, fill=lambda row: self._write_job(jobs[row["id"]])
        )

    def _get(self, request: Request) -> Response:
        return Response.json(self._write_job(self._job(request)))

    def _events(self, request: Request) -> Response:
        job = self._job(request)
        rows = write_events(job, self._dialect.log(job, self._world.now()))
        return answer_page(request, rows, edges=False, settings=self._world.settings)

    def _checkpoints(self, request: Request) -> Response:
        rows = write_checkpoints(self._job(request), self._world.now())
        return answer_page(request, rows, default=10, settings=self._world.settings)

    def _act(self, act: Callable[[Workshop, Job], None]) -> Handler:
        def handle(request: Request) -> Response:
            job = self._job(request)
            try:
                act(self._workshop, job)
            except WrongState as error:
                raise self._dialect.wrong_state(error) from error
            return Response.json(self._write_job(job))

        return handle

    def _validate_grader(self, request: Request) -> Response:
        """What a job with this grader would be refused for."""
        self._owner(request)
        try:
            return Response.json({"grader": check_grader(request.document().get("grader"), "grader")})
        except BadOrder as error:
            raise self._dialect.bad_order(error) from error

    # --- finding and writing ------------------------------------------------------------------

    def _file(self, request: Request) -> StoredFile:
        file = self._workshop.files.find(self._owner(request), request.params["file"])
        if file is None:
            raise self._dialect.missing("file", request.params["file"])
        return file

    def _job(self, request: Request) -> Job:
        job = self._workshop.find(self._owner(request), request.params["job"])
        if job is None:
            raise self._dialect.missing("job", request.params["job"])
        return job

    def _write_file(self, file: StoredFile) -> dict[str, Any]:
        return self._dialect.file(file, self._world.now())

    def _write_job(self, job: Job) -> dict[str, Any]:
        return self._dialect.job(job, self._world.now())
