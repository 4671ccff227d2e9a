"""How jobs, their events and their checkpoints look in tables and documents."""

from dataclasses import asdict
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from deployer.cli.render import Column, emit, iso, moment, say, tell

if TYPE_CHECKING:
    from deployer.domain.charge import Spend
    from deployer.domain.job import Checkpoint, Job, JobEvent
    from deployer.training.follow import Followed
    from deployer.training.portrait import Portrait

_MEASURES = {
    "train_loss": "train loss",
    "valid_loss": "valid loss",
    "full_valid_loss": "full valid loss",
    "train_mean_reward": "train reward",
    "valid_mean_reward": "valid reward",
    "full_valid_mean_reward": "full valid reward",
}
_EVENTS = 10
"""How many of a job's events a table shows: those at its end."""

JOB_COLUMNS = (
    Column("id", "job"),
    Column("account"),
    Column("model"),
    Column("status"),
    Column("created_at", "created"),
    Column("trained_tokens", "tokens", right=True),
    Column("cost", show=lambda value: spend_text(value), right=True),
    Column("fine_tuned_model", "fine-tuned model"),
    Column("error", "why it failed", show=lambda value: shorten(value, 80, placeholder="…")),
)
"""The last one is left out where nothing failed."""


def job_row(found: "Followed") -> dict[str, Any]:
    job = found.job
    return {
        "id": job.id,
        "provider": job.provider,
        "account": found.account.name,
        "model": job.model,
        "method": job.method or None,
        "status": job.status,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "trained_tokens": job.trained_tokens,
        "cost": found.cost,
        "fine_tuned_model": job.fine_tuned_model or None,
        "error": job.error or None,
    }


def job_document(portrait: "Portrait") -> dict[str, Any]:
    """One job in full; what could not be read is null."""
    job, checkpoints, events = portrait.found.job, portrait.checkpoints, portrait.events
    return job_row(portrait.found) | {
        **asdict(job.hyperparameters),
        "suffix": job.suffix or None,
        "tier": job.training_tier or None,
        "training_file": job.training_file,
        "validation_file": job.validation_file or None,
        "result_files": job.result_files,
        "metadata": job.metadata,
        "checkpoints": None if checkpoints is None else [_checkpoint_row(each) for each in checkpoints],
        "metrics": portrait.metrics,
        "events": None if events is None else [event_document(event) for event in events],
    }


def _checkpoint_row(checkpoint: "Checkpoint") -> dict[str, Any]:
    return {**checkpoint.metrics, "step": checkpoint.step, "model": checkpoint.model}


def print_job(portrait: "Portrait") -> None:
    """One job for people: its facts, its checkpoints in a table of their own, and what happened last."""
    document, events = job_document(portrait), portrait.events or ()
    document["cost"] = spend_text(portrait.found.cost) if portrait.found.cost else None
    apart = ("checkpoints", "events")
    facts = {name: value for name, value in document.items() if name not in apart and value not in (None, (), {}, [])}
    emit(facts, "table")
    rows = document["checkpoints"]
    if rows:
        names = [name for name in dict.fromkeys(key for row in rows for key in row) if name not in ("step", "model")]
        measured = [Column(name, show=lambda value: f"{value:g}", right=True) for name in names]
        say()
        emit(rows, "table", [Column("step", right=True), *measured, Column("model", "checkpoint")])
    if events:
        left = len(events) - _EVENTS
        say()
        say(f"{left} earlier events; `deployer finetune watch` prints all" if left > 0 else "events")
        for event in events[-_EVENTS:]:
            print_event(event)


def event_document(event: "JobEvent") -> dict[str, Any]:
    return {
        "at": iso(event.at) if event.at else None,
        "level": event.level,
        "message": event.message,
        "data": dict(event.data),
    }


def print_event(event: "JobEvent") -> None:
    """One line of a job's log, with its losses or rewards where the message leaves them out."""
    measures = [
        f"{title} {float(event.data[name]):.4f}"
        for name, title in _MEASURES.items()
        if isinstance(event.data.get(name), int | float)
    ]
    silent = "loss" not in event.message and "reward" not in event.message
    told = f" ({', '.join(measures)})" if measures and silent else ""
    level = f"{event.level.upper()}: " if event.level not in ("info", "") else ""
    say(f"{moment(event.at)}  {level}{event.message}{told}")


def spend_text(cost: "Spend") -> str:
    """What a job cost; `at most` where the vendor has not said what it billed."""
    bounded = not cost.unpriced and cost.low < cost.high
    return f"at most {str(cost.high).removeprefix('<')}" if bounded else str(cost)


def cost_text(cost: "Spend | None") -> str:
    return "cost not known yet" if cost is None else f"cost {spend_text(cost)}"


def _tell_pause(job: "Job") -> None:
    from deployer.training.estimate import CAP_IS_GONE

    if job.method == "reinforcement" and job.provider == "azure":
        tell(f"Note: {CAP_IS_GONE}")
    tell(f"Next: deployer finetune resume {job.id}")


def print_end(found: "Followed", job: "Job") -> None:
    """How the job ended, and the command that comes next."""
    if not job.fine_tuned_model:
        tell(f"{job.id} {job.status}{': ' + job.error if job.error else ''}")
        if job.paused:
            _tell_pause(job)
        return
    say(f"{job.status}: {job.fine_tuned_model}")
    if job.provider == "azure":
        say(f"Next: deployer deployment create NAME --account {found.account.name} --model {job.fine_tuned_model}")
    else:
        say(f'Next: deployer deployment call "openai:{found.account.name}/{job.fine_tuned_model}" "..."')
