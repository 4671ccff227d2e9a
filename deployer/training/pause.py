"""Pause a job and let it go on. What it holds of a budget stays held: a paused job can be resumed by anybody."""

from __future__ import annotations

from dataclasses import replace

from deployer.domain.job import Job
from deployer.errors import Refused
from deployer.guard.context import GuardContext
from deployer.training.estimate import CAP_IS_GONE
from deployer.training.follow import Followed
from deployer.training.intervention import PAUSE, RESUME, intervene
from deployer.training.limit import max_hours
from deployer.training.recovery import job_id_of


def pause(context: GuardContext, found: Followed, *, who: str, reason: str = "") -> Followed:
    """Ask the vendor to pause; one that is paused already stays so. Raises Refused (ended) or CloudError."""
    if found.job.paused:
        return found
    return replace(found, job=intervene(context, found, PAUSE, who=who, reason=reason))


def resume(context: GuardContext, found: Followed, *, who: str, reason: str = "") -> Followed:
    """Let a paused job go on. Raises Refused when it has ended or is not paused, or CloudError."""
    job = found.job
    if not job.paused and not job.ended:
        raise Refused(f"{job.id} is not paused: it is {job.status}", next_step=f"`deployer finetune watch {job.id}`")
    return replace(found, job=intervene(context, found, RESUME, who=who, reason=reason))


def warnings(context: GuardContext, job: Job) -> tuple[str, ...]:
    """What a person should know before letting a paused job go on."""
    limits = [act for act in context.ledger.journal.unfinished() if job_id_of(act) == job.id and max_hours(act)]
    ours = tuple(f"its {max_hours(act):f} hours were its limit: nothing of ours pauses it again" for act in limits)
    return ours + ((CAP_IS_GONE,) if job.method == "reinforcement" and job.provider == "azure" else ())
