"""What a job cost, as far as the vendor says: charged once when it has ended."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from deployer.domain.charge import Bound, Charge, Known, Meter
from deployer.domain.deployment import Account
from deployer.domain.job import Job, JobEvent
from deployer.domain.model import base_model
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.subject import Subject, SubjectKind
from deployer.spend.price import PriceBook, Rate, Unpriced
from deployer.training.tier import billed_tokens, price_tier, training_rate

_BILLED = re.compile(r"[Tt]raining tokens billed: ([\d,]+)")
_LONG_AGO = timedelta(days=62)
"""No budget of a month or less looks back so far."""

_FREE = "failed jobs are not billed"
_BEGAN = ("fine-tuning job started", "training started")
"""How OpenAI and Azure say in a job's log that training begins."""
_STEP = re.compile(r"[Ss]tep (\d+)(?:/(\d+))?")


@dataclass(frozen=True)
class Trained:
    """Tokens to charge; UPPER when the vendor did not say and this is the most it can be. None: not known at all."""

    tokens: int | None
    bound: Bound
    source: str


def trained(job: Job, events: Sequence[JobEvent], expected: int | None) -> Trained:
    """What an ended job is billed for. `expected` is the estimate's total, if we made one.

    The event that prints the billed tokens is exact. Azure's `trained_tokens` is not the billed
    figure but above it. A failed job is not billed, nor one cancelled before training; one
    cancelled while it trained is billed for the work done.
    """
    if (said := billed_in(events)) is not None:
        return Trained(said, Bound.EXACT, "the event that prints the billed tokens")
    if job.status.lower() == "failed":
        return Trained(0, Bound.EXACT, _FREE)
    if job.trained_tokens is not None:
        bound = Bound.UPPER if job.provider == "azure" else Bound.EXACT
        return Trained(job.trained_tokens, bound, "trained_tokens of the job")
    if job.succeeded:
        return Trained(expected, Bound.UPPER, "the estimate: the vendor has not said what it billed")
    if events and not _trained_at_all(events):
        return Trained(0, Bound.EXACT, "cancelled before training: not billed")
    return Trained(_work_done(events, expected), Bound.UPPER, "the estimate, for a job cancelled while it trained")


def says_enough(job: Job, now: datetime) -> bool:
    """Whether the events of an ended job add nothing to what it says itself, so that nobody need read them.

    OpenAI's figure is exact, failed jobs cost nothing, and of a job that ended long ago the upper bound will do.
    """
    if job.status.lower() in {"failed", "deleted"}:
        return True
    old = job.finished_at is not None and now - job.finished_at > _LONG_AGO
    if job.method.lower() == "reinforcement":
        return old
    return job.trained_tokens is not None and (old or job.provider == "openai")


def began(job: Job, events: Sequence[JobEvent]) -> datetime | None:
    """When training began, by the event that says so, else when the job was created: hours are billed from there."""
    said = (event.at for event in events if event.message.rstrip(".").lower() in _BEGAN and event.at)
    return next(said, job.created_at)


def billed_in(events: Sequence[JobEvent]) -> int | None:
    """The tokens that an event says were billed."""
    for event in reversed(events):
        if match := _BILLED.search(event.message):
            return int(match.group(1).replace(",", ""))
    return None


def charge_of(
    job: Job, account: Account, done: Trained, book: PriceBook, now: datetime, since: datetime | None = None
) -> Charge:
    """The charge of an ended job, of zero tokens when it is known that nothing is billed.

    An unknown price or quantity makes an unpriced charge, never a free one. `since`: when training began.
    """
    if job.method.lower() == "reinforcement":
        return _by_the_hour(job, account, done, book, now, since or job.created_at)
    end = (job.finished_at or now).replace(microsecond=0)
    tier = job.training_tier or ("standard" if job.provider == "azure" else "")
    rate: Rate | Unpriced = training_rate(account, job.model, tier, book, end)
    amount: Money | None = None
    source = rate.what if isinstance(rate, Unpriced) else f"{done.source}; {rate.source}"
    if done.tokens == 0:
        amount, source = Money.zero(), done.source
    elif not isinstance(rate, Unpriced) and done.tokens is not None:
        amount = rate.cost(Decimal(_rounded(job.provider, done)))
    return _charge(job, Meter.TRAINING, Decimal(done.tokens or 0), amount, source, done.bound, now)


def _by_the_hour(
    job: Job, account: Account, done: Trained, book: PriceBook, now: datetime, since: datetime | None
) -> Charge:
    """Reinforcement is billed by the hour of training: at most from its begin to its end, pauses included."""
    end, tier = job.finished_at or now, job.training_tier or ("standard" if job.provider == "azure" else "")
    rate = training_rate(account, job.model, tier, book, end, Meter.TRAINING_HOURS)
    if done.tokens == 0 and done.bound is Bound.EXACT:
        return _charge(job, Meter.TRAINING_HOURS, Decimal(0), Money.zero(), done.source, Bound.EXACT, now)
    if since is None or isinstance(rate, Unpriced):
        what = rate.what if isinstance(rate, Unpriced) else "how long it trained is not known"
        return _charge(job, Meter.TRAINING_HOURS, Decimal(0), None, what, Bound.UPPER, now)
    hours = (Decimal(max(end - since, timedelta()) // timedelta(seconds=36)) + 1) / 100
    source = f"all hours since it began, without the tokens of graders; {rate.source}"
    return _charge(job, Meter.TRAINING_HOURS, hours, rate.cost(hours), source, Bound.UPPER, now)


def _charge(
    job: Job, meter: Meter, quantity: Decimal, amount: Money | None, source: str, bound: Bound, now: datetime
) -> Charge:
    end = (job.finished_at or now).replace(microsecond=0)
    return Charge(
        subject=subject_key(job.provider, job.id),
        instance=job.created_at.isoformat() if job.created_at else "",
        meter=meter,
        period=Period(end, end + timedelta(seconds=1)),
        quantity=quantity,
        amount=amount,
        known=Known.ACCRUED,
        source=source,
        as_of=now,
        bound=bound,
    )


def subject_key(provider: str, job_id: str) -> str:
    return f"job:{provider}:{job_id}"


def subject_of(job: Job, account: Account, *, managed: bool) -> Subject:
    """The facts of a job that policies match."""
    return Subject(
        kind=SubjectKind.JOB,
        key=subject_key(job.provider, job.id),
        provider=job.provider,
        account=account.name,
        name=job.suffix or job.id,
        model=job.model,
        base_model=base_model(job.model),
        fine_tuned=True,
        managed=managed,
        tags=account.tags,
        region=account.region,
        tier=price_tier(job.training_tier),
        created_at=job.created_at,
    )


def _rounded(provider: str, done: Trained) -> int:
    tokens = done.tokens or 0
    return tokens if done.bound is Bound.EXACT else billed_tokens(provider, tokens)


def _trained_at_all(events: Sequence[JobEvent]) -> bool:
    """Reinforcement is billed from its begin on, before its first step is done."""
    begun = [event for event in events if event.message.rstrip(".").lower() in _BEGAN]
    return bool(begun) or any(_STEP.search(event.message) or "step" in event.data for event in events)


def _work_done(events: Sequence[JobEvent], expected: int | None) -> int | None:
    """The expected tokens in proportion to the last step that was seen, rounded up by one step of ten percent."""
    if expected is None:
        return None
    shares = [int(m[1]) / int(m[2]) for event in events if (m := _STEP.search(event.message)) and m[2]]
    return min(expected, int(expected * (max(shares) + 0.1))) if shares else expected
