"""The hours after which a reinforcement job is paused: the bound that its budget was asked for.

A pause keeps the work as a checkpoint that can be deployed, so it is done where no policy asks for it: a person
did, with the job. It is done once: who resumes the job means to pay for more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from deployer.domain.act import Act, Phase
from deployer.domain.job import Job, JobEvent
from deployer.errors import DeployerError
from deployer.guard.context import GuardContext
from deployer.guard.search import JOURNAL_DEPTH
from deployer.training.intervention import PAUSE, intervene
from deployer.training.outcome import began, subject_key

if TYPE_CHECKING:
    from deployer.training.follow import Followed

MAX_HOURS = "max_hours"
"""Where an act's body keeps the limit; empty without one."""

WHO = "deployer"
"""Who pauses it, as the journal says."""

REACHED = "its hours are over"
"""What the journal says of the start once its limit was acted on."""


_NOT_YET = {"validating_files", "queued", "pending"}
"""Statuses before training: nothing is billed, and a pause is refused."""


def max_hours(act: Act) -> Decimal | None:
    try:
        return Decimal(str(act.body.get(MAX_HOURS) or ""))
    except InvalidOperation:
        return None


def is_over(act: Act, job: Job, events: Sequence[JobEvent], now: datetime) -> bool:
    """Whether the job has trained for as long as it may, and nobody has acted on that yet.

    Reckoned from its creation where no event says when training began: rather too early than too late.
    """
    limit, since = max_hours(act), began(job, events)
    waiting = job.ended or job.paused or job.status.lower() in _NOT_YET
    if limit is None or since is None or waiting or _was_reached(act):
        return False
    return now - since >= timedelta(hours=float(limit))


def held(context: GuardContext, found: Followed, act: Act, events: Sequence[JobEvent]) -> tuple[Job, str]:
    """The job, paused when its hours are over, and what to say of it; what cannot be paused now is tried again."""
    now = context.clock.now()
    if context.read_only or not is_over(act, found.job, events, now) or _was_paused(context, found.job):
        return found.job, ""
    if context.ledger.decisions.history(now).paused:
        return found.job, f"{found.job.id}: its hours are over, and it goes on because the guard is paused"
    reason = f"{max_hours(act):f} hours of training are over, as --max-hours said"
    try:
        job = intervene(context, found, PAUSE, who=WHO, reason=reason)
    except DeployerError as error:
        return found.job, f"{found.job.id}: its hours are over, and it could not be paused: {error.message}"
    context.ledger.journal.step(act.id, Phase.CALLED, now, REACHED)
    return job, f"{job.id} was paused: {reason}"


def _was_reached(act: Act) -> bool:
    return any(step.detail == REACHED for step in act.steps)


def _was_paused(context: GuardContext, job: Job) -> bool:
    """Whether a pause of ours took effect, of which the start does not say it: its process died, or could not look."""
    subject, kind = subject_key(job.provider, job.id), PAUSE.kind
    acts = (act for act in context.ledger.journal.acts(JOURNAL_DEPTH) if act.subject == subject and act.kind is kind)
    return any(act.who == WHO and act.phase is Phase.DONE for act in acts)
