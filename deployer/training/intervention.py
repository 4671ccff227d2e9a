"""What a person does to a running job: journalled before it is asked for, looked into when the answer is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deployer.domain.act import ActKind, Phase
from deployer.domain.deployment import Account
from deployer.domain.job import Job
from deployer.errors import CloudError, Refused
from deployer.guard.context import GuardContext
from deployer.ports import Training
from deployer.training.follow import Followed
from deployer.training.outcome import subject_key


@dataclass(frozen=True)
class Intervention:
    """One kind of it; `reached` are the statuses that show that it took effect."""

    kind: ActKind
    call: Callable[[Training, Account, str], Job]
    reached: frozenset[str]


def intervene(context: GuardContext, found: Followed, how: Intervention, *, who: str, reason: str = "") -> Job:
    """Ask the vendor for it and record the outcome. Raises Refused when the job has ended, or CloudError."""
    job = found.job
    if job.ended:
        raise Refused(f"{job.id} has ended already: {job.status}", next_step=f"`deployer finetune show {job.id}`")
    act = context.ledger.journal.intend(
        kind=how.kind,
        subject=subject_key(job.provider, job.id),
        instance=job.created_at.isoformat() if job.created_at else "",
        who=who,
        reason=reason or "asked for",
        body={"provider": job.provider, "account": found.account.name, "job": job.id},
        numbers={},
        at=context.clock.now(),
    )
    try:
        after = _ask(found, how)
    except CloudError as error:
        context.ledger.journal.step(act.id, Phase.FAILED, context.clock.now(), error.message)
        raise
    context.ledger.journal.step(act.id, Phase.DONE, context.clock.now(), f"{after.id} {after.status}")
    return after


def _ask(found: Followed, how: Intervention) -> Job:
    """A lost answer or a conflict is looked into: it may have been done, or the job have ended, meanwhile."""
    training = found.provider.training
    try:
        return how.call(training, found.account, found.job.id)
    except CloudError as error:
        after = training.job(found.account, found.job.id)
        if after.status.lower() not in how.reached:
            raise error from None
        return after
