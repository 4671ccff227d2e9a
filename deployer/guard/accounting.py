"""What was seen becomes charges: accrued on the way through every sweep, and once more when something is gone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from deployer.domain.charge import Bound, Charge
from deployer.domain.deployment import Deployment
from deployer.domain.period import Period
from deployer.domain.snapshot import Snapshot, Tracked
from deployer.domain.usage import UsageReading
from deployer.errors import ReadOnlyLedger
from deployer.guard.context import GuardContext
from deployer.guard.credence import Charged, doubt
from deployer.guard.memory import memory_of
from deployer.spend.accrual import Accrual, accrue, close

ASKED = timedelta(days=14)
"""How long after its end the use of something is still asked for, while that could not be read as a whole."""


@dataclass(frozen=True)
class Accounted:
    """What was seen, as far as it may be believed, and charges that a read-only ledger did not take."""

    snapshot: Snapshot
    unrecorded: tuple[Charge, ...] = ()


def account(context: GuardContext, snapshot: Snapshot, tracked: Mapping[str, Tracked]) -> Accounted:
    """Accrue everything up to the snapshot and write it down."""
    memory, now = memory_of(context.ledger), snapshot.as_of
    starts = {
        deployment.id.key: memory.uncounted_from(deployment, snapshot.usage[deployment.id.key], now)
        for deployment in snapshot.deployments
        if deployment.id.key in snapshot.usage
    }
    charged = _charged(context, snapshot, starts)
    believed = doubt(snapshot, charged, memory)
    own = _without_inheritance(context, believed, tracked)
    accrual = accrue(tracked, _uncounted(own, starts), context.book, charged, now)
    if not _record(context, believed, accrual):
        return Accounted(believed, accrual.charges)
    for deployment in snapshot.deployments:
        if deployment.id.key in starts and believed.settled(deployment):
            memory.remember(deployment, believed.usage[deployment.id.key], starts[deployment.id.key], now)
    return Accounted(believed)


def _record(context: GuardContext, snapshot: Snapshot, accrual: Accrual) -> bool:
    """Whether the ledger took it; one that may only be read does not."""
    if context.read_only:
        return False
    try:
        context.ledger.readings.record(snapshot, accrual.charges, accrual.gone)
    except ReadOnlyLedger:
        return False
    return True


def _without_inheritance(context: GuardContext, snapshot: Snapshot, tracked: Mapping[str, Tracked]) -> Snapshot:
    """Without what another deployment used that had the name before: it is charged by itself, at its own prices."""
    older = [one for one in snapshot.deployments if _shows_more(one, snapshot.usage.get(one.id.key))]
    if not older:
        return snapshot
    ended = {one.tracked.deployment.id.key for one in context.ledger.readings.gone(snapshot.as_of - ASKED)}
    before = {key: known.instance for key, known in tracked.items()}
    ended |= {one.id.key for one in older if before.get(one.id.key, "") not in ("", one.instance)}
    own = {one.id.key: _own(one, snapshot.usage[one.id.key]) for one in older if one.id.key in ended}
    return replace(snapshot, usage={**snapshot.usage, **own})


def _shows_more(deployment: Deployment, reading: UsageReading | None) -> bool:
    """Whether something was counted under its name before it was made."""
    created = deployment.created_at
    return bool(created and reading and reading.buckets and reading.buckets[0].end <= created)


def _own(deployment: Deployment, reading: UsageReading) -> UsageReading:
    created = deployment.created_at or reading.window.start
    return replace(reading, buckets=tuple(bucket for bucket in reading.buckets if bucket.end > created))


def _uncounted(snapshot: Snapshot, starts: Mapping[str, datetime]) -> Snapshot:
    """The snapshot with the grains that still have to be charged."""
    usage = {key: _since(reading, starts.get(key, reading.window.start)) for key, reading in snapshot.usage.items()}
    return replace(snapshot, usage=usage)


def _since(reading: UsageReading, start: datetime) -> UsageReading:
    if not reading.buckets or reading.buckets[0].start >= start:
        return reading
    return replace(reading, buckets=tuple(bucket for bucket in reading.buckets if bucket.start >= start))


def account_for(context: GuardContext, snapshot: Snapshot, deployment: Deployment) -> Snapshot:
    """As `account`, for one deployment that was read again; the others keep what the sweep recorded."""
    key = deployment.id.key
    known = context.ledger.readings.tracked().get(key)
    usage = {key: snapshot.usage[key]} if key in snapshot.usage else {}
    alone = replace(snapshot, accounts=(deployment.account,), deployments=(deployment,), usage=usage, gaps=())
    believed = account(context, alone, {key: known} if known else {}).snapshot
    return replace(snapshot, usage={**snapshot.usage, **believed.usage})


def charge_gone(context: GuardContext, deployment: Deployment, *, bound: Bound = Bound.UPPER) -> None:
    """Charge the last stretch of a deployment that was just proven to be gone."""
    known = context.ledger.readings.tracked().get(deployment.id.key)
    if known is None or context.read_only:
        return
    now = context.clock.now()
    emptied = Snapshot(now, accounts=(deployment.account,))
    context.ledger.readings.record(emptied, close(known, now, context.book, now, bound), [deployment.id.key])


def _charged(context: GuardContext, snapshot: Snapshot, starts: Mapping[str, datetime]) -> Charged:
    """Tokens that the ledger holds for the grains in question."""
    if not starts:
        return {}
    span = Period(min(starts.values()), max(snapshot.usage[key].window.end for key in starts))
    return context.ledger.readings.charged_tokens(starts.keys(), span)
