"""What the use cases need of the world, as protocols: adapters and fakes implement them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from deployer.clock import Clock
from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.cap import AccountCaps, Cap
from deployer.domain.catalog import ModelList
from deployer.domain.charge import Bill, Charge, Meter, VendorForecast
from deployer.domain.deployment import Account, Deployment
from deployer.domain.job import Checkpoint, Job, JobEvent, JobSpec
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.plan import Action, History
from deployer.domain.snapshot import Gap, Gone, InventoryReading, Snapshot, Tracked
from deployer.domain.subject import Subject, SubjectSpend
from deployer.domain.usage import UsageObservation, UsageReading

# --- clouds -----------------------------------------------------------------------------------


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

    def refusal(self, account: Account, model: str) -> str:
        """Why the vendor takes no job of this model now; "" as far as it says. Nothing is created."""
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
    `cache` is a folder for what a cloud seldom changes; all in it may be thrown away at any time.
    """

    settings: Mapping[str, str]
    ca_bundle: str = ""
    scrub: Callable[[str], str] = str
    workers: int = 32
    timeout: float = 30.0
    retries: int = 5
    cache: Path | None = None


class ProviderPlugin(Protocol):
    """The entry point of group `deployer.providers`."""

    def __call__(self, connection: Connection, clock: Clock) -> Provider | None:
        """Connect lazily (no call is made yet); None when this cloud is not configured."""
        ...


# --- ledger -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reservation:
    id: int
    policy: str
    amount: Money
    subject: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class ReservationRequest:
    """Hold `amount` under `policy` if what is spent and held leaves room.

    `spent` is the upper bound of what the policy's subjects cost in `period` so far, read by the
    caller; the ledger adds the open reservations of the same policy and period, atomically.
    """

    policy: str
    period: Period
    subject: Subject
    amount: Money
    spent: Money
    limit: Money
    at: datetime
    override: str = ""


@dataclass(frozen=True)
class ReservationRefusal:
    """The arithmetic of a no."""

    policy: str
    spent: Money
    reserved: Money
    asked: Money
    limit: Money


class Readings(Protocol):
    def record(self, snapshot: Snapshot, charges: Iterable[Charge], gone: Iterable[str]) -> None:
        """Append one sweep in one transaction: sightings, usage, charges; `gone` are keys no longer there."""
        ...

    def tracked(self) -> Mapping[str, Tracked]:
        """Deployments believed alive, by `DeploymentId.key`."""
        ...

    def gone(self, since: datetime) -> tuple[Gone, ...]:
        """Deployments that were found gone at `since` or later, oldest first."""
        ...

    def record_gone(
        self, at: datetime, readings: Mapping[tuple[str, str], UsageReading], charges: Iterable[Charge]
    ) -> None:
        """Append what metrics said, after its end, about what is gone, by (subject key, instance)."""
        ...

    def charged_tokens(self, keys: Iterable[str], window: Period) -> Mapping[tuple[str, str, Meter, datetime], Decimal]:
        """Tokens already charged, by (subject key, instance, meter, start of the grain)."""
        ...

    def spent(self, period: Period) -> tuple[SubjectSpend, ...]:
        """Charges of the period per subject, gone ones included; charges across its edges count in proportion."""
        ...

    def charges(self, period: Period) -> tuple[Charge, ...]: ...

    def record_subject(self, subject: Subject, charges: Iterable[Charge] = ()) -> None:
        """Append charges of a subject that no sweep observes (a fine-tune job)."""
        ...

    def record_bills(self, bills: Iterable[Bill]) -> None: ...

    def bills(self, period: Period) -> tuple[Bill, ...]: ...


class Journal(Protocol):
    def intend(
        self,
        kind: ActKind,
        subject: str,
        instance: str,
        who: str,
        reason: str,
        body: Mapping[str, Any],
        numbers: Mapping[str, str],
        at: datetime,
    ) -> Act:
        """Write the intent durably before anything is done."""
        ...

    def step(self, act_id: int, phase: Phase, at: datetime, detail: str = "") -> None: ...

    def unfinished(self) -> tuple[Act, ...]:
        """Acts without a final step, oldest first."""
        ...

    def acts(self, limit: int = 100) -> tuple[Act, ...]:
        """The newest first."""
        ...

    def act(self, act_id: int) -> Act | None: ...


class Decisions(Protocol):
    def history(self, now: datetime) -> History: ...

    def record_told(self, action: Action, at: datetime, delivered: bool) -> None:
        """Append a warning or alert that was given."""
        ...

    def protect(self, key: str, protected: bool, who: str, reason: str, at: datetime) -> None: ...

    def pause(self, paused: bool, who: str, at: datetime) -> None: ...

    def record_sweep(self, at: datetime, summary: Mapping[str, Any]) -> None:
        """Append one line about a sweep that ended, for `guard status`."""
        ...

    def last_sweep(self) -> tuple[datetime, Mapping[str, Any]] | None: ...


class Reservations(Protocol):
    def reserve(self, requests: Sequence[ReservationRequest]) -> tuple[Reservation, ...] | ReservationRefusal:
        """All or none, in one transaction: of two at once that fit only singly, one is refused."""
        ...

    def open(self) -> tuple[Reservation, ...]:
        """Those of the newest thousand that nobody has ended, oldest first."""
        ...

    def settle(self, reservation_id: int, at: datetime, outcome: str) -> None:
        """End a reservation: what it stood for is now a charge, or never happened."""
        ...


class Ledger(Protocol):
    """Everything that is written down, append-only."""

    readings: Readings
    journal: Journal
    decisions: Decisions
    reservations: Reservations

    def lease(self, name: str, holder: str, at: datetime, seconds: float) -> bool:
        """Take or renew a named lease, so that one sweep acts at a time; False when another holds it."""
        ...

    def release(self, name: str, holder: str) -> None: ...

    def close(self) -> None: ...


# --- people -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Message:
    """Something to tell people: plain text, `urgent` for acts and failures."""

    title: str
    body: str
    urgent: bool = False


class Notifier(Protocol):
    def send(self, message: Message, channels: Sequence[str] = ()) -> bool:
        """Deliver to the configured channels and to `channels`; True when at least one took it."""
        ...
