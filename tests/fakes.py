"""A cloud in memory that implements the ports: scripted errors, its own truth, no network.

Tests say what the cloud does (`fail`, `hook`) and ask it afterwards what really happened (`deleted`,
`calls`). Everything that is not about a cloud's behaviour on the wire can be tested on it.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deployer.domain.budget import CloudBudget
from deployer.domain.catalog import ModelList, OfferedModel
from deployer.domain.charge import Bill, VendorForecast
from deployer.domain.deployment import MANAGED_TAG, Account, Deployment, DeploymentId
from deployer.domain.job import Checkpoint, Job, JobEvent, JobSpec
from deployer.domain.limit import UNLIMITED, Limits
from deployer.domain.model import base_model, is_fine_tuned
from deployer.domain.period import Period
from deployer.domain.sku import tier_of
from deployer.domain.snapshot import Gap, InventoryReading
from deployer.domain.usage import Aliveness, UsageBucket, UsageObservation, UsageReading
from deployer.errors import CloudError, Conflict, NotFound
from deployer.ports.cloud import (
    Billing,
    Caps,
    Catalog,
    Check,
    DeploymentRequest,
    Deployments,
    Inventory,
    Quota,
    Quotas,
    Training,
    Usage,
)
from deployer.ports.notifier import Message

BEGINNING = datetime(2026, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
TUNED = "gpt-4.1-mini-2025-04-14.ft-0123456789abcdef0123456789abcdef-support"


class FakeClock:
    """Time that moves only when somebody waits or says so."""

    def __init__(self, now: datetime = BEGINNING) -> None:
        self._now = now
        self._start = now

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=max(seconds, 0))

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    def advance(self, span: timedelta) -> None:
        self._now += span


class FakeNotifier:
    """Keeps what it was given; `takes` false is a channel that is down."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.channels: list[tuple[str, ...]] = []
        self.takes = True

    def send(self, message: Message, channels: Sequence[str] = ()) -> bool:
        if self.takes:
            self.sent.append(message)
            self.channels.append(tuple(channels))
        return self.takes


class FakeCloud:
    """One provider.

    Operations: inventory, read, usage, create, delete, scale, pause, resume, call, jobs, models, quota, places.
    """

    def __init__(self, clock: FakeClock, name: str = "azure", accounts: Sequence[str] = ("aoai-dev",)) -> None:
        self.name = name
        self.clock = clock
        self.accounts = {account: _account(name, account) for account in accounts}
        self.standing: dict[str, Deployment] = {}
        self.going: dict[str, datetime] = {}
        self.deletion_seconds = 20.0
        self.ahead = timedelta()
        self.traffic: dict[str, list[datetime]] = defaultdict(list)
        self.alive: bool | None = True
        self.deleted: list[tuple[str, str]] = []
        self.calls: Counter[str] = Counter()
        self.hooks: dict[str, Callable[[], None]] = {}
        self.jobs_of: dict[str, list[Job]] = defaultdict(list)
        self._faults: dict[str, deque[CloudError]] = defaultdict(deque)
        self.inventory: Inventory = _Inventory(self)
        self.usage: Usage = _Usage(self)
        self.deployments: Deployments = _Deployments(self)
        self.quotas: Quotas = _Quotas(self)
        self.room: dict[str, Quota] = {}
        self.elsewhere: tuple[str, ...] = ()
        self.bills: tuple[Bill, ...] = ()
        self.limits = UNLIMITED
        self.stored: tuple[int, ...] = ()
        self.budgets: tuple[CloudBudget, ...] = ()
        self.billing: Billing = _Billing(self)
        self.caps: Caps | None = None
        self.training: Training = _Training(self)
        self.offered: tuple[OfferedModel, ...] = ()
        self.catalog: Catalog = _Catalog(self)

    # --- what a test says ---------------------------------------------------------------------

    def deploy(self, name: str, *, account: str = "", model: str = TUNED, **facts: object) -> Deployment:
        """A deployment as any other client would have made it."""
        home = self.accounts[account or next(iter(self.accounts))]
        made = _deployment(home, name, model, self.clock.now())
        made = replace(made, **facts)  # type: ignore[arg-type]
        self.standing[made.id.key] = made
        return made

    def use(self, deployment: Deployment) -> None:
        """One call of 100 tokens each way, now."""
        self.traffic[deployment.id.key].append(self.clock.now())

    def fail(self, operation: str, error: CloudError, times: int = 1) -> None:
        self._faults[operation].extend([error] * times)

    def hook(self, operation: str, run: Callable[[], None]) -> None:
        """Run something when the operation is called the next time, before it does anything."""
        self.hooks[operation] = run

    def calm(self) -> None:
        """No more errors."""
        self._faults.clear()

    # --- what the ports do --------------------------------------------------------------------

    def enter(self, operation: str) -> None:
        self.calls[operation] += 1
        self.settle()
        if operation in self.hooks:
            self.hooks.pop(operation)()
        if self._faults[operation]:
            raise self._faults[operation].popleft()

    def settle(self) -> None:
        """Let the deletions that are through take effect."""
        for key, at in list(self.going.items()):
            if self.clock.now() >= at:
                del self.going[key]
                gone = self.standing.pop(key)
                self.deleted.append((key, gone.created_at.isoformat() if gone.created_at else ""))

    def check(self) -> tuple[Check, ...]:
        return (Check(f"{self.name} in memory", True, f"{len(self.accounts)} accounts"),)


