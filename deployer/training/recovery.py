"""Starts that were cut off: find their job by the marker it carries, or let the money go."""

from __future__ import annotations

from collections.abc import Iterable

from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.deployment import Account
from deployer.domain.job import Job
from deployer.errors import CloudError, DeployerError
from deployer.guard.context import GuardContext
from deployer.guard.gate import settle_ids
from deployer.guard.lock import exclusive
from deployer.ports import Provider
from deployer.training.order import choose_account

MARKER = "deployer_act"
"""The metadata key that ties a job to the intent in the journal."""


def lock_name(fingerprint: str) -> str:
    return f"finetune {fingerprint}"


def job_id_of(act: Act) -> str:
    """The vendor's id of the job that an act started; "" when it is not known yet."""
    return next((step.detail for step in act.steps if step.phase is Phase.CALLED), "")


def find_marked(jobs: Iterable[Job], marker: str) -> Job | None:
    return next((job for job in jobs if job.metadata.get(MARKER) == marker), None)


def recover_starts(context: GuardContext) -> None:
    """Finish or withdraw the starts that no living process is working on."""
    if context.read_only:
        return
    for act in context.ledger.journal.unfinished():
        provider = context.providers.get(str(act.body.get("provider", "")))
        if act.kind is not ActKind.START_JOB or job_id_of(act) or provider is None:
            continue
        with exclusive(context, lock_name(str(act.body.get("fingerprint", "")))) as hold:
            current = context.ledger.journal.act(act.id) if hold is not None else None
            if current is not None and not current.phase.final and not job_id_of(current):
                _recover(context, provider, current)


def adopt(context: GuardContext, provider: Provider, account: Account, act: Act) -> Job | None:
    """The job of a start that was cut off, recorded; None, and the act withdrawn, when it created none."""
    if known := job_id_of(act):
        return provider.training.job(account, known)
    job = find_marked(provider.training.jobs(account), str(act.body.get("marker", "")))
    now = context.clock.now()
    if job is None:
        settle_ids(context, act, "the job was never created")
        context.ledger.journal.step(act.id, Phase.WITHDRAWN, now, "cut off before the job was created")
        return None
    context.ledger.journal.step(act.id, Phase.CALLED, now, job.id)
    return job


def _recover(context: GuardContext, provider: Provider, act: Act) -> None:
    """A cloud that cannot be asked now leaves the act, and what it holds, for the next start."""
    try:
        account = choose_account(provider, str(act.body.get("account", "")))
        adopt(context, provider, account, act)
    except CloudError:
        return
    except DeployerError as error:
        context.ledger.journal.step(act.id, Phase.INTENT, context.clock.now(), f"cannot be finished: {error.message}")
