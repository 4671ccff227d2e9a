"""Cancel a job, journalled; the work done until then is billed."""

from __future__ import annotations

from deployer.domain.act import ActKind, Phase
from deployer.domain.job import Job
from deployer.errors import CloudError, Refused
from deployer.guard.context import GuardContext
from deployer.training.follow import Followed, settle_jobs
from deployer.training.outcome import subject_key


def cancel(context: GuardContext, found: Followed, *, who: str, reason: str = "") -> Followed:
    """Ask the vendor to cancel. Raises Refused when the job has ended, or CloudError."""
    job = found.job
    if job.ended:
        raise Refused(f"{job.id} has ended already: {job.status}", next_step=f"`deployer finetune show {job.id}`")
    act = context.ledger.journal.intend(
        kind=ActKind.CANCEL_JOB,
        subject=subject_key(job.provider, job.id),
        instance=job.created_at.isoformat() if job.created_at else "",
        who=who,
        reason=reason or "asked for",
        body={"provider": job.provider, "account": found.account.name, "job": job.id},
        numbers={},
        at=context.clock.now(),
    )
    try:
        after = _cancel(found)
    except CloudError as error:
        context.ledger.journal.step(act.id, Phase.FAILED, context.clock.now(), error.message)
        raise
    context.ledger.journal.step(act.id, Phase.DONE, context.clock.now(), f"{after.id} {after.status}")
    return settle_jobs(context, found.provider, found.account, (after,))[0]


def _cancel(found: Followed) -> Job:
    """A lost answer or a conflict is looked into: the job may have been cancelled, or have ended, meanwhile."""
    training = found.provider.training
    try:
        return training.cancel(found.account, found.job.id)
    except CloudError as error:
        after = training.job(found.account, found.job.id)
        if after.status.lower() not in {"cancelled", "canceled"}:
            raise error from None
        return after
