"""What every configured cloud shows at this instant, as one snapshot.

Clouds are asked at the same time and do not spoil each other: one that fails is a gap. Usage is
read of everything, guarded or not, because tokens cost money whether or not a policy matches.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deployer.domain.deployment import Deployment
from deployer.domain.period import Period
from deployer.domain.snapshot import Gap, InventoryReading, Snapshot, Tracked
from deployer.domain.subject import Subject
from deployer.domain.usage import Aliveness, UsageObservation, UsageReading
from deployer.errors import DeployerError
from deployer.guard.context import GuardContext
from deployer.policy.decide import usage_window
from deployer.policy.document import PolicySet
from deployer.ports import Provider

LONGEST_LOOK_BACK = timedelta(days=93)
"""Azure Monitor keeps metrics for 93 days."""


@dataclass(frozen=True)
class Seen:
    """What one provider showed."""

    inventory: InventoryReading
    usage: UsageObservation = field(default_factory=UsageObservation)


@dataclass(frozen=True)
class Windows:
    """What usage must be read: `steady` of deployments that earlier sweeps read, `first` of new ones.

    A deployment that is found late has used tokens that no sweep has seen: its usage is read from its
    creation, as far back as the vendor keeps it.
    """

    steady: Period
    first: Period

    @property
    def whole(self) -> Period:
        return Period(min(self.steady.start, self.first.start), max(self.steady.end, self.first.end))


def observe(context: GuardContext, now: datetime, tracked: Mapping[str, Tracked]) -> Snapshot:
    """Everything that is deployed, and its usage."""
    windows = usage_windows(context.policies, now, tracked)
    providers = list(context.providers.values())
    if len(providers) == 1:
        return _together(now, [_see(providers[0], windows, tracked)])
    with ThreadPoolExecutor(max_workers=max(1, len(providers))) as pool:
        seen = pool.map(lambda provider: _see(provider, windows, tracked), providers)
        return _together(now, list(seen))


def usage_windows(policies: PolicySet, now: datetime, tracked: Mapping[str, Tracked]) -> Windows:
    """From what the rules need, back to what a guard that was down has missed; from full hours.

    Hourly grains that begin at full hours are the same grains at every sweep, so that tokens are
    counted once. The last day is always read again, because a reading may have failed.
    """
    needed = usage_window(policies, now)
    seen = min((known.last_seen for known in tracked.values()), default=now)
    steady = _from_full_hour(min(needed.start, seen, now - timedelta(days=1)), now)
    first = _from_full_hour(now - LONGEST_LOOK_BACK, now)
    return Windows(Period(steady, needed.end), Period(first, needed.end))


def _from_full_hour(start: datetime, now: datetime) -> datetime:
    return max(start, now - LONGEST_LOOK_BACK).replace(minute=0, second=0, microsecond=0)


def _see(provider: Provider, windows: Windows, tracked: Mapping[str, Tracked]) -> Seen:
    try:
        inventory = provider.inventory.observe()
    except DeployerError as error:
        return Seen(InventoryReading(gaps=(Gap("accounts", provider.name, error.message),), complete=False))
    new = [one for one in inventory.deployments if _is_new(one, tracked)]
    steady = [one for one in inventory.deployments if not _is_new(one, tracked)]
    usage = [_use(provider, new, _since_creation(windows, new)), _use(provider, steady, windows.steady)]
    return Seen(inventory, _merged(usage))


def _is_new(deployment: Deployment, tracked: Mapping[str, Tracked]) -> bool:
    known = tracked.get(deployment.id.key)
    return known is None or known.instance != Subject.of(deployment).instance


def _since_creation(windows: Windows, new: Sequence[Deployment]) -> Period:
    """The first window, but not from before the oldest of them existed."""
    oldest = min((one.created_at or windows.first.start for one in new), default=windows.first.start)
    hour = oldest.replace(minute=0, second=0, microsecond=0)
    start = min(max(windows.first.start, hour), windows.steady.start)
    return Period(start, windows.first.end)


def _use(provider: Provider, deployments: Sequence[Deployment], window: Period) -> UsageObservation:
    return provider.usage.observe(deployments, window) if deployments else UsageObservation()


def _merged(parts: Iterable[UsageObservation]) -> UsageObservation:
    readings: dict[str, UsageReading] = {}
    aliveness: dict[str, Aliveness] = {}
    for part in parts:
        readings |= part.readings
        aliveness |= part.aliveness
    return UsageObservation(readings, aliveness)


def _together(now: datetime, seen: Sequence[Seen]) -> Snapshot:
    inventories = [one.inventory for one in seen]
    usage = _merged(one.usage for one in seen)
    return Snapshot(
        as_of=now,
        accounts=tuple(account for one in inventories for account in one.accounts),
        deployments=tuple(deployment for one in inventories for deployment in one.deployments),
        usage=usage.readings,
        aliveness=usage.aliveness,
        gaps=tuple(gap for one in inventories for gap in one.gaps),
        unread=frozenset(account for one in inventories for account in one.unread),
        complete=all(one.complete for one in inventories),
    )
