"""Fine-tune jobs, events, checkpoints and result files as both vendors write them, and as we know them.

Nothing is required here that is not needed: fields come and go with the service's version, and what does
not come is unknown, never zero.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from deployer.domain.job import Checkpoint, Hyperparameters, Job, JobEvent, JobSpec

LAST_SECOND = 253_402_300_800.0
"""The end of the year 9999 in Unix time: beyond it is no instant."""


def job_request(spec: JobSpec) -> dict[str, Any]:
    """The arguments of `fine_tuning.jobs.create`: only what is set, so that the vendor's defaults hold.

    Nothing here asks Azure to deploy the model by itself when the job has ended (the portal's toggle, which
    no stable API document describes): that would start hosting past every budget, with nobody watching.
    """
    request: dict[str, Any] = {"model": spec.model, "training_file": spec.training_file}
    request["method"] = {"type": spec.method, spec.method: _method(spec)}
    optional = {
        "validation_file": spec.validation_file,
        "suffix": spec.suffix,
        "seed": spec.seed,
        "metadata": dict(spec.metadata),
        "extra_body": {"trainingType": spec.training_tier} if spec.training_tier else None,
    }
    return request | {name: value for name, value in optional.items() if value not in (None, "", {})}


def _method(spec: JobSpec) -> dict[str, Any]:
    chosen = asdict(spec.hyperparameters)
    chosen["n_epochs"] = chosen.pop("epochs")
    parameters = {name: value for name, value in chosen.items() if value is not None}
    method: dict[str, Any] = {"hyperparameters": parameters} if parameters else {}
    return method if spec.grader is None else {"grader": spec.grader, **method}


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
        training_tier=_text(_first(document, "trainingType", "trainingtype", "training_type")),
        error=_to_error(document.get("error")),
        metadata={str(k): str(v) for k, v in _mapping(document.get("metadata")).items()},
        method=_text(_mapping(document.get("method")).get("type")),
    )


def to_event(document: Mapping[str, Any]) -> JobEvent:
    return JobEvent(
        id=_text(document.get("id")),
        at=to_instant(document.get("created_at")),
        level=_text(document.get("level")) or "info",
        message=_text(document.get("message")),
        data=_mapping(document.get("data")),
    )


def in_order(newest_first: Iterable[JobEvent]) -> tuple[JobEvent, ...]:
    """Oldest first; events of one second, and those without an instant, keep the vendor's order (newest first)."""
    placed: list[tuple[datetime, JobEvent]] = []
    last = datetime.min.replace(tzinfo=UTC)
    for event in list(newest_first)[::-1]:
        last = event.at or last
        placed.append((last, event))
    return tuple(event for _, event in sorted(placed, key=lambda pair: pair[0]))


def by_step(checkpoints: Iterable[Checkpoint]) -> tuple[Checkpoint, ...]:
    """The earliest first; one that does not say its step comes last."""
    return tuple(sorted(checkpoints, key=lambda one: (one.step is None, one.step or 0)))


def to_checkpoint(document: Mapping[str, Any]) -> Checkpoint:
    metrics = _mapping(document.get("metrics"))
    step = _whole(document.get("step_number"))
    return Checkpoint(
        id=_text(document.get("id")),
        step=_whole(metrics.get("step")) if step is None else step,
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
        beta=_number(given.get("beta")),
        reasoning_effort=_text(given.get("reasoning_effort")) or None,
        compute_multiplier=_number(given.get("compute_multiplier")),
        eval_interval=_whole(given.get("eval_interval")),
        eval_samples=_whole(given.get("eval_samples")),
    )


def _to_error(error: Any) -> str:
    """One line; an empty error object, which succeeded jobs carry, is no error."""
    if not isinstance(error, Mapping):
        return _text(error)
    code, message = _text(error.get("code")), _text(error.get("message"))
    return f"{code}: {message}" if code and message else code or message


def _first(document: Mapping[str, Any], *names: str) -> Any:
    """Services were seen to send some keys in lower case."""
    return next((document[name] for name in names if document.get(name)), None)


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
