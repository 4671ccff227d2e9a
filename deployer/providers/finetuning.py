"""Fine-tuning over the openai SDK, the same for both clouds.

OpenAI and Azure OpenAI speak the same files and jobs protocol with small differences: real
Azure jobs lack fields that the SDK's types require, both send statuses that the enum omits,
and result files may arrive base64-encoded. So nothing is required here that is not needed.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from deployer.clock import Clock
from deployer.domain.deployment import Account
from deployer.domain.job import Checkpoint, Hyperparameters, Job, JobEvent, JobSpec
from deployer.errors import CloudError, NotFound
from deployer.providers.attempt import Attempts
from deployer.providers.deadline import CALL, deadline, left
from deployer.providers.page import all_items, identified
from deployer.providers.upload import PURPOSE, Uploader

if TYPE_CHECKING:
    from openai import OpenAI

PROCESSING_LIMIT = 1800.0
"""Seconds to wait for a file to be processed; 512 MB, the largest, takes minutes."""

LAST_SECOND = 253_402_300_800.0
"""The end of the year 9999 in Unix time: beyond it is no instant."""


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
            self._attempts(f"remove file {file_id} of {account.name}", partial(client.files.delete, file_id))
        return len(ours)

    def refusal(self, account: Account, model: str) -> str:
        """Nothing is known to refuse jobs of a whole account; a cloud that closes says more."""
        return ""

    def start(self, account: Account, spec: JobSpec) -> Job:
        client, request = self._client(account), job_request(spec)
        what = f"start a fine-tune of {spec.model} in {account.name}"
        answer = self._attempts(what, lambda: client.fine_tuning.jobs.create(**request), repeatable=False)
        return to_job(identified(what, answer, maybe_done=True), self._provider, account.name)

    def jobs(self, account: Account) -> tuple[Job, ...]:
        client = self._client(account)
        pages = self._pages(f"list fine-tunes of {account.name}", lambda: client.fine_tuning.jobs.list(limit=100))
        return tuple(to_job(document, self._provider, account.name) for document in pages)

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
        return tuple(sorted((to_checkpoint(document) for document in pages), key=lambda checkpoint: checkpoint.step))

    def cancel(self, account: Account, job_id: str) -> Job:
        return self._steer(account, job_id, "cancel", lambda jobs: jobs.cancel(job_id))

    def pause(self, account: Account, job_id: str) -> Job:
        return self._steer(account, job_id, "pause", lambda jobs: jobs.pause(job_id))

    def resume(self, account: Account, job_id: str) -> Job:
        return self._steer(account, job_id, "resume", lambda jobs: jobs.resume(job_id))

    def is_ready(self, account: Account, model: str) -> bool:
        client = self._client(account)
        try:
            self._attempts(f"read model {model} of {account.name}", lambda: client.models.retrieve(model))
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
        wait = 1.0
        while (status := str(document.get("status") or "processed").lower()) not in {"processed", "succeeded"}:
            if status in {"error", "failed", "deleted", "deleting"}:
                details = document.get("status_details") or "no details given"
                raise CloudError(
                    f"{account.name} could not process {name} ({file_id}): {details}",
                    next_step="run `deployer dataset check` on the file",
                )
            if wait >= left():
                raise CloudError(
                    f"{name} ({file_id}) is still {status} after {PROCESSING_LIMIT / 60:.0f} minutes",
                    next_step="start again later; the file is there",
                )
            self._clock.sleep(wait)
            wait = min(wait * 1.5, 30.0)
            document = self._read_file(client, account, file_id, document)
        return file_id

    def _read_file(self, client: OpenAI, account: Account, file_id: str, last: Mapping[str, Any]) -> Mapping[str, Any]:
        """The file's present state; a file that cannot be seen yet, just after its upload, is as it was."""
        try:
            what = f"read file {file_id} of {account.name}"
            return identified(what, self._attempts(what, lambda: client.files.retrieve(file_id)))
        except NotFound:
            return last