class _Inventory:
    def __init__(self, cloud: FakeCloud) -> None:
        self._cloud = cloud

    def observe(self, known: Sequence[Account] = ()) -> InventoryReading:
        cloud = self._cloud
        try:
            cloud.enter("inventory")
        except CloudError as error:
            return InventoryReading(gaps=(Gap("accounts", cloud.name, error.message),), complete=False)
        vanished = frozenset(one.resource_id.lower() for one in known if one.name not in cloud.accounts)
        found = tuple(cloud.accounts.values()), tuple(cloud.standing.values())
        return InventoryReading(*found, vanished=vanished, told_at=cloud.clock.now() + cloud.ahead)

    def read(self, account: Account, name: str) -> Deployment | None:
        self._cloud.enter("read")
        return self._cloud.standing.get(DeploymentId(account.provider, account.name, name).key)

    def of(self, account: Account) -> tuple[Deployment, ...]:
        self._cloud.enter("of")
        return tuple(one for one in self._cloud.standing.values() if one.account.name == account.name)


class _Usage:
    def __init__(self, cloud: FakeCloud) -> None:
        self._cloud = cloud

    def observe(self, deployments: Sequence[Deployment], window: Period) -> UsageObservation:
        try:
            self._cloud.enter("usage")
        except CloudError as error:
            return self._failed(deployments, window, error)
        readings = {one.id.key: self._reading(one, window) for one in deployments}
        return UsageObservation(
            readings, {one.account.resource_id.lower(): self._aliveness(one.account) for one in deployments}
        )

    def _aliveness(self, account: Account) -> Aliveness:
        """As scripted; of an account that does not exist nothing was ever counted."""
        if account.name not in self._cloud.accounts:
            return Aliveness(False, "no such account")
        return Aliveness(self._cloud.alive, "" if self._cloud.alive else "scripted")

    def _reading(self, deployment: Deployment, window: Period) -> UsageReading:
        hours = Counter(
            at.replace(minute=0, second=0, microsecond=0)
            for at in self._cloud.traffic[deployment.id.key]
            if at in window
        )
        buckets = tuple(
            UsageBucket(hour, hour + HOUR, requests=count, input_tokens=100 * count, output_tokens=100 * count)
            for hour, count in sorted(hours.items())
        )
        return UsageReading(deployment.id, window, complete=True, buckets=buckets, as_of=self._cloud.clock.now())

    def _failed(self, deployments: Sequence[Deployment], window: Period, error: CloudError) -> UsageObservation:
        readings = {one.id.key: UsageReading(one.id, window, False, error.message) for one in deployments}
        unread = Aliveness(None, error.message)
        return UsageObservation(readings, {one.account.resource_id.lower(): unread for one in deployments})


class _Deployments:
    deploys = True

    def __init__(self, cloud: FakeCloud) -> None:
        self._cloud = cloud

    def create(self, request: DeploymentRequest) -> Deployment:
        cloud = self._cloud
        cloud.enter("create")
        made = _deployment(request.account, request.name, request.model, cloud.clock.now())
        if made.id.key in cloud.standing:
            raise Conflict("it exists already", status=409)
        tags = dict(request.body.get("tags", {})) if request.body else dict(request.tags)
        made = replace(made, sku=request.sku, tier=tier_of(request.sku), tags=tags, managed=MANAGED_TAG[0] in tags)
        cloud.standing[made.id.key] = made
        return made

    def delete(self, account: Account, name: str) -> bool:
        cloud = self._cloud
        cloud.enter("delete")
        key = DeploymentId(account.provider, account.name, name).key
        if key not in cloud.standing:
            return False
        cloud.going.setdefault(key, cloud.clock.now() + timedelta(seconds=cloud.deletion_seconds))
        return True

    def scale(self, deployment: Deployment, capacity: int) -> Deployment:
        self._cloud.enter("scale")
        return self._change(replace(self._cloud.standing[deployment.id.key], capacity=capacity))

    def pause(self, deployment: Deployment, paused: bool) -> Deployment:
        self._cloud.enter("pause" if paused else "resume")
        state = "Paused" if paused else "Succeeded"
        return self._change(replace(self._cloud.standing[deployment.id.key], state=state))

    def _change(self, changed: Deployment) -> Deployment:
        self._cloud.standing[changed.id.key] = changed
        return changed

    def call(self, account: Account, name: str, text: str) -> str:
        self._cloud.enter("call")
        found = self._cloud.standing.get(DeploymentId(account.provider, account.name, name).key)
        if found is None:
            raise NotFound("no such deployment", status=404)
        self._cloud.use(found)
        return text


