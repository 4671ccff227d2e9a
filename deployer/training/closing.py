"""What OpenAI closes, and when: a job is checked against the dates before anything is uploaded.

From OpenAI's deprecation pages, read 2026-11-20. Retired models can still be listed, so dates
decide, not presence.
"""

from __future__ import annotations

from datetime import date, datetime

from deployer.domain.model import base_model

LAST_DAY_FOR_NEW_JOBS = date(2027, 1, 6)

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


def shutdown(provider: str, model: str) -> date | None:
    """The day on which a fine-tune of `model` stops answering; None when it is not known."""
    return _SHUTDOWN.get(base_model(model)) if provider == "openai" else None


def obstacle(provider: str, model: str, now: datetime) -> str:
    """Why this job makes no sense any more; "" when the dates allow it."""
    if provider != "openai":
        return ""
    today, end = now.date(), shutdown(provider, model)
    if today > LAST_DAY_FOR_NEW_JOBS:
        return f"OpenAI takes no new fine-tunes after {LAST_DAY_FOR_NEW_JOBS} (code training_not_available)"
    if end is not None and today >= end:
        return f"OpenAI shut {base_model(model)} and its fine-tunes down on {end}"
    return ""


def warnings(provider: str, model: str, now: datetime) -> tuple[str, ...]:
    """What a person should know of the dates before paying for a job."""
    end = shutdown(provider, model)
    if end is None or now.date() >= end:
        return ()
    days = (end - now.date()).days
    return (
        f"fine-tunes of {base_model(model)} stop answering at OpenAI on {end}: {days} days from now",
        "OpenAI takes jobs only from organisations with fine-tuned inference in the last 60 days, "
        f"and none after {LAST_DAY_FOR_NEW_JOBS}",
    )