def job_request(spec: JobSpec) -> dict[str, Any]:
    """The arguments of `fine_tuning.jobs.create`: only what is set, so that the vendor's defaults hold.

    Nothing here asks Azure to deploy the model by itself when the job has ended (the portal's toggle, which
    no stable API document describes): that would start hosting past every budget, with nobody watching.
    """
    chosen = {
        "n_epochs": spec.hyperparameters.epochs,
        "batch_size": spec.hyperparameters.batch_size,
        "learning_rate_multiplier": spec.hyperparameters.learning_rate_multiplier,
    }
    parameters = {name: value for name, value in chosen.items() if value is not None}
    request: dict[str, Any] = {"model": spec.model, "training_file": spec.training_file}
    request["method"] = {"type": spec.method, spec.method: {"hyperparameters": parameters} if parameters else {}}
    optional = {
        "validation_file": spec.validation_file,
        "suffix": spec.suffix,
        "seed": spec.seed,
        "metadata": dict(spec.metadata),
        "extra_body": {"trainingType": spec.training_tier} if spec.training_tier else None,
    }
    return request | {name: value for name, value in optional.items() if value not in (None, "", {})}


def to_job(document: Mapping[str, Any], provider: str, account: str) -> Job:
    return Job(
        id=_text(document.get("id")),
        provider=provider,
        account=account,
        model=_text(document.get("model")),
        status=_text(document.get("status")) or "unknown",
        created_at=to_instant(document.get("created_at")),
        finished_at=to_instant(document.get("finished_at")),
        fine_tuned_model=_text(document.get("fine_tuned_model")),
        trained_tokens=_whole(document.get("trained_tokens")),
        hyperparameters=_to_hyperparameters(document),
        training_file=_text(document.get("training_file")),
        validation_file=_text(document.get("validation_file")),
        result_files=_names(document.get("result_files")),
        suffix=_text(document.get("suffix") or document.get("user_provided_suffix")),
        training_tier=_text(document.get("trainingType") or document.get("training_type")),
        error=_to_error(document.get("error")),
        metadata={str(k): str(v) for k, v in _mapping(document.get("metadata")).items()},
        method=_text(_mapping(document.get("method")).get("type")),
    )


def to_event(document: Mapping[str, Any]) -> JobEvent:
    return JobEvent(
        id=_text(document.get("id")),
        at=to_instant(document.get("created_at")) or datetime.fromtimestamp(0, UTC),
        level=_text(document.get("level")) or "info",
        message=_text(document.get("message")),
        data=_mapping(document.get("data")),
    )


def in_order(newest_first: Iterable[JobEvent]) -> tuple[JobEvent, ...]:
    """Oldest first; events of one second keep the vendor's order, which lists the newest first."""
    oldest_first = list(newest_first)[::-1]
    return tuple(sorted(oldest_first, key=lambda event: event.at))


def to_checkpoint(document: Mapping[str, Any]) -> Checkpoint:
    metrics = _mapping(document.get("metrics"))
    return Checkpoint(
        id=_text(document.get("id")),
        step=_whole(document.get("step_number")) or _whole(metrics.get("step")) or 0,
        model=_text(document.get("fine_tuned_model_checkpoint")),
        metrics={name: number for name, value in metrics.items() if (number := _number(value)) is not None},
    )


def to_instant(value: Any) -> datetime | None:
    """A Unix time in seconds as an instant; None when it is missing, zero or no such number."""
    seconds = _number(value)
    if seconds is None or not 0 < seconds < LAST_SECOND:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def decode_result(content: bytes) -> bytes:
    """A result file's text: some answers are base64 of it (no CSV is, for a comma is outside that alphabet)."""
    packed = content.strip().strip(b'"')
    if not packed:
        return content
    try:
        unpacked = base64.b64decode(packed, validate=True)
        unpacked.decode("utf-8")
    except (binascii.Error, ValueError):
        return content
    return unpacked


def _to_hyperparameters(document: Mapping[str, Any]) -> Hyperparameters:
    method = _mapping(document.get("method"))
    nested = _mapping(_mapping(method.get(_text(method.get("type")) or "supervised")).get("hyperparameters"))
    given = {**nested, **_mapping(document.get("hyperparameters"))}
    return Hyperparameters(
        epochs=_whole(given.get("n_epochs")),
        batch_size=_whole(given.get("batch_size")),
        learning_rate_multiplier=_number(given.get("learning_rate_multiplier")),
    )


def _to_error(error: Any) -> str:
    """One line; an empty error object, which succeeded jobs carry, is no error."""
    if not isinstance(error, Mapping):
        return _text(error)
    code, message = _text(error.get("code")), _text(error.get("message"))
    return f"{code}: {message}" if code and message else code or message


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _names(value: Any) -> tuple[str, ...]:
    return tuple(str(name) for name in value if name) if isinstance(value, list) else ()


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _number(value: Any) -> float | None:
    """A finite number, or None for anything else (`auto`, null, NaN)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
