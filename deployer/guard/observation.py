"""What every configured cloud shows at this instant, as one snapshot.

Clouds are asked at the same time and do not spoil each other: one that fails is a gap. Usage is
read of everything, guarded or not, because tokens cost money whether or not a policy matches.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from deployer.domain.deployment import Account, Deployment
from deployer.domain.period import Period
from deployer.domain.snapshot import Gap, InventoryReading, Snapshot, Tracked
from deployer.domain.usage import Aliveness, UsageObservation, UsageReading
from deployer.errors import CloudError, DeployerError
from deployer.guard.context import GuardContext
from deployer.policy.decide import usage_window
from deployer.policy.document import PolicySet
from deployer.ports.cloud import Provider

LONGEST_LOOK_BACK = timedelta(days=93)
"""Azure Monitor keeps metrics for 93 days."""
OVERLAP = timedelta(days=1)
"""What is read again although it was read before: numbers arrive late."""
MOST_SKEW = timedelta(minutes=5)
"""As far as our clock and a cloud's may be apart, as in `doctor`: Azure's tokens allow no more either."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Seen:
    """What one provider showed."""

    inventory: InventoryReading
    usage: UsageObservation = field(default_factory=UsageObservation)


@dataclass(frozen=True)
class Windows:
    """What usage must be read: `steady` of what earlier sweeps have read, `first` of what they have not.

    A deployment that is found late has used tokens that no sweep has seen, and so has one whose metrics
    could not be read for days: these are read back to where they are known, as far as the vendor keeps it.
    """

    steady: Period
    first: Period


def observe(context: GuardContext, now: datetime, tracked: Mapping[str, Tracked]) -> Snapshot:
    """Everything that is deployed, and its usage. Raises CloudError when a cloud has another time than we have."""
    windows = usage_windows(context.policies, now)
    providers = list(context.providers.values())
    seen = _look(providers, windows, tracked)
    ended = context.clock.now()
    for provider, one in zip(providers, seen, strict=True):
        if (told_at := one.inventory.told_at) is not None and not now - MOST_SKEW <= told_at <= ended + MOST_SKEW:
            raise _other_time(provider.name, ended, told_at)
    return _together(now, seen)


def _look(providers: Sequence[Provider], windows: Windows, tracked: Mapping[str, Tracked]) -> list[Seen]:
    if len(providers) == 1:
        return [_see(providers[0], windows, tracked)]
    with ThreadPoolExecutor(max_workers=max(1, len(providers))) as pool:
        return list(pool.map(lambda provider: _see(provider, windows, tracked), providers))


def _other_time(cloud: str, ours: datetime, theirs: datetime) -> CloudError:
    """On a wrong clock, use is looked for where there is none yet, and hours are charged that have not been."""
    return CloudError(
        f"this machine's clock says {ours:%Y-%m-%d %H:%M}Z and that of {cloud} {theirs:%Y-%m-%d %H:%M}Z: "
        "nothing is decided or charged by a wrong clock",
        next_step="set this machine's clock (NTP), then try again; `deployer doctor` compares the clocks",
    )


def usage_windows(policies: PolicySet, now: datetime) -> Windows:
    """What the rules need and at least the last day, because a reading may have failed; all that is kept, for the rest.

    Hourly grains that begin at full hours are the same grains at every sweep, so that tokens are counted once.
    """
    needed = usage_window(policies, now)
    steady = _from_full_hour(min(needed.start, now - OVERLAP), now)
    first = _from_full_hour(now - LONGEST_LOOK_BACK, now)
    return Windows(Period(steady, needed.end), Period(first, needed.end))


def _from_full_hour(start: datetime, now: datetime) -> datetime:
    return max(start, now - LONGEST_LOOK_BACK).replace(minute=0, second=0, microsecond=0)


def _see(provider: Provider, windows: Windows, tracked: Mapping[str, Tracked]) -> Seen:
    try:
        inventory = provider.inventory.observe(_accounts(provider, tracked))
    except DeployerError as error:
        return Seen(InventoryReading(gaps=(Gap("accounts", provider.name, error.message),), complete=False))
    behind = [one for one in inventory.deployments if _known_to(one, tracked) < windows.steady.start]
    steady = [one for one in inventory.deployments if _known_to(one, tracked) >= windows.steady.start]
    usage = [_use(provider, behind, _missed(behind, tracked, windows)), _use(provider, steady, windows.steady)]
    return Seen(inventory, _merged(usage))


def _accounts(provider: Provider, tracked: Mapping[str, Tracked]) -> tuple[Account, ...]:
    """The provider's accounts that hold what the ledger believes alive."""
    accounts = (known.deployment.account for known in tracked.values())
    return tuple({one.resource_id.lower(): one for one in accounts if one.provider == provider.name}.values())


def _known_to(deployment: Deployment, tracked: Mapping[str, Tracked]) -> datetime:
    """Up to where its usage is known: nothing was used before it was created."""
    known = tracked.get(deployment.id.key)
    if known is not None and known.used_to is not None and known.instance == deployment.instance:
        return known.used_to
    return deployment.created_at or _LONG_AGO


def _missed(behind: Sequence[Deployment], tracked: Mapping[str, Tracked], windows: Windows) -> Period:
    """The first window, but not from before the earliest instant up to which one of them is known."""
    earliest = min((_known_to(one, tracked) for one in behind), default=windows.first.start)
    hour = earliest.replace(minute=0, second=0, microsecond=0)
    return Period(min(max(windows.first.start, hour), windows.steady.start), windows.first.end)


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
        vanished=frozenset(account for one in inventories for account in one.vanished),
    )
