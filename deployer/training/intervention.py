"""What a person does to a running job: journalled before it is asked for, looked into when the answer is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.deployment import Account
from deployer.domain.job import Job
from deployer.errors import CloudError, DeployerError, Refused
from deployer.guard.context import GuardContext
from deployer.guard.lock import exclusive
from deployer.ports.cloud import Provider, Training
from deployer.training.order import account_of
from deployer.training.outcome import subject_key

if TYPE_CHECKING:
    from deployer.training.follow import Followed


@dataclass(frozen=True)
class Intervention:
    """One kind of it; `reached` are the statuses that show that it took effect."""

    kind: ActKind
    call: Callable[[Training, Account, str], Job]
    reached: frozenset[str]


CANCEL = Intervention(
    ActKind.CANCEL_JOB,
    lambda training, account, job_id: training.cancel(account, job_id),
    frozenset({"cancelled", "canceled"}),
)
PAUSE = Intervention(
    ActKind.PAUSE_JOB,
    lambda training, account, job_id: training.pause(account, job_id),
    frozenset({"pausing", "paused"}),
)
RESUME = Intervention(
    ActKind.RESUME_JOB,
    lambda training, account, job_id: training.resume(account, job_id),
    frozenset({"resuming", "queued", "pending", "running"}),
)
_UNKNOWN = "not known whether it took effect: "
_REACHED = {how.kind: how.reached for how in (CANCEL, PAUSE, RESUME)}


def intervene(context: GuardContext, found: Followed, how: Intervention, *, who: str, reason: str = "") -> Job:
    """Ask the vendor for it and record the outcome. Raises Refused when the job has ended, or CloudError."""
    job = found.job
    if job.ended:
        raise Refused(f"{job.id} has ended already: {job.status}", next_step=f"`deployer finetune show {job.id}`")
    with exclusive(context, _lock_name(job.id)) as hold:
        if hold is None:
            raise Refused(f"somebody else is acting on {job.id} at this moment", next_step="try again in a minute")
        act = context.ledger.journal.intend(
            kind=how.kind,
            subject=subject_key(job.provider, job.id),
            instance=job.created_at.isoformat() if job.created_at else "",
            who=who,
            reason=reason or "asked for",
            body={
                "provider": job.provider,
                "account": found.account.name,
                "account_id": found.account.resource_id,
                "job": job.id,
            },
            numbers={},
            at=context.clock.now(),
        )
        try:
            after = _ask(found, how)
        except CloudError as error:
            phase, words = (Phase.VERIFYING, _UNKNOWN) if error.maybe_done else (Phase.FAILED, "")
            context.ledger.journal.step(act.id, phase, context.clock.now(), f"{words}{error.message}")
            raise
        context.ledger.journal.step(act.id, Phase.DONE, context.clock.now(), f"{after.id} {after.status}")
    return after


def recover_interventions(context: GuardContext) -> None:
    """Say of each one that a dead process left open whether it took effect; nothing is asked for again."""
    for act in context.ledger.journal.unfinished() if not context.read_only else ():
        provider = context.providers.get(str(act.body.get("provider", "")))
        if act.kind not in _REACHED or provider is None:
            continue
        with exclusive(context, _lock_name(str(act.body.get("job", "")))) as hold:
            current = context.ledger.journal.act(act.id) if hold is not None else None
            if current is not None and not current.phase.final:
                _recover(context, provider, current)


def _recover(context: GuardContext, provider: Provider, act: Act) -> None:
    try:
        account = account_of(provider, act)
        job = provider.training.job(account, str(act.body.get("job", "")))
    except DeployerError:
        return  # the next start asks again
    done = job.status.lower() in _REACHED[act.kind]
    detail = f"found {job.status} at the next start" + ("" if done else ": cut off; run the command again if need be")
    context.ledger.journal.step(act.id, Phase.DONE if done else Phase.WITHDRAWN, context.clock.now(), detail)


def _ask(found: Followed, how: Intervention) -> Job:
    """A lost answer or a conflict is looked into: it may have been done, or the job have ended, meanwhile.

    When it cannot be looked into either, the error says `maybe_done`, and the next start looks.
    """
    training = found.provider.training
    try:
        return how.call(training, found.account, found.job.id)
    except CloudError as error:
        lost = error
    try:
        after = training.job(found.account, found.job.id)
    except CloudError:
        lost.maybe_done = not 400 <= lost.status < 500
        lost.next_step = f"`deployer finetune show {found.job.id}` says whether it took effect"
        raise lost from None
    if after.status.lower() not in how.reached:
        raise lost
    return after


def _lock_name(job_id: str) -> str:
    return f"job {job_id}"
