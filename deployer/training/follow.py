"""Follow jobs: list them, watch one to its end, and write down what an ended one cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from deployer.deadline import OBSERVATION, deadline
from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.charge import Bound, Charge, Spend
from deployer.domain.deployment import Account
from deployer.domain.job import Job, JobEvent
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.snapshot import Gap
from deployer.errors import CloudError, NotFound
from deployer.guard.context import GuardContext
from deployer.guard.gate import settle_ids
from deployer.guard.lock import exclusive
from deployer.ports.cloud import Provider
from deployer.training.intervention import recover_interventions
from deployer.training.limit import held
from deployer.training.order import choose_provider
from deployer.training.outcome import began, charge_of, says_enough, subject_key, subject_of, trained
from deployer.training.recovery import MARKER, discard_files, job_id_of, recover_starts

FIRST_WAIT, LONGEST_WAIT = 5.0, 30.0
"""Seconds between two looks at a job."""


@dataclass(frozen=True)
class Followed:
    """One job in its account, with what it was charged once it has ended."""

    provider: Provider
    account: Account
    job: Job
    cost: Spend | None = None


@dataclass(frozen=True)
class Look:
    """One look at a job: its present state, the events that are new, and what went wrong with acting on it."""

    job: Job
    events: tuple[JobEvent, ...]
    warning: str = ""


def list_jobs(
    context: GuardContext, provider: str = "", account: str = ""
) -> tuple[tuple[Followed, ...], tuple[Gap, ...]]:
    """All jobs, newest first, ended ones settled; an account that cannot be read is a gap.

    Raises CloudError when nothing at all could be read.
    """
    recover_starts(context)
    recover_interventions(context)
    with deadline(context.clock, OBSERVATION):
        return _list_jobs(context, provider, account)


def _list_jobs(context: GuardContext, provider: str, account: str) -> tuple[tuple[Followed, ...], tuple[Gap, ...]]:
    found: list[Followed] = []
    gaps: list[Gap] = []
    read = 0
    for one in _providers(context, provider):
        reading = one.inventory.observe()
        gaps += [] if reading.complete else [Gap("accounts", one.name, "; ".join(map(str, reading.gaps)))]
        for place in reading.accounts:
            if account and account.lower() != place.name.lower():
                continue
            try:
                found += settle_jobs(context, one, place, one.training.jobs(place))
                read += 1
            except CloudError as error:
                gaps.append(Gap("fine-tunes", f"{one.name}:{place.name}", error.message))
    if gaps and not read:
        causes = "; ".join(map(str, gaps))
        raise CloudError(f"no fine-tunes could be listed: {causes}", next_step="`deployer doctor` says what is missing")
    found.sort(key=lambda each: (each.job.created_at is not None, each.job.created_at), reverse=True)
    return tuple(found), tuple(gaps)


def find_job(context: GuardContext, job_id: str, provider: str = "", account: str = "") -> Followed:
    """The job of that id, wherever it is. Raises NotFound, or CloudError when it may be where nobody could look."""
    with deadline(context.clock, OBSERVATION):
        return _find_job(context, job_id, provider, account)


def _find_job(context: GuardContext, job_id: str, provider: str, account: str) -> Followed:
    last: CloudError | None = None
    gaps: list[Gap] = []
    for one in _providers(context, provider):
        reading = one.inventory.observe()
        gaps += () if reading.complete else reading.gaps
        for place in reading.accounts:
            if account and account.lower() != place.name.lower():
                continue
            try:
                return Followed(one, place, one.training.job(place, job_id))
            except CloudError as error:
                last = error if not isinstance(error, NotFound) else last
    if last is not None:
        raise last
    if gaps:
        causes = "; ".join(map(str, gaps))
        step = "`deployer doctor` says what is missing"
        raise CloudError(f"cannot tell whether there is a fine-tune {job_id}: {causes}", next_step=step)
    raise NotFound(f"no fine-tune {job_id}", status=404, next_step="`deployer finetune list` shows them all")


def watch(context: GuardContext, found: Followed) -> Iterator[Look]:
    """Look at a job until it has ended, then settle it; the clock does the waiting.

    A paused job ends the watch too: it goes on only when somebody resumes it.
    """
    training, account, job_id = found.provider.training, found.account, found.job.id
    told: set[tuple[str, str]] = set()
    wait, before = FIRST_WAIT, ""
    while True:
        job = training.job(account, job_id)
        events = training.events(account, job_id)  # read after the job, so that an ended job's events are whole
        fresh = tuple(event for event in events if (event.id, event.message) not in told)
        told.update((event.id, event.message) for event in fresh)
        if job.ended:
            settle_jobs(context, found.provider, account, (job,))
        seen, acts = replace(found, job=job), _acts(context)
        act = _act_of(seen, acts)
        job, warning = held(context, seen, act, events) if act else (job, "")
        yield Look(job, fresh, warning if warning != before else "")
        if job.ended or job.status.lower() == "paused":
            return
        context.clock.sleep(wait)
        wait, before = min(wait * 1.5, LONGEST_WAIT), warning


def settle_jobs(
    context: GuardContext, provider: Provider, account: Account, jobs: Sequence[Job]
) -> tuple[Followed, ...]:
    """Write down what ended jobs cost, each once, and let go what was held for them.

    One process at a time: while another one settles, costs are shown as far as they are written.
    """
    found, acts = _followed(context, provider, account, jobs), _acts(context)
    if context.read_only or not any(_is_unsettled(each, acts) for each in found):
        return found
    with exclusive(context, "settle jobs") as hold:
        if hold is None:
            return found
        acts = _acts(context)
        again = _followed(context, provider, account, jobs)
        return tuple(
            _settle(context, each, _act_of(each, acts)) if _is_unsettled(each, acts) else each for each in again
        )


def _followed(context: GuardContext, provider: Provider, account: Account, jobs: Sequence[Job]) -> tuple[Followed, ...]:
    charged = _charged(context, jobs)
    return tuple(Followed(provider, account, job, charged.get(subject_key(job.provider, job.id))) for job in jobs)


def _is_unsettled(found: Followed, acts: Mapping[tuple[str, str], Act]) -> bool:
    """Whether an ended job still has no charge, or an act that is open."""
    return found.job.ended and (found.cost is None or _act_of(found, acts) is not None)


def _settle(context: GuardContext, found: Followed, act: Act | None) -> Followed:
    """Charge first, then release: in between, money counts twice rather than not at all."""
    job, cost = found.job, found.cost
    if cost is None:
        expected = act.body.get("expected_tokens") if act else None
        now = context.clock.now()
        try:
            events = () if says_enough(job, now) else found.provider.training.events(found.account, job.id)
        except CloudError:  # what it cost is written down when they can be read again
            return found
        done = trained(job, events, int(expected) if expected is not None else None)
        charge = charge_of(job, found.account, done, context.book, now, began(job, events))
        managed = act is not None or MARKER in job.metadata
        context.ledger.readings.record_subject(subject_of(job, found.account, managed=managed), [charge])
        cost = _spend([charge])
    if act is not None:
        settle_ids(context, act, f"job {job.id} {job.status}: {cost}")
        phase = Phase.FAILED if job.status.lower() == "failed" else Phase.DONE
        files = discard_files(found.provider, found.account, str(act.body.get("marker", "")))
        context.ledger.journal.step(act.id, phase, context.clock.now(), f"{job.id} {job.status}, {cost}{files}")
    return replace(found, cost=cost)


def _charged(context: GuardContext, jobs: Sequence[Job]) -> Mapping[str, Spend]:
    """What is already written down for these jobs, by subject."""
    ended = [job for job in jobs if job.ended]
    if not ended:
        return {}
    now = context.clock.now()
    longest_ago = now - timedelta(days=400)
    start = min(job.finished_at or job.created_at or longest_ago for job in ended) - timedelta(seconds=2)
    by_subject: dict[str, list[Charge]] = {}
    for charge in context.ledger.readings.charges(Period(start, max(now, start) + timedelta(days=1))):
        if charge.subject.startswith("job:"):
            by_subject.setdefault(charge.subject, []).append(charge)
    return {subject: _spend(charges) for subject, charges in by_subject.items()}


def _spend(charges: Sequence[Charge]) -> Spend:
    """What is charged as an upper bound is no more than that: it may have cost nothing."""
    known = [(charge.amount, charge.bound) for charge in charges if charge.amount is not None]
    low = Money.total(amount for amount, bound in known if bound is Bound.EXACT)
    unpriced = tuple(charge.source for charge in charges if charge.amount is None)
    return Spend(low, Money.total(amount for amount, _ in known), unpriced)


def _act_of(found: Followed, acts: Mapping[tuple[str, str], Act]) -> Act | None:
    """The open start of a job, by its id or by the marker that it carries."""
    name, job = found.provider.name, found.job
    return acts.get((name, job.id)) or acts.get((name, job.metadata.get(MARKER, "")))


def _acts(context: GuardContext) -> Mapping[tuple[str, str], Act]:
    """Open starts by provider and by job id or marker."""
    found = {}
    for act in context.ledger.journal.unfinished():
        if act.kind is ActKind.START_JOB:
            provider = str(act.body.get("provider", ""))
            found[provider, job_id_of(act) or str(act.body.get("marker", ""))] = act
    return found


def _providers(context: GuardContext, name: str) -> Sequence[Provider]:
    return (choose_provider(context.providers, name),) if name else tuple(context.providers.values())
