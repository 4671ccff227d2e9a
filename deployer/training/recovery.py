"""Starts that were cut off: find their job by the marker it carries, or let the money go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.deployment import Account
from deployer.domain.job import Job
from deployer.errors import CloudError, DeployerError
from deployer.guard.context import GuardContext
from deployer.guard.gate import settle_ids
from deployer.guard.lock import exclusive
from deployer.ports.cloud import Provider
from deployer.training.order import account_of

MARKER = "deployer_act"
"""The metadata key that ties a job to the intent in the journal; its value is in the files' names too."""

CREATING = "creating the job"
"""What the journal says from just before the vendor is asked for a job: until then there can be none."""

IN_FLIGHT = timedelta(seconds=60)
"""How long after that a request whose sender died may still make a job: twice the default time-out."""


def lock_name(fingerprint: str) -> str:
    return f"finetune {fingerprint}"


def job_id_of(act: Act) -> str:
    """The vendor's id of the job that an act started; "" when it is not known yet."""
    return next((step.detail for step in act.steps if step.phase is Phase.CALLED), "")


def find_marked(jobs: Iterable[Job], marker: str) -> Job | None:
    return next((job for job in jobs if job.metadata.get(MARKER) == marker), None)


def discard_files(provider: Provider, account: Account, marker: str) -> str:
    """Remove what was uploaded for a job that has ended or never was, and nothing else; words for the journal."""
    try:
        removed = provider.training.discard(account, marker)
    except CloudError as error:
        return f"; its files may be left: {error.message}"
    return f"; removed {removed} uploaded file{'s' if removed != 1 else ''}" if removed else ""


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


def adopt(
    context: GuardContext, provider: Provider, account: Account, act: Act, *, patient: bool = False
) -> Job | None:
    """The job of a start that was cut off, recorded; None, and the act withdrawn, when it created none.

    A request may outlive the process that sent it: while it can, None leaves the act open, or the
    `patient` wait and look again.
    """
    if known := job_id_of(act):
        return provider.training.job(account, known)
    marker, clock = str(act.body.get("marker", "")), context.clock
    job = find_marked(provider.training.jobs(account), marker)
    left = _in_flight(act, clock.now())
    if job is None and left and not patient:
        return None
    if job is None and left:
        clock.sleep(left)
        job = find_marked(provider.training.jobs(account), marker)
    if job is None:
        settle_ids(context, act, "the job was never created")
        files = discard_files(provider, account, marker)
        detail = f"cut off before the job was created{files}"
        context.ledger.journal.step(act.id, Phase.WITHDRAWN, clock.now(), detail)
        return None
    context.ledger.journal.step(act.id, Phase.CALLED, clock.now(), job.id)
    return job


def _in_flight(act: Act, now: datetime) -> float:
    """Seconds during which the act's request may still be on its way; 0 when it was never sent."""
    sent = next((step.at for step in act.steps if step.detail == CREATING), None)
    return max(0.0, (sent + IN_FLIGHT - now).total_seconds()) if sent else 0.0


def _recover(context: GuardContext, provider: Provider, act: Act) -> None:
    """A cloud that cannot be asked now leaves the act, and what it holds, for the next start."""
    try:
        account = account_of(provider, act)
        adopt(context, provider, account, act)
    except CloudError:
        return
    except DeployerError as error:
        why = f"cannot be finished: {error.message}"
        if all(step.detail != why for step in act.steps):
            context.ledger.journal.step(act.id, Phase.INTENT, context.clock.now(), why)
