"""What every configured cloud shows now, for people who look: no policy and no ledger needed."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from deployer.domain.deployment import Deployment
from deployer.domain.period import Period
from deployer.domain.snapshot import Gap, InventoryReading, Snapshot
from deployer.domain.target import resolve
from deployer.domain.usage import UsageObservation
from deployer.errors import DeployerError, NotFound
from deployer.guard.retirement import retirements
from deployer.ports.cloud import Provider

USED_WITHIN = timedelta(days=7)
"""How far back `deployment list` looks for use."""


def survey(providers: Mapping[str, Provider], now: datetime, *, usage: bool, dates: bool = False) -> Snapshot:
    """All clouds at the same time; what one does not show is a gap. With `usage`, also that of the last week.

    With `dates`, also when each deployment retires.
    """
    with ThreadPoolExecutor(max_workers=max(1, len(providers))) as pool:
        seen = list(pool.map(lambda provider: _see(provider, now, usage), providers.values()))
    readings = [inventory for inventory, _ in seen]
    deployments = tuple(deployment for reading in readings for deployment in reading.deployments)
    return Snapshot(
        as_of=now,
        accounts=tuple(account for reading in readings for account in reading.accounts),
        deployments=deployments,
        usage={key: value for _, observed in seen for key, value in observed.readings.items()},
        aliveness={key: value for _, observed in seen for key, value in observed.aliveness.items()},
        gaps=tuple(gap for reading in readings for gap in reading.gaps),
        unread=frozenset().union(*(reading.unread for reading in readings)),
        complete=all(reading.complete for reading in readings),
        retirements=retirements(providers, deployments) if dates else {},
    )


def _see(provider: Provider, now: datetime, usage: bool) -> tuple[InventoryReading, UsageObservation]:
    inventory = _inventory(provider)
    if not usage or not inventory.deployments:
        return inventory, UsageObservation()
    start = (now - USED_WITHIN).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    return inventory, provider.usage.observe(inventory.deployments, Period(start, now))


def _inventory(provider: Provider) -> InventoryReading:
    try:
        return provider.inventory.observe()
    except DeployerError as error:
        return InventoryReading(gaps=(Gap("accounts", provider.name, error.message),), complete=False)


def unread_use(snapshot: Snapshot) -> tuple[Gap, ...]:
    """Whose use was asked for and could not be read, by account and cause."""
    unread = [reading for reading in snapshot.usage.values() if not reading.complete]
    named = [(f"{one.deployment.provider}:{one.deployment.account}", one.cause or "no cause given") for one in unread]
    return tuple(Gap("use", where, cause) for where, cause in dict.fromkeys(named))


def find_deployment(snapshot: Snapshot, text: str) -> Deployment:
    """The deployment that `text` names. When part of the clouds could not be read, absence is not known."""
    try:
        return resolve(text, snapshot.deployments)
    except NotFound as error:
        if snapshot.gaps:
            raise DeployerError(
                f"{error.message}, but not everything could be read: {_causes(snapshot.gaps)}",
                next_step="`deployer doctor` says what is missing",
            ) from error
        raise


def _causes(gaps: Sequence[Gap]) -> str:
    return "; ".join(map(str, gaps))
