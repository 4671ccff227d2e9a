"""Fine-tune jobs, in the words both vendors share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Hyperparameters:
    """None means the vendor's `auto`. `beta` is of preference training; those after it of reinforcement."""

    epochs: int | None = None
    batch_size: int | None = None
    learning_rate_multiplier: float | None = None
    beta: float | None = None
    reasoning_effort: str | None = None
    compute_multiplier: float | None = None
    eval_interval: int | None = None
    eval_samples: int | None = None


@dataclass(frozen=True)
class JobSpec:
    """What to train: `account` is the account's name, `model` the base model as the vendor takes it.

    `training_tier` is `standard`, `globalStandard` or `developerTier` (Azure only). Files are the
    vendor's file ids. `method` is `supervised`, `dpo` or `reinforcement`; the last needs a `grader`, as the
    vendor takes it.
    """

    account: str
    model: str
    training_file: str
    validation_file: str = ""
    suffix: str = ""
    seed: int | None = None
    hyperparameters: Hyperparameters = Hyperparameters()
    training_tier: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    method: str = "supervised"
    grader: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Job:
    """A job as the vendor shows it; `status` and `method` are the vendor's words, known to us or not."""

    id: str
    provider: str
    account: str
    model: str
    status: str
    created_at: datetime | None = None
    finished_at: datetime | None = None
    fine_tuned_model: str = ""
    trained_tokens: int | None = None
    hyperparameters: Hyperparameters = Hyperparameters()
    training_file: str = ""
    validation_file: str = ""
    result_files: tuple[str, ...] = ()
    suffix: str = ""
    training_tier: str = ""
    error: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    method: str = ""

    @property
    def ended(self) -> bool:
        return self.status.lower() in {"succeeded", "failed", "cancelled", "canceled", "deleted"}

    @property
    def paused(self) -> bool:
        """Whether it waits for somebody to resume it."""
        return self.status.lower() in {"paused", "pausing"}

    @property
    def succeeded(self) -> bool:
        return self.status.lower() == "succeeded"


@dataclass(frozen=True)
class JobEvent:
    id: str
    at: datetime | None
    level: str
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkpoint:
    """A deployable state of the model during training; `metrics` as the vendor names them."""

    id: str
    step: int | None
    model: str
    metrics: Mapping[str, float] = field(default_factory=dict)
