"""OpenAI's way to write files, jobs, logs and errors of fine-tuning."""

from datetime import datetime
from typing import Any

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
from deployer.sandbox.dataplane.error import ApiError, openai_error
from deployer.sandbox.dataplane.openai_catalog import resolve_base
from deployer.sandbox.training.file import StoredFile
from deployer.sandbox.training.fit import Step
from deployer.sandbox.training.job import Job
from deployer.sandbox.training.order import BadOrder
from deployer.sandbox.training.schedule import Phase
from deployer.sandbox.training.workshop import BaseName, Vendor, WrongState

ORGANIZATION_ID = "org-sandbox"
_ORGANIZATION_NAME = "sandbox"
_PROCESSED_SECONDS = 2.0
_WORDS = {Phase.VALIDATING: "validating_files", Phase.PAUSING: "paused", Phase.RESUMING: "queued"}
_COLUMNS = ("step", "train_loss", "train_accuracy", "valid_loss", "valid_mean_token_accuracy")


def tuned_name(base: BaseName, token: str, suffix: str) -> str:
    return f"ft:{base.full}:{_ORGANIZATION_NAME}:{suffix}:{token[:8]}"


def write_results(job: Job) -> bytes:
    if job.order.method == "reinforcement":
        return write_rewards(job)
    rows = []
    for step in job.fit.steps:
        row = write_metrics(step)
        row["train_accuracy"] = row["train_mean_token_accuracy"]
        rows.append(row)
    return write_table(_COLUMNS, rows)


def is_ready(file: StoredFile, now: datetime) -> bool:
    return file.age(now) >= 0  # jobs wait for their files by themselves


VENDOR = Vendor(
    provider="openai",
    auto_rate=1.8,
    result_name="step_metrics.csv",
    base=resolve_base,
    tuned_name=tuned_name,
    billed=lambda tokens: tokens,
    tier=lambda training_type: "*",
    write_results=write_results,
    is_ready=is_ready,
)


class OpenAIDialect:
    """Implements `Dialect`."""

    created_status = 200

    def file(self, file: StoredFile, now: datetime) -> dict[str, Any]:
        return {
            "object": "file",
            "id": file.id,
            "bytes": len(file.content),
            "created_at": unix(file.created_at),
            **({"expires_at": unix(file.expires_at)} if file.expires_at else {}),
            "filename": file.filename,
            "purpose": file.purpose,
            "status": "processed" if file.age(now) >= _PROCESSED_SECONDS else "uploaded",
        }

    def job(self, job: Job, now: datetime) -> dict[str, Any]:
        phase, order, end = job.phase(now), job.order, job.schedule.ends()
        hyperparameters = write_hyperparameters(job, decided=has_started(phase))
        succeeded = phase is Phase.SUCCEEDED
        return {
            "object": "fine_tuning.job",
            "id": job.id,
            "model": resolve_base(order.model, job.schedule.created, order.method).full,
            "created_at": unix(job.schedule.created),
            "finished_at": unix(end) if phase.ended and end else None,
            "estimated_finish": unix(end) if phase is Phase.RUNNING and end else None,
            "fine_tuned_model": job.model_name if succeeded else None,
            "organization_id": ORGANIZATION_ID,
            "result_files": [job.result_file] if succeeded else [],
            "status": _WORDS.get(phase, phase.value),
            "validation_file": order.validation_file or None,
            "training_file": order.training_file,
            "hyperparameters": hyperparameters,
            "trained_tokens": job.billed_tokens(now) if succeeded and order.method != "reinforcement" else None,
            "error": self._fault(job) if phase is Phase.FAILED else None,
            "user_provided_suffix": order.suffix or None,
            "seed": job.seed,
            "integrations": [],
            "metadata": dict(order.metadata) or None,
            "method": write_method(job, hyperparameters),
        }

    def log(self, job: Job, now: datetime) -> list[Happening]:
        schedule, phase, order = job.schedule, job.phase(now), job.order
        files = f"Validating training file: {order.training_file}"
        files += f" and validation file: {order.validation_file}" if order.validation_file else ""
        lines = [Happening(schedule.created, f"Created fine-tuning job: {job.id}"), Happening(schedule.created, files)]
        if now >= schedule.validated and phase is not Phase.FAILED:
            lines.append(Happening(schedule.validated, "Files validated, moving job to queued state"))
        if has_started(phase) and now >= schedule.started and phase is not Phase.FAILED:
            lines.append(Happening(schedule.started, "Fine-tuning job started"))
            lines += [self._step(job, step) for step in job.steps(now)]
        return lines + (self._ending(job, phase) if phase.ended else [])

    def missing(self, what: str, identifier: str) -> ApiError:
        if what != "job":
            return openai_error(404, f"No such {what.capitalize()} object: {identifier}", param="id")
        message = f"Could not find fine tune: {identifier}"
        return openai_error(404, message, code="fine_tune_not_found", param="fine_tune_id")

    def bad_order(self, error: BadOrder) -> ApiError:
        code = "model_not_available" if error.param == "model" else None
        return openai_error(400, str(error), code=code, param=error.param or None)

    def wrong_state(self, error: WrongState) -> ApiError:
        message = f"Job has already completed: {error.job.id}" if error.phase.ended else str(error)
        return openai_error(400, message)

    def bad_request(self, message: str) -> ApiError:
        return openai_error(400, message)

    def _fault(self, job: Job) -> dict[str, Any] | None:
        if job.fault is None:
            return None
        message = job.fault.message
        if job.fault.code == "invalid_training_file":
            message = f"The job failed due to an invalid {job.fault_param.replace('_', ' ')}. {message}"
        return {"code": job.fault.code, "message": message, "param": job.fault_param}

    def _step(self, job: Job, step: Step) -> Happening:
        text = f"Step {step.number}/{job.total_steps}: {write_progress(job, step, places=2)}"
        data = {**write_metrics(step, job.order.method), "total_steps": job.total_steps}
        return Happening(job.step_instant(step.number), text, data=data)

    def _ending(self, job: Job, phase: Phase) -> list[Happening]:
        at = job.schedule.ends() or job.schedule.created
        if phase is Phase.FAILED:
            fault = self._fault(job) or {"message": "unknown"}
            return [Happening(at, str(fault["message"]), "error")]
        if phase is Phase.CANCELLED:
            return [Happening(at, "The job has been cancelled")]
        earlier = [step for step in job.checkpoints(at) if step != job.total_steps]
        lines = [
            Happening(at, f"Checkpoint created at step {step} with Snapshot ID: {job.name_at(step)}")
            for step in earlier
        ]
        texts = (f"New fine-tuned model created: {job.model_name}", "The job has successfully completed")
        return lines + [Happening(at, text) for text in texts]
