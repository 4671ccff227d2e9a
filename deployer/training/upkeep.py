"""What a sweep does about the jobs that we started and nobody watches: settle them, hold them to their hours."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from deployer.domain.act import Act, ActKind
from deployer.domain.snapshot import InventoryReading
from deployer.errors import DeployerError, InvalidUsage
from deployer.guard.context import GuardContext
from deployer.ports.cloud import Provider
from deployer.training.follow import Followed, find_job, settle_jobs
from deployer.training.intervention import recover_interventions
from deployer.training.limit import held, max_hours
from deployer.training.order import account_of
from deployer.training.recovery import job_id_of, recover_starts

Say = Callable[[str], None]


def settle_open(context: GuardContext, say: Say = lambda _: None) -> tuple[Followed, ...]:
    """Settle the jobs that have ended, pause those whose hours are over; one look at each cloud, one at each job.

    So that a budget knows what a job cost although nobody lists it. A cloud that does not answer now is asked
    again by the next sweep; where that leaves a job without its limit, it is said.
    """
    recover_starts(context)
    recover_interventions(context)
    settled: list[Followed] = []
    seen: dict[str, InventoryReading] = {}
    for act in context.ledger.journal.unfinished():
        provider = context.providers.get(str(act.body.get("provider", "")))
        if act.kind is not ActKind.START_JOB or provider is None or not job_id_of(act):
            continue
        found = _look(context, provider, act, seen, say)
        if found is not None and found.job.ended:
            with suppress(DeployerError):
                settled += settle_jobs(context, found.provider, found.account, (found.job,))
        elif found is not None:
            _hold(context, found, act, say)
    return tuple(settled)


def _look(
    context: GuardContext, provider: Provider, act: Act, seen: dict[str, InventoryReading], say: Say
) -> Followed | None:
    """`seen` gathers what each cloud showed."""
    job_id = job_id_of(act)
    try:
        if provider.name not in seen:
            seen[provider.name] = provider.inventory.observe()
        return _found(context, provider, act, seen[provider.name])
    except DeployerError as error:
        if max_hours(act) is not None:
            say(f"{job_id} could not be looked at, so nobody holds it to its hours: {error.message}")
        return None


def _found(context: GuardContext, provider: Provider, act: Act, seen: InventoryReading) -> Followed:
    """In its account; or, as its project goes by another name since an admin key lists it, wherever it is."""
    try:
        account = account_of(provider, act, seen)
    except InvalidUsage:
        return find_job(context, job_id_of(act), provider.name)
    return Followed(provider, account, provider.training.job(account, job_id_of(act)))


def _hold(context: GuardContext, found: Followed, act: Act, say: Say) -> None:
    if max_hours(act) is None:
        return
    try:
        events = found.provider.training.events(found.account, found.job.id)
    except DeployerError:
        events = ()  # reckoned from its creation then: rather too early than too late
    if said := held(context, found, act, events)[1]:
        say(said)
