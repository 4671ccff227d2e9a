"""What differs on the wire between the two vendors' fine-tuning APIs, and what both share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol

from deployer.sandbox.dataplane.error import ApiError
from deployer.sandbox.training.file import StoredFile
from deployer.sandbox.training.fit import Step
from deployer.sandbox.training.job import Job
from deployer.sandbox.training.order import BadOrder
from deployer.sandbox.training.schedule import Phase
from deployer.sandbox.training.workshop import WrongState


@dataclass(frozen=True)
class Happening:
    """One line of a job's log."""

    at: datetime
    message: str
    level: str = "info"
    data: dict[str, Any] | None = field(default=None)


class Dialect(Protocol):
    """How one vendor writes files, jobs, logs and errors."""

    created_status: int

    def file(self, file: StoredFile, now: datetime) -> dict[str, Any]: ...

    def job(self, job: Job, now: datetime) -> dict[str, Any]: ...

    def log(self, job: Job, now: datetime) -> Sequence[Happening]:
        """Oldest first."""
        ...

    def missing(self, what: str, identifier: str) -> ApiError: ...

    def bad_order(self, error: BadOrder) -> ApiError: ...

    def wrong_state(self, error: WrongState) -> ApiError: ...

    def bad_request(self, message: str) -> ApiError: ...


def unix(at: datetime) -> int:
    return int(at.timestamp())


def mark(prefix: str, *parts: object) -> str:
    """An identifier that follows from what it names."""
    return prefix + sha256(":".join(map(str, parts)).encode()).hexdigest()[:32]


def write_events(job: Job, log: Sequence[Happening]) -> list[dict[str, Any]]:
    """Newest first, as both vendors list them."""
    rows = [
        {
            "object": "fine_tuning.job.event",
            "id": mark("ftevent-", job.id, number),
            "created_at": unix(line.at),
            "level": line.level,
            "message": line.message,
            "type": "message" if line.data is None else "metrics",
            "data": line.data or {},
        }
        for number, line in enumerate(log)
    ]
    return rows[::-1]


def write_checkpoints(job: Job, now: datetime) -> list[dict[str, Any]]:
    """Newest first."""
    rows = []
    for step in reversed(job.checkpoints(now)):
        rows.append(
            {
                "object": "fine_tuning.job.checkpoint",
                "id": mark("ftckpt_", job.id, step)[:31],
                "created_at": unix(job.step_instant(step)),
                "fine_tuned_model_checkpoint": job.name_at(step),
                "fine_tuning_job_id": job.id,
                "metrics": write_metrics(job.fit.steps[step - 1], job.order.method),
                "step_number": step,
            }
        )
    return rows


def write_metrics(step: Step, method: str = "supervised") -> dict[str, float]:
    """A step's numbers under the names of checkpoints and events; what was not computed is absent.

    Reinforcement has no losses: the share that was answered well is its mean reward.
    """
    named: dict[str, float] = {"step": step.number}
    scores = {"train": step.train, "valid": step.valid, "full_valid": step.full_valid}
    for name, score in scores.items():
        if score is not None and method == "reinforcement":
            named[f"{name}_mean_reward"] = round(score.accuracy, 5)
        elif score is not None:
            named[f"{name}_loss"] = round(score.loss, 5)
            named[f"{name}_mean_token_accuracy"] = round(score.accuracy, 5)
    return named


def write_progress(job: Job, step: Step, places: int | None = None) -> str:
    """A step's numbers in a sentence of the log."""
    rewarded = job.order.method == "reinforcement"
    word = "mean reward" if rewarded else "loss"
    scores = {"training": step.train, "validation": step.valid, "full validation": step.full_valid}
    numbers = {name: score.accuracy if rewarded else score.loss for name, score in scores.items() if score}
    texts = {name: f"{number}" if places is None else f"{number:.{places}f}" for name, number in numbers.items()}
    return ", ".join(f"{name} {word}={text}" for name, text in texts.items())


def write_rewards(job: Job) -> bytes:
    """The result file of reinforcement."""
    names = ("step", "train_mean_reward", "valid_mean_reward", "full_valid_mean_reward")
    return write_table(names, [write_metrics(step, job.order.method) for step in job.fit.steps])


def write_hyperparameters(job: Job, *, decided: bool) -> dict[str, Any]:
    """What the job trains with; until files are validated OpenAI still says `auto`."""
    wanted, recipe = job.order.wanted, job.recipe
    return {
        "n_epochs": recipe.epochs if decided or wanted.epochs else "auto",
        "batch_size": recipe.batch_size if decided or wanted.batch_size else "auto",
        "learning_rate_multiplier": (
            recipe.rate_multiplier if decided or wanted.rate_multiplier is not None else "auto"
        ),
    }


def write_method(job: Job, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """How the job trains, with what only its method has."""
    order = job.order
    details: dict[str, Any] = {"hyperparameters": {**hyperparameters, **order.wanted.own}}
    return {"type": order.method, order.method: details | ({"grader": order.grader} if order.grader else {})}


def write_table(columns: Sequence[str], rows: Sequence[dict[str, float]]) -> bytes:
    """A result file: one line a step, empty where nothing was computed."""
    lines = [",".join(columns)]
    lines += [",".join(str(row.get(column, "")) for column in columns) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def has_started(phase: Phase) -> bool:
    return phase not in {Phase.VALIDATING, Phase.QUEUED}
