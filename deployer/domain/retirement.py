"""When a deployment stops answering, by the vendor's own list of models.

The earliest date holds: a SKU can end before its model. What is absent or cannot be read is unknown,
which is not the same as "never".
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from deployer.domain.catalog import ModelList, OfferedModel
from deployer.domain.deployment import Deployment
from deployer.domain.model import trained_on

OPENAI_LAST_TRAINING = datetime(2027, 1, 6, 23, 59, 59, tzinfo=UTC)
"""The end of the last day on which anybody can start a fine-tune there (deprecations page, announced 2026-05-07)."""

SOON = timedelta(days=90)
"""What ends within this time is listed by `doctor` and deployed only with a warning."""


@dataclass(frozen=True)
class Retirement:
    """`at`: it stops answering; `retrain_until`: the last its base can be trained; None is unknown.

    `model` is the base that retires. `cause` says what is not known, and why; `source` and `as_of` say who
    told it and when.
    """

    at: datetime | None = None
    retrain_until: datetime | None = None
    model: str = ""
    cause: str = ""
    source: str = ""
    as_of: datetime | None = None


def retirement_of(deployment: Deployment, models: ModelList) -> Retirement:
    """The end of one deployment, by the list of its region or project."""
    base = trained_on(deployment.model)
    own = models.find(deployment.model, deployment.model_version)
    found = [one for one in (own, models.find(base)) if one is not None]
    if not found:
        cause = f"{base} is not in the list of {models.place or models.provider}"
        return Retirement(model=base, cause=cause, source=models.source, as_of=models.as_of)
    ends = [end for model in found for end in _ends(deployment, model)]
    unreadable = list(dict.fromkeys(text for model in found for text in _unreadable(deployment, model)))
    return Retirement(
        at=min(ends, default=None),
        retrain_until=_last_training(models, found),
        model=found[-1].full_name,
        cause=_cause(bool(ends), unreadable),
        source=models.source,
        as_of=models.as_of,
    )


def retirement_of_model(name: str, models: ModelList) -> Retirement:
    """The end of a fine-tuned model or of what a job trains, whatever SKU may serve it."""
    base = trained_on(name)
    found = models.find(name) or models.find(base)
    if found is None:
        cause = f"{base} is not in the list of {models.place or models.provider}"
        return Retirement(model=base, cause=cause, source=models.source, as_of=models.as_of)
    cause = _cause(found.inference_until is not None, list(found.unreadable))
    last = _last_training(models, [found])
    return Retirement(found.inference_until, last, found.full_name, cause, models.source, models.as_of)


def _last_training(models: ModelList, found: list[OfferedModel]) -> datetime | None:
    """Until when the base can be trained: not after it has ended, nor, at OpenAI, after the platform closes."""
    ends = [one.fine_tune_until for one in found if one.fine_tune_until]
    if models.provider == "openai":
        ends += [OPENAI_LAST_TRAINING, *(one.inference_until for one in found if one.inference_until)]
    return min(ends, default=None)


def _ends(deployment: Deployment, model: OfferedModel) -> list[datetime]:
    sku = model.sku(deployment.sku, tuned=deployment.fine_tuned)
    ends = (model.inference_until, sku.retires if sku else None)
    return [end for end in ends if end is not None]


def _unreadable(deployment: Deployment, model: OfferedModel) -> list[str]:
    sku = model.sku(deployment.sku, tuned=deployment.fine_tuned)
    return [*model.unreadable, *([sku.unreadable] if sku and sku.unreadable else [])]


def _cause(known: bool, unreadable: list[str]) -> str:
    if unreadable:
        return f"cannot be read: {', '.join(unreadable)}"
    return "" if known else "the vendor's list gives no date"
