"""What the use cases need of a cloud: inventory, usage, acts, quotas, bills, caps, training, models."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from deployer.clock import Clock
from deployer.domain.budget import CloudBudget
from deployer.domain.cap import AccountCaps, Cap
from deployer.domain.catalog import ModelList
from deployer.domain.charge import Bill, VendorForecast
from deployer.domain.deployment import Account, Deployment
from deployer.domain.job import Checkpoint, Job, JobEvent, JobSpec
from deployer.domain.limit import Limits
from deployer.domain.period import Period
from deployer.domain.snapshot import Gap, InventoryReading
from deployer.domain.usage import UsageObservation


class Inventory(Protocol):
    """What exists."""

    def observe(self, known: Sequence[Account] = ()) -> InventoryReading:
        """All accounts and their deployments, to the last page; what failed is a gap, not an error.

        `known` are accounts that earlier sweeps have seen: each that is not listed any more is asked for by
        itself, and is read, unread (with a gap) or vanished. Absence from a list proves nothing.
        """
        ...

    def read(self, account: Account, name: str) -> Deployment | None:
        """One deployment, fresh; None when the cloud answers 404. Raises CloudError."""
        ...

    def of(self, account: Account) -> tuple[Deployment, ...]:
        """All deployments of one account, fresh, to the last page. Raises CloudError."""
        ...


class Usage(Protocol):
    """What was used."""

    def observe(self, deployments: Sequence[Deployment], window: Period) -> UsageObservation:
        """A reading per deployment over `window`, and each account's aliveness; never raises for a cloud's failure."""
        ...


@dataclass(frozen=True)
class DeploymentRequest:
    """A deployment to create; `body` (from the journal) overrides all but account and name when restoring.

    `begun` is told the continuation token of a long-running creation as soon as the cloud has taken it;
    with `continuation` that operation is waited for, and nothing is sent again.
    """

    account: Account
    name: str
    model: str
    model_version: str = ""
    sku: str = "Standard"
    capacity: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    begun: Callable[[str], None] = lambda _: None
    continuation: str = ""


class Deployments(Protocol):
    """Changes of what exists. One writer per account at a time.

    `deploys` is false where every model is served by its own name and there is nothing to create.
    """

    deploys: bool

    def create(self, request: DeploymentRequest) -> Deployment:
        """Create and wait until it serves. Raises CloudError; `maybe_done` when the outcome is unknown."""
        ...

    def delete(self, account: Account, name: str) -> bool:
        """Ask for deletion and return without waiting; False when it did not exist. Raises CloudError."""
        ...

    def scale(self, deployment: Deployment, capacity: int) -> Deployment:
        """Give it so many units of its SKU and wait until that is done. Raises CloudError."""
        ...

    def pause(self, deployment: Deployment, paused: bool) -> Deployment:
        """Let it answer no calls, or again; again the same is no error. Hosting may go on. Raises CloudError."""
        ...

    def call(self, account: Account, name: str, text: str) -> str:
        """Send one chat message, return the answer's text. Raises CloudError (NotFound after an undeploy)."""
        ...


@dataclass(frozen=True)
class Quota:
    """How many units of a named quota are used in one place, and how many may be."""

    name: str
    used: int
    limit: int


class Quotas(Protocol):
    """What there is room for, and where."""

    def quota(self, account: Account, name: str) -> Quota | None:
        """The quota of that name where the account is; None when the cloud lists no such quota. Raises CloudError."""
        ...

    def places(self, account: Account, model: str, version: str, sku: str, *, tuned: bool) -> tuple[str, ...]:
        """Where that SKU of a model, or of fine-tunes made of it, has capacity now. Raises CloudError."""
        ...


class Billing(Protocol):
    """What was billed, a day or more late."""

    def billed(self, accounts: Sequence[Account], period: Period) -> tuple[tuple[Bill, ...], tuple[Gap, ...]]:
        """All bills of the period, to the last page; what failed is a gap."""
        ...

    def forecast(
        self, accounts: Sequence[Account], period: Period
    ) -> tuple[tuple[VendorForecast, ...], tuple[Gap, ...]]:
        """The vendor's own forecast for `period`; none where it makes none, or has too little history."""
        ...

    def budgets(self, accounts: Sequence[Account]) -> tuple[tuple[CloudBudget, ...], tuple[Gap, ...]]:
        """The budgets that somebody set over there, which only tell; what failed is a gap that says what is missing."""
        ...


