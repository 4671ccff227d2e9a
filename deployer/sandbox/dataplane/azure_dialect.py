"""Azure OpenAI's way to write files, jobs, logs and errors of fine-tuning.

Seen on the service: objects lack `error`, `organization_id` and `validation_file` when there is
nothing to say; files and jobs are created with 201; the log has every tenth step and the billed
tokens; `trained_tokens` is not the billed figure.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from deployer.sandbox.catalog import MODELS
from deployer.sandbox.dataplane.dialect import (
    Happening,
    has_started,
    unix,
    write_hyperparameters,
    write_method,
    write_metrics,
    write_progress,
    write_rewards,
    write_table,
)
from deployer.sandbox.dataplane.error import ApiError, azure_error
from deployer.sandbox.price import azure_price
from deployer.sandbox.training.file import StoredFile
from deployer.sandbox.training.fit import Step
from deployer.sandbox.training.job import Job
from deployer.sandbox.training.order import BadOrder
from deployer.sandbox.training.schedule import Phase
from deployer.sandbox.training.workshop import (
    METHODS_OF_CHATS,
    METHODS_OF_OTHERS,
    METHODS_OF_REASONING,
    BaseName,
    Vendor,
    WrongState,
)

_PENDING_SECONDS, _PROCESSED_SECONDS = 2.0, 10.0
_WORDS = {Phase.VALIDATING: "pending", Phase.QUEUED: "pending"}
_EVERY = 10
_COLUMNS = (
    "step", "train_loss", "train_mean_token_accuracy", "valid_loss", "validation_mean_token_accuracy",
    "full_valid_loss", "full_valid_mean_token_accuracy",
)  # fmt: skip
_TIERS = {
    "": "regional",
    "standard": "regional",
    "globalstandard": "global",
    "datazonestandard": "datazone",
    "developertier": "developer",
    "developer": "developer",
}
_PADDING_PER_EXAMPLE = 6
_MOST = Decimal(5000)


def resolve_base(model: str, now: datetime, method: str = "supervised") -> BaseName:
    """A model that can be fine-tuned so today, by name or by name and version. Raises BadOrder."""
    for known in MODELS:
        full = f"{known.name}-{known.version}"
        named = model == full or (known.default and model == known.name)
        if named and known.fine_tune_until > now.date().isoformat() and method in _methods(known.name):
            return BaseName(known.name, known.version, full)
    raise BadOrder(f"The specified base model '{model}' does not support fine-tuning.", "model")


def _methods(name: str) -> tuple[str, ...]:
    if name.startswith("gpt-oss"):
        return METHODS_OF_OTHERS
    return METHODS_OF_REASONING if name.startswith("o") else METHODS_OF_CHATS


def affords(model: str, tier: str, region: str) -> timedelta:
    """How long reinforcement may train: the service pauses a job at $5,000 of training and grading."""
    return timedelta(hours=float(_MOST / azure_price(model, tier, "training-hours", region).amount))


def round_billed(tokens: int) -> int:
    """The service bills the nearest 1,000, and never nothing for work that was done."""
    return max(1000, (tokens + 500) // 1000 * 1000) if tokens else 0


def tier_of(training_type: str) -> str:
    """The price tier of a `trainingType`. Raises BadOrder."""
    tier = _TIERS.get(training_type.lower())
    if tier is None:
        raise BadOrder(f"The training type '{training_type}' is not supported.", "trainingType")
    return tier


def tuned_name(base: BaseName, token: str, suffix: str) -> str:
    return f"{base.full}.ft-{token}" + (f"-{suffix}" if suffix else "")


def write_results(job: Job) -> bytes:
    if job.order.method == "reinforcement":
        return write_rewards(job)
    rows = []
    for step in job.fit.steps:
        row = write_metrics(step)
        if "valid_mean_token_accuracy" in row:
            row["validation_mean_token_accuracy"] = row["valid_mean_token_accuracy"]
        rows.append(row)
    return write_table(_COLUMNS, rows)


def is_ready(file: StoredFile, now: datetime) -> bool:
    return file.age(now) >= _PROCESSED_SECONDS


VENDOR = Vendor(
    provider="azure",
    auto_rate=1.0,
    result_name="results.csv",
    base=resolve_base,
    tuned_name=tuned_name,
    billed=round_billed,
    tier=tier_of,
    write_results=write_results,
    is_ready=is_ready,
    affords=affords,
    validates=True,
)


class AzureDialect:
    """Implements `Dialect`."""

    created_status = 201

    def file(self, file: StoredFile, now: datetime) -> dict[str, Any]:
        age = file.age(now)
        status = "pending" if age < _PENDING_SECONDS else "running" if age < _PROCESSED_SECONDS else "processed"
        return {
            "object": "file",
            "id": file.id,
            "bytes": len(file.content),
            "filename": file.filename,
            "purpose": file.purpose,
            "status": status,
            "created_at": unix(file.created_at),
        }

    def job(self, job: Job, now: datetime) -> dict[str, Any]:
        phase, order = job.phase(now), job.order
        hyperparameters = write_hyperparameters(job, decided=True)
        written: dict[str, Any] = {
            "object": "fine_tuning.job",
            "id": job.id,
            "model": order.model,
            "status": _WORDS.get(phase, phase.value),
            "created_at": unix(job.schedule.created),
            "training_file": order.training_file,
            "hyperparameters": hyperparameters,
            "method": write_method(job, hyperparameters),
            "seed": job.seed,
            "trainingType": order.training_type or "standard",
        }
        optional = {"validation_file": order.validation_file, "suffix": order.suffix, "metadata": dict(order.metadata)}
        written |= {name: value for name, value in optional.items() if value}
        return written | (self._outcome(job, phase) if phase.ended else {})

    def log(self, job: Job, now: datetime) -> list[Happening]:
        schedule, phase = job.schedule, job.phase(now)
        lines = [
            Happening(schedule.created, "Job enqueued. Waiting for jobs ahead to complete."),
            Happening(schedule.created, "Preprocessing started for file training file."),
        ]
        if now >= schedule.validated and phase is not Phase.FAILED:
            lines.append(Happening(schedule.validated, "Preprocessing completed for file training file."))
        if has_started(phase) and now >= schedule.started and phase is not Phase.FAILED:
            lines += [Happening(schedule.started, text) for text in ("Job started.", "Training started.")]
            lines += [self._step(job, step) for step in job.steps(now) if step.number % _EVERY == 0 or step.number == 1]
        return lines + (self._ending(job, phase) if phase.ended else [])

    def missing(self, what: str, identifier: str) -> ApiError:
        return azure_error(404, "notFound", f"The {what} '{identifier}' was not found.")

    def bad_order(self, error: BadOrder) -> ApiError:
        return azure_error(400, "invalidPayload", str(error))

    def wrong_state(self, error: WrongState) -> ApiError:
        return azure_error(
            409, "unexpectedEntityState", f"The job '{error.job.id}' is {error.phase.value}: it can't be {error.act}ed."
        )

    def bad_request(self, message: str) -> ApiError:
        return azure_error(400, "invalidPayload", message)

    def _outcome(self, job: Job, phase: Phase) -> dict[str, Any]:
        end = job.schedule.ends()
        written: dict[str, Any] = {"finished_at": unix(end)} if end else {}
        if phase is Phase.SUCCEEDED:
            padding = len(job.training) * job.recipe.epochs * _PADDING_PER_EXAMPLE
            written |= {"fine_tuned_model": job.model_name, "result_files": [job.result_file]}
            if job.order.method != "reinforcement":
                written["trained_tokens"] = job.tokens + padding
        if phase is Phase.FAILED and job.fault:
            written["error"] = {
                "code": "jsonlValidationFailed",
                "message": f"Validation of jsonl data failed. {job.fault.message}",
            }
        return written

    def _step(self, job: Job, step: Step) -> Happening:
        text = f"Step {step.number}: {write_progress(job, step)}"
        return Happening(job.step_instant(step.number), text, data=write_metrics(step, job.order.method))

    def _ending(self, job: Job, phase: Phase) -> list[Happening]:
        at = job.schedule.ends() or job.schedule.created
        if phase is Phase.FAILED:
            message = job.fault.message if job.fault else "unknown"
            return [Happening(at, f"Preprocessing failed for file {job.fault_param}: {message}", "error")]
        if phase is Phase.CANCELLED:
            return [Happening(at, "Job cancelled.")]
        texts = ["Job succeeded.", "Model Evaluation Passed.", f"Completed results file: {job.result_file}"]
        if job.order.method != "reinforcement":
            texts.append(f"Training tokens billed: {round_billed(job.tokens)}")
        return [Happening(at, text) for text in texts]
