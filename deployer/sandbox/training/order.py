"""What a client asks for when it creates a job, checked as the vendors check it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deployer.sandbox.training.bad import BadOrder
from deployer.sandbox.training.fit import Recipe
from deployer.sandbox.training.grader import check_grader

__all__ = ["BadOrder", "JobOrder", "Wanted", "decide", "parse_order"]

_SUFFIX = re.compile(r"[A-Za-z0-9_\- ]{1,64}")
METHODS = ("supervised", "dpo", "reinforcement")
_LIMITS = {
    "n_epochs": (1, 50),
    "batch_size": (1, 256),
    "learning_rate_multiplier": (0.0, 1000.0),
    "beta": (0.0, 2.0),
    "compute_multiplier": (0.00001, 10.0),
    "eval_interval": (1, 1_000_000),
    "eval_samples": (1, 1_000_000),
}
_OWN = {
    "supervised": (),
    "dpo": ("beta",),
    "reinforcement": ("compute_multiplier", "eval_interval", "eval_samples"),
}
_EFFORTS = ("default", "low", "medium", "high")


@dataclass(frozen=True)
class Wanted:
    """Hyperparameters as asked; None is `auto`. `own` are those that only its method has, as asked or `auto`."""

    epochs: int | None = None
    batch_size: int | None = None
    rate_multiplier: float | None = None
    own: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class JobOrder:
    """One job as it was asked for."""

    model: str
    training_file: str
    validation_file: str = ""
    method: str = "supervised"
    wanted: Wanted = Wanted()
    suffix: str = ""
    seed: int | None = None
    training_type: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    grader: Mapping[str, Any] | None = None


def parse_order(body: object) -> JobOrder:
    """Read a request body. Raises BadOrder."""
    if not isinstance(body, dict):
        raise BadOrder("We could not parse the JSON body of your request.", "")
    for name in ("model", "training_file"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise BadOrder(f"Missing required parameter: '{name}'.", name)
    method = body.get("method") or {"type": "supervised"}
    kind = method.get("type") if isinstance(method, dict) else None
    if kind not in METHODS:
        known = ", ".join(f"'{name}'" for name in METHODS)
        raise BadOrder(f"Invalid value: '{kind}'. Supported values are: {known}.", "method")
    suffix = body.get("suffix") or ""
    if suffix and not (isinstance(suffix, str) and _SUFFIX.fullmatch(suffix)):
        raise BadOrder("Invalid suffix: up to 64 letters, digits, dashes and underscores.", "suffix")
    details = method.get(kind) or {}
    return JobOrder(
        model=body["model"],
        training_file=body["training_file"],
        validation_file=body.get("validation_file") or "",
        method=kind,
        wanted=_read_wanted(kind, details.get("hyperparameters") or body.get("hyperparameters") or {}),
        suffix=suffix,
        seed=body.get("seed"),
        training_type=body.get("trainingType") or "",
        metadata=body.get("metadata") or {},
        grader=check_grader(details.get("grader")) if kind == "reinforcement" else None,
    )


def decide(wanted: Wanted, examples: int, auto_rate: float, seed: int) -> Recipe:
    """Fill in what was left to the vendor.

    Epochs by the vendor's published estimate (three, more for few examples, fewer for many); batches
    of about 0.2 % of the examples.
    """
    epochs = wanted.epochs or _auto_epochs(examples)
    batch = wanted.batch_size or min(256, max(1, round(0.002 * examples)))
    return Recipe(epochs, batch, auto_rate if wanted.rate_multiplier is None else wanted.rate_multiplier, seed)


def _auto_epochs(examples: int) -> int:
    if examples * 3 < 100:
        return min(25, -(-100 // max(1, examples)))
    return max(1, 25_000 // examples) if examples * 3 > 25_000 else 3


def _read_wanted(method: str, given: Mapping[str, Any]) -> Wanted:
    epochs, batch = _number(given, "n_epochs"), _number(given, "batch_size")
    return Wanted(
        epochs=None if epochs is None else int(epochs),
        batch_size=None if batch is None else int(batch),
        rate_multiplier=_number(given, "learning_rate_multiplier"),
        own=_read_own(method, given),
    )


def _read_own(method: str, given: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {name: _number(given, name) for name in _OWN[method]}
    own: dict[str, Any] = {name: "auto" if number is None else number for name, number in numbers.items()}
    if method == "reinforcement":
        own["reasoning_effort"] = given.get("reasoning_effort") or "default"
        if own["reasoning_effort"] not in _EFFORTS:
            raise BadOrder(f"Invalid value for 'reasoning_effort': {own['reasoning_effort']!r}.", "reasoning_effort")
    return own


def _number(given: Mapping[str, Any], name: str) -> float | None:
    """A hyperparameter; `auto`, -1 and absence leave it to the vendor."""
    value = given.get(name)
    if value in (None, "auto", -1):
        return None
    low, high = _LIMITS[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadOrder(f"Invalid value for '{name}': {value!r} is not between {low} and {high}.", name)
    return value