class _Quotas:
    def __init__(self, cloud: FakeCloud) -> None:
        self._cloud = cloud

    def quota(self, account: Account, name: str) -> Quota | None:
        self._cloud.enter("quota")
        return self._cloud.room.get(name)

    def places(self, account: Account, model: str, version: str, sku: str, *, tuned: bool) -> tuple[str, ...]:
        self._cloud.enter("places")
        return self._cloud.elsewhere


class _Billing:
    def __init__(self, cloud: FakeCloud) -> None:
        self._cloud = cloud

    def billed(self, accounts: Sequence[Account], period: Period) -> tuple[tuple[Bill, ...], tuple[Gap, ...]]:
        names = {account.name for account in accounts}
        return tuple(bill for bill in self._cloud.bills if bill.day in period and bill.account in names), ()

    def forecast(
        self, accounts: Sequence[Account], period: Period
    ) -> tuple[tuple[VendorForecast, ...], tuple[Gap, ...]]:
        return (), ()

    def budgets(self, accounts: Sequence[Account]) -> tuple[tuple[CloudBudget, ...], tuple[Gap, ...]]:
        return tuple(self._cloud.budgets), ()


class _Training:
    def __init__(self, cloud: FakeCloud) -> None:
        self._cloud = cloud

    def upload(self, account: Account, path: Path, marker: str = "") -> str:
        return "file-1"

    def discard(self, account: Account, marker: str) -> int:
        return 0

    def stored(self, account: Account) -> tuple[int, ...]:
        self._cloud.enter("stored")
        return self._cloud.stored

    def refusal(self, account: Account, model: str, method: str = "supervised") -> str:
        self._cloud.enter("refusal")
        return ""

    def start(self, account: Account, spec: JobSpec) -> Job:
        self._cloud.enter("start")
        jobs = self._cloud.jobs_of[account.name]
        job = Job(f"ftjob-{len(jobs) + 1}", account.provider, account.name, spec.model, "pending")
        job = replace(job, created_at=self._cloud.clock.now(), training_file=spec.training_file, suffix=spec.suffix)
        jobs.append(job)
        return job

    def jobs(self, account: Account) -> tuple[Job, ...]:
        self._cloud.enter("jobs")
        return tuple(self._cloud.jobs_of[account.name])

    def job(self, account: Account, job_id: str) -> Job:
        self._cloud.enter("jobs")
        found = [job for job in self._cloud.jobs_of[account.name] if job.id == job_id]
        if not found:
            raise NotFound(f"no job {job_id}", status=404)
        return found[0]

    def events(self, account: Account, job_id: str) -> tuple[JobEvent, ...]:
        self.job(account, job_id)
        return ()

    def checkpoints(self, account: Account, job_id: str) -> tuple[Checkpoint, ...]:
        self.job(account, job_id)
        return ()

    def cancel(self, account: Account, job_id: str) -> Job:
        self._cloud.enter("cancel")
        jobs = self._cloud.jobs_of[account.name]
        ended = [replace(job, status="cancelled") if job.id == job_id else job for job in jobs]
        self._cloud.jobs_of[account.name] = ended
        return self.job(account, job_id)

    def pause(self, account: Account, job_id: str) -> Job:
        return self.job(account, job_id)

    def resume(self, account: Account, job_id: str) -> Job:
        return self.job(account, job_id)

    def is_ready(self, account: Account, model: str) -> bool:
        return True

    def result(self, account: Account, file_id: str) -> bytes:
        return b""


class _Catalog:
    def __init__(self, cloud: FakeCloud) -> None:
        self._cloud = cloud

    def models(self, account: Account) -> ModelList:
        self._cloud.enter("models")
        return ModelList(self._cloud.name, account.region, self._cloud.offered, "scripted", self._cloud.clock.now())

    def limits(self, account: Account) -> Limits:
        return self._cloud.limits


def _account(provider: str, name: str) -> Account:
    return Account(provider, name, f"/fake/{provider}/{name}", region="eastus2", subscription="sub")


def _deployment(account: Account, name: str, model: str, at: datetime) -> Deployment:
    body: Mapping[str, object] = {
        "id": f"{account.resource_id}/deployments/{name}",
        "name": name,
        "sku": {"name": "Standard", "capacity": 50},
        "properties": {"model": {"name": model, "format": "OpenAI"}, "provisioningState": "Succeeded"},
    }
    return Deployment(
        id=DeploymentId(account.provider, account.name, name),
        account=account,
        model=model,
        base_model=base_model(model),
        fine_tuned=is_fine_tuned(model),
        sku="Standard",
        tier=tier_of("Standard"),
        capacity=50,
        created_at=at,
        state="Succeeded",
        body=body,
    )
