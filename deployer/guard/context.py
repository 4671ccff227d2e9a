"""What every use case of the guard stands on, put together once by the composition root."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deployer.clock import Clock
from deployer.policy.document import PolicySet
from deployer.ports.cloud import Provider
from deployer.ports.ledger import Ledger
from deployer.ports.notifier import Notifier
from deployer.spend.price import PriceBook


@dataclass(frozen=True)
class GuardContext:
    """The adapters and limits of one guard.

    `verify_seconds`: how long an undeploy may take to be really gone; `verify_every`: seconds
    between two looks. `holder` names this machine in leases, which expire after `lease_seconds`;
    `locks` is the folder of lock files that a killed process gives back at once (None: leases
    alone). `read_only`: the ledger takes no rows.
    """

    providers: Mapping[str, Provider]
    ledger: Ledger
    book: PriceBook
    policies: PolicySet
    notifier: Notifier
    clock: Clock
    verify_seconds: float = 120
    verify_every: float = 5
    holder: str = "guard"
    locks: Path | None = None
    lease_seconds: float = 600
    read_only: bool = False
