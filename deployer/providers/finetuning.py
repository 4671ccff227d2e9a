"""Fine-tuning over the openai SDK, the same for both clouds.

OpenAI and Azure OpenAI speak the same files and jobs protocol with small differences: real
Azure jobs lack fields that the SDK's types require, both send statuses that the enum omits,
and result files may arrive base64-encoded. So nothing is required here that is not needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from deployer.clock import Clock
from deployer.deadline import CALL, deadline, left
from deployer.domain.deployment import Account
from deployer.domain.job import Checkpoint, Job, JobEvent, JobSpec
from deployer.errors import CloudError, NotFound
from deployer.providers.attempt import Attempts
from deployer.providers.job import by_step, decode_result, in_order, job_request, to_checkpoint, to_event, to_job
from deployer.providers.page import all_items, identified
from deployer.providers.upload import PURPOSE, Uploader

if TYPE_CHECKING:
    from openai import OpenAI

PROCESSING_LIMIT = 1800.0
"""Seconds to wait for a file to be processed; 512 MB, the largest, takes minutes."""

SILENCE = 60.0
"""Seconds to wait for a file that does not say its status; a job on one that is not ready is refused anyway."""


class FineTuning:
    """The port `Training` over an openai client per account; the clients must have `max_retries=0`."""

    keep_files: ClassVar[int | None] = None
    """Seconds after which the vendor may drop an uploaded file by itself; None where it takes no such wish."""

    def __init__(self, provider: str, client: Callable[[Account], OpenAI], attempts: Attempts, clock: Clock) -> None:
        self._provider = provider
        self._client = client
        self._attempts = attempts
        self._clock = clock

    def upload(self, account: Account, path: Path, marker: str = "") -> str:
        """Upload and wait until processed; a lost answer leaves one file, not two."""
        client, what = self._client(account), f"upload {path.name} to {account.name}"
        with deadline(self._clock, PROCESSING_LIMIT):
            document = Uploader(client, self._attempts, self._clock, path, what, marker, self.keep_files).upload()
            return self._processed(client, account, document)

    def discard(self, account: Account, marker: str) -> int:
        client = self._client(account)
        found = list(self._pages(f"look for files of {account.name}", lambda: client.files.list(purpose=PURPOSE)))
        ours = [
            str(file["id"]) for file in found if marker and marker in str(file.get("filename", "")) and "id" in file
        ]
        for file_id in ours:
            self._remove(client, account, file_id)
        return len(ours)

    def stored(self, account: Account) -> tuple[int, ...]:
        client = self._client(account)
        found = self._pages(f"look for files of {account.name}", lambda: client.files.list(purpose=PURPOSE))
        return tuple(size if isinstance(size := file.get("bytes"), int) else 0 for file in found)

    def _remove(self, client: OpenAI, account: Account, file_id: str) -> None:
        """What is not there any more is as good as removed; an answer that names nothing has removed nothing."""
        what = f"remove file {file_id} of {account.name}"
        with suppress(NotFound):
            identified(what, self._attempts(what, lambda: client.files.delete(file_id)))

    def refusal(self, account: Account, model: str, method: str = "supervised") -> str:
        """Nothing is known to refuse jobs of a whole account; a cloud that closes says more."""
        return ""

    def start(self, account: Account, spec: JobSpec) -> Job:
        client, request = self._client(account), job_request(spec)
        what = f"start a fine-tune of {spec.model} in {account.name}"
        answer = self._attempts(what, lambda: client.fine_tuning.jobs.create(**request), repeatable=False)
        return to_job(identified(what, answer, maybe_done=True), self._provider, account.name)

    def jobs(self, account: Account) -> tuple[Job, ...]:
        client = self._client(account)
        what = f"list fine-tunes of {account.name}"
        pages = self._pages(what, lambda: client.fine_tuning.jobs.list(limit=100))
        return tuple(to_job(identified(what, document), self._provider, account.name) for document in pages)

    def job(self, account: Account, job_id: str) -> Job:
        client = self._client(account)
        what = f"read fine-tune {job_id} of {account.name}"
        answer = self._attempts(what, lambda: client.fine_tuning.jobs.retrieve(job_id))
        return to_job(identified(what, answer), self._provider, account.name)

    def events(self, account: Account, job_id: str) -> tuple[JobEvent, ...]:
        client = self._client(account)
        what = f"read events of {job_id} of {account.name}"
        pages = self._pages(what, lambda: client.fine_tuning.jobs.list_events(job_id, limit=100))
        return in_order(to_event(document) for document in pages)

    def checkpoints(self, account: Account, job_id: str) -> tuple[Checkpoint, ...]:
        client = self._client(account)
        what = f"list checkpoints of {job_id} of {account.name}"
        pages = self._pages(what, lambda: client.fine_tuning.jobs.checkpoints.list(job_id, limit=100))
        return by_step(to_checkpoint(document) for document in pages)

    def cancel(self, account: Account, job_id: str) -> Job:
        return self._steer(account, job_id, "cancel", lambda jobs: jobs.cancel(job_id))

    def pause(self, account: Account, job_id: str) -> Job:
        return self._steer(account, job_id, "pause", lambda jobs: jobs.pause(job_id))

    def resume(self, account: Account, job_id: str) -> Job:
        return self._steer(account, job_id, "resume", lambda jobs: jobs.resume(job_id))

    def is_ready(self, account: Account, model: str) -> bool:
        client = self._client(account)
        what = f"read model {model} of {account.name}"
        try:
            identified(what, self._attempts(what, lambda: client.models.retrieve(model)))
        except NotFound:
            return False
        return True

    def result(self, account: Account, file_id: str) -> bytes:
        client = self._client(account)
        what = f"read result file {file_id} of {account.name}"
        return decode_result(self._attempts(what, lambda: client.files.content(file_id).read()))

    def _steer(self, account: Account, job_id: str, verb: str, call: Callable[[Any], Any]) -> Job:
        jobs = self._client(account).fine_tuning.jobs
        what = f"{verb} fine-tune {job_id} of {account.name}"
        answer = self._attempts(what, lambda: call(jobs))
        return to_job(identified(what, answer, maybe_done=True), self._provider, account.name)

    def _pages(self, what: str, first: Callable[[], Any]) -> list[Mapping[str, Any]]:
        with deadline(self._clock, CALL):
            return list(all_items(self._attempts, what, first))

    def _processed(self, client: OpenAI, account: Account, document: Mapping[str, Any]) -> str:
        file_id, name = str(document.get("id", "")), document.get("filename", "the file")
        wait, waited = 1.0, 0.0
        while (status := str(document.get("status") or "").lower()) not in {"processed", "succeeded"}:
            if not status and waited >= SILENCE:
                break
            if status in {"error", "failed", "deleted", "deleting"}:
                details = document.get("status_details") or "no details given"
                raise CloudError(
                    f"{account.name} could not process {name} ({file_id}): {details}",
                    next_step="run `deployer dataset check` on the file",
                )
            if wait >= left():
                minutes = f"{PROCESSING_LIMIT / 60:.0f} minutes"
                raise CloudError(
                    f"{name} ({file_id}) is still {status or 'without a status'} after {minutes}",
                    next_step="start again later; the file is there",
                )
            self._clock.sleep(wait)
            wait, waited = min(wait * 1.5, 30.0), waited + wait
            document = self._read_file(client, account, file_id, document)
        return file_id

    def _read_file(self, client: OpenAI, account: Account, file_id: str, last: Mapping[str, Any]) -> Mapping[str, Any]:
        """The file's present state; a file that cannot be seen yet, just after its upload, is as it was."""
        try:
            what = f"read file {file_id} of {account.name}"
            return identified(what, self._attempts(what, lambda: client.files.retrieve(file_id)))
        except NotFound:
            return last