class Caps(Protocol):
    """The limits that a cloud keeps by itself. Raises CloudError; Forbidden when the credential may not."""

    def accounts(self) -> tuple[Account, ...]:
        """What has caps: the whole organisation, and each of its projects."""
        ...

    def owners(self) -> tuple[str, ...]:
        """E-mail addresses of who owns the organisation: whom an alert tells when nobody is named."""
        ...

    def read(self, account: Account) -> AccountCaps:
        """All caps of one account; a kind that cannot be read is told with its cause, and is no error."""
        ...

    def set(self, account: Account, cap: Cap) -> None:
        """Make one cap so; without a value, remove it."""
        ...


class Training(Protocol):
    """Fine-tuning: files and jobs of one provider. All raise CloudError."""

    def upload(self, account: Account, path: Path, marker: str = "") -> str:
        """Upload a JSONL file, wait until the vendor has processed it, return its id.

        Its name over there carries `marker`, so that it is known for ours should we die here.
        """
        ...

    def discard(self, account: Account, marker: str) -> int:
        """Remove the uploaded files whose names carry `marker`, which no job has taken; how many there were."""
        ...

    def stored(self, account: Account) -> tuple[int, ...]:
        """The bytes of each file for training that the account keeps; 0 where the vendor does not say."""
        ...

    def refusal(self, account: Account, model: str, method: str = "supervised") -> str:
        """Why the vendor takes no such job of this model now; "" as far as it says. Nothing is created."""
        ...

    def start(self, account: Account, spec: JobSpec) -> Job: ...

    def jobs(self, account: Account) -> tuple[Job, ...]: ...

    def job(self, account: Account, job_id: str) -> Job: ...

    def events(self, account: Account, job_id: str) -> tuple[JobEvent, ...]:
        """All events, oldest first, to the last page."""
        ...

    def checkpoints(self, account: Account, job_id: str) -> tuple[Checkpoint, ...]: ...

    def cancel(self, account: Account, job_id: str) -> Job: ...

    def pause(self, account: Account, job_id: str) -> Job: ...

    def resume(self, account: Account, job_id: str) -> Job: ...

    def is_ready(self, account: Account, model: str) -> bool:
        """Whether the vendor knows the fine-tuned model by its name; it may not for minutes after the job's end."""
        ...

    def result(self, account: Account, file_id: str) -> bytes:
        """The content of a result file, decoded when the vendor sent it base64-encoded."""
        ...


class Catalog(Protocol):
    """What can be deployed and trained, where, and until when."""

    def models(self, account: Account) -> ModelList:
        """The models that the account's region or project offers; at most a day old. Raises CloudError."""
        ...

    def limits(self, account: Account) -> Limits:
        """What the vendor takes of one account, by its documents."""
        ...


@dataclass(frozen=True)
class Check:
    """One line of `doctor`: what was checked, whether it is well, what to do if not.

    `optional`: the rest works without it, so that its lack is a warning.
    """

    what: str
    ok: bool
    detail: str
    next_step: str = ""
    optional: bool = False


class Provider(Protocol):
    """One cloud behind the ports. `name` is `azure`, `openai`, ..."""

    name: str
    inventory: Inventory
    usage: Usage
    deployments: Deployments
    quotas: Quotas
    billing: Billing
    caps: Caps | None
    training: Training
    catalog: Catalog

    def check(self) -> tuple[Check, ...]:
        """What `doctor` shows of this cloud: credential, endpoints, rights. Never raises."""
        ...


@dataclass(frozen=True)
class Connection:
    """What a provider needs to connect. `settings` holds the variables of interface.md that are set.

    With 32 `workers`, 1,000 accounts that are 100 ms away are listed in 4 s, within the vendors' limits.
    `cache` is a folder for what a cloud seldom changes; all in it may be thrown away at any time. `written` are the
    accounts as the ledger calls them: whoever looks must call them so too, or one name means two of them.
    """

    settings: Mapping[str, str]
    ca_bundle: str = ""
    scrub: Callable[[str], str] = str
    workers: int = 32
    timeout: float = 30.0
    retries: int = 5
    cache: Path | None = None
    written: Callable[[], Sequence[Account]] = tuple


class ProviderPlugin(Protocol):
    """The entry point of group `deployer.providers`."""

    def __call__(self, connection: Connection, clock: Clock) -> Provider | None:
        """Connect lazily (no call is made yet); None when this cloud is not configured."""
        ...
