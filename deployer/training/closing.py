"""Whether a job can still be created and until when its model will answer: known before anything is uploaded.

The vendor's own list of models is asked first; what it does not say comes from OpenAI's deprecation
pages, read 2026-11-20: new fine-tunes end on 2027-01-06 for everybody (announced 2026-05-07), since
2026-07-02 for organisations without fine-tuned inference in 60 days, and fine-tunes stop answering
when their base does. Retired models can still be listed, so dates decide, not presence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from deployer.domain.catalog import ModelList
from deployer.domain.deployment import Account
from deployer.domain.model import base_model, trained_on
from deployer.domain.retirement import OPENAI_LAST_TRAINING
from deployer.errors import CloudError
from deployer.ports.cloud import Provider

LAST_DAY_FOR_NEW_JOBS = OPENAI_LAST_TRAINING.date()
SOURCE = "OpenAI's deprecation pages, read 2026-11-20"

_SHUTDOWN = {
    "gpt-3.5-turbo": date(2026, 10, 23),
    "davinci-002": date(2026, 10, 23),
    "babbage-002": date(2026, 10, 23),
    "gpt-4.1-nano": date(2026, 10, 23),
    "o4-mini": date(2026, 10, 23),
    "gpt-4o": date(2027, 1, 14),
    "gpt-4o-mini": date(2027, 1, 14),
    "gpt-4.1": date(2027, 1, 14),
    "gpt-4.1-mini": date(2027, 1, 14),
}


@dataclass(frozen=True)
class Closing:
    """What ends when. None is unknown, which is not never.

    `base` and `tuned`: the day on which the base model and fine-tunes of it stop answering; `training`:
    the last day on which it can be trained. `refusal`: why the vendor itself takes no such job now, ""
    when it did not refuse; `asked`: whether it was asked. `unknown`: why it could not be.
    """

    base: date | None = None
    tuned: date | None = None
    training: date | None = None
    source: str = ""
    refusal: str = ""
    asked: bool = False
    unknown: str = ""


NOTHING_KNOWN = Closing()


def printed(provider: str, model: str) -> Closing:
    """What the vendor's pages say, without asking it."""
    if provider != "openai":
        return Closing()
    end = _SHUTDOWN.get(base_model(model))
    return Closing(base=end, tuned=end, training=LAST_DAY_FOR_NEW_JOBS, source=SOURCE)


def listed(provider: str, model: str, models: ModelList) -> Closing:
    """What the vendor's list of models says, and its pages where the list is silent; the earliest end holds."""
    known = printed(provider, model)
    found = models.find(model) or models.find(trained_on(model))
    if found is None:
        return known
    base = found.inference_until.astimezone(UTC).date() if found.inference_until else None
    training = found.fine_tune_until.astimezone(UTC).date() if found.fine_tune_until else None
    if base is None and training is None:
        return known
    return replace(
        known,
        base=base or known.base,
        tuned=_earliest(base, known.tuned),
        training=_earliest(training, known.training),
        source="; ".join(filter(None, (f"{models.source}, asked {models.as_of:%Y-%m-%d}", known.source))),
    )


def look(provider: Provider, account: Account, model: str, method: str = "supervised") -> Closing:
    """Ask the vendor. Dates that cannot be read come from its pages; raises CloudError when it cannot be asked."""
    try:
        known = listed(provider.name, model, provider.catalog.models(account))
    except CloudError as error:
        known = replace(printed(provider.name, model), unknown=error.message)
    return replace(known, refusal=provider.training.refusal(account, model, method), asked=True)


def shutdown(provider: str, model: str) -> date | None:
    """The day on which a fine-tune of `model` stops answering, by the vendor's pages; None when it is not known."""
    return printed(provider, model).tuned


def obstacle(provider: str, model: str, now: datetime, closing: Closing | None = None) -> str:
    """Why this job makes no sense any more; "" when the vendor and the dates allow it."""
    known = closing or printed(provider, model)
    name, base, today = _name(provider), base_model(model), now.astimezone(UTC).date()
    if provider == "openai" and today > LAST_DAY_FOR_NEW_JOBS:
        return f"{name} takes no new fine-tunes after {LAST_DAY_FOR_NEW_JOBS} (code training_not_available)"
    if known.tuned is not None and today >= known.tuned:
        return f"{name} shut {base} and its fine-tunes down on {known.tuned}"
    if known.training is not None and today > known.training:
        return f"{name} trains {base} no more since {known.training}"
    return known.refusal


def warnings(provider: str, model: str, now: datetime, closing: Closing | None = None) -> Iterator[str]:
    """What a person should know of the dates before paying for a job that nothing stands in the way of."""
    known = closing or printed(provider, model)
    name, base, today = _name(provider), base_model(model), now.astimezone(UTC).date()
    if known.tuned is not None:
        own = f" (the base itself on {known.base})" if known.base and known.base != known.tuned else ""
        days = (known.tuned - today).days
        yield f"fine-tunes of {base} stop answering at {name} on {known.tuned}: {days} days from now{own}"
    if provider == "openai":
        yield (
            "OpenAI takes jobs only from organisations with fine-tuned inference in the last 60 days, "
            f"and none after {LAST_DAY_FOR_NEW_JOBS}"
        )
    if known.unknown:
        yield f"the dates come from {known.source or 'nowhere'}, because the list could not be read: {known.unknown}"


def _earliest(one: date | None, other: date | None) -> date | None:
    return min((end for end in (one, other) if end is not None), default=None)


def _name(provider: str) -> str:
    return {"openai": "OpenAI", "azure": "Azure OpenAI"}.get(provider, provider)
