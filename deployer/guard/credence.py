"""Whether a reading may be believed: it must not forget what an earlier one has counted.

A metrics service in trouble can answer in full form and show nothing. Tokens that were charged
for a grain, or activity that this process has seen, prove that there was a number; a complete
answer without it is not believed, nor is anything else that it says about that account.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from deployer.domain.charge import Meter
from deployer.domain.deployment import Deployment
from deployer.domain.snapshot import Snapshot
from deployer.domain.usage import UsageReading
from deployer.guard.memory import Memory

Charged = Mapping[tuple[str, str, Meter, datetime], Decimal]


def doubt(snapshot: Snapshot, charged: Charged, memory: Memory) -> Snapshot:
    """The snapshot with the readings of every account that contradicts its past marked as not complete."""
    counted = _counted(charged)
    causes: dict[str, str] = {}
    for deployment in snapshot.deployments:
        reading = snapshot.usage.get(deployment.id.key)
        if reading is None or not reading.complete:
            continue
        forgotten = _forgotten(deployment, reading, counted) or _unseen(deployment, reading, memory)
        if forgotten is not None:
            causes.setdefault(_account(deployment), _cause(deployment, forgotten))
    return _without_belief(snapshot, causes) if causes else snapshot


def _counted(charged: Charged) -> Mapping[tuple[str, str], set[datetime]]:
    """Grains with tokens, by deployment and instance."""
    grains: dict[tuple[str, str], set[datetime]] = {}
    for (key, instance, _, start), quantity in charged.items():
        if quantity > 0:
            grains.setdefault((key, instance), set()).add(start)
    return grains


def _forgotten(
    deployment: Deployment, reading: UsageReading, counted: Mapping[tuple[str, str], set[datetime]]
) -> datetime | None:
    """The latest grain that had tokens and has no number any more."""
    grains = counted.get((deployment.id.key, deployment.instance))
    if not grains:
        return None
    shown = {bucket.start for bucket in reading.buckets}
    return max((start for start in grains if start in reading.window and start not in shown), default=None)


def _unseen(deployment: Deployment, reading: UsageReading, memory: Memory) -> datetime | None:
    """The last activity that an earlier answer showed, if this one shows none as late."""
    trace = memory.trace(deployment)
    if trace is None or trace.last_activity is None or trace.last_activity not in reading.window:
        return None
    last = reading.last_activity
    hour = trace.last_activity - timedelta(hours=1)  # the end of a grain that was cut by its window moves
    return trace.last_activity if last is None or last <= hour else None


def _without_belief(snapshot: Snapshot, causes: Mapping[str, str]) -> Snapshot:
    usage = dict(snapshot.usage)
    for deployment in snapshot.deployments:
        cause, reading = causes.get(_account(deployment)), usage.get(deployment.id.key)
        if cause and reading:
            usage[deployment.id.key] = replace(reading, complete=False, cause=cause)
    return replace(snapshot, usage=usage)


def _account(deployment: Deployment) -> str:
    return deployment.account.resource_id.lower()


def _cause(deployment: Deployment, at: datetime) -> str:
    return f"the answer shows nothing of {deployment.name} at {at:%Y-%m-%d %H:%M}Z, where calls were counted before"
