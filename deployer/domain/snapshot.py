"""What was seen at one instant, and what could not be seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from deployer.domain.deployment import Account, Deployment
from deployer.domain.retirement import Retirement
from deployer.domain.usage import Aliveness, UsageReading


@dataclass(frozen=True)
class Gap:
    """Something that could not be observed: `what` (deployments, usage, ...) of `where`, why, and what helps."""

    what: str
    where: str
    cause: str
    next_step: str = ""

    def __str__(self) -> str:
        return f"{self.what} of {self.where}: {self.cause}"


@dataclass(frozen=True)
class InventoryReading:
    """All accounts and deployments that one provider showed.

    `unread` holds resource ids (lower case) of accounts whose deployments were not listed to the
    end: a deployment missing there is not known to be gone. `vanished` holds those of known accounts
    of which the cloud says that they do not exist any more. `complete` is false when the list of
    accounts itself is partial. `told_at`: the cloud's own clock when it answered, None when it did not say.
    """

    accounts: tuple[Account, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    gaps: tuple[Gap, ...] = ()
    unread: frozenset[str] = frozenset()
    complete: bool = True
    vanished: frozenset[str] = frozenset()
    told_at: datetime | None = None


@dataclass(frozen=True)
class Snapshot:
    """The world as one sweep saw it; `usage` is by `DeploymentId.key`, `aliveness` by account id in lower case.

    `retirements` are by `DeploymentId.key`; one that is missing was not asked for.
    """

    as_of: datetime
    accounts: tuple[Account, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    usage: Mapping[str, UsageReading] = field(default_factory=dict)
    aliveness: Mapping[str, Aliveness] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    unread: frozenset[str] = frozenset()
    complete: bool = True
    vanished: frozenset[str] = frozenset()
    retirements: Mapping[str, Retirement] = field(default_factory=dict)

    def settled(self, deployment: Deployment) -> bool:
        """Whether what it used is known: a whole answer with numbers, or without any from a metric that is alive."""
        reading = self.usage.get(deployment.id.key)
        if reading is None or not reading.complete:
            return False
        alive = self.aliveness.get(deployment.account.resource_id.lower())
        return bool(reading.buckets) or bool(alive and alive.alive)

    @property
    def blind(self) -> bool:
        """Whether not a single account could be read: then nothing is known of what is there."""
        return bool(self.gaps) and all(account.resource_id.lower() in self.unread for account in self.accounts)


@dataclass(frozen=True)
class Tracked:
    """A deployment that the ledger believes alive, with what was last known of it.

    `instance` is its creation instant. `accrued_to`: hosting is charged up to here. `used_to`: its usage was
    read, as a whole, up to here; None when that has never been possible.
    """

    deployment: Deployment
    instance: str
    first_seen: datetime
    last_seen: datetime
    accrued_to: datetime
    used_to: datetime | None = None


@dataclass(frozen=True)
class Gone:
    """A deployment that the ledger believes gone: what was last known of it, and the instant since which it is."""

    tracked: Tracked
    at: datetime
