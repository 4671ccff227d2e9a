"""Fine-tuning on the real sandbox with a real ledger; a process that dies is an exception that nobody catches."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from deployer import pricebook
from deployer.clock import Clock
from deployer.domain.deployment import Account
from deployer.domain.job import Checkpoint, Job, JobEvent, JobSpec
from deployer.domain.money import Money
from deployer.domain.subject import Subject, SubjectKind
from deployer.guard.context import GuardContext
from deployer.ledger import open_ledger
from deployer.policy.document import Budget, Match, Policy, PolicySet
from deployer.ports.cloud import Provider, Training
from deployer.ports.ledger import Ledger, ReservationRefusal, ReservationRequest
from deployer.sandbox.process import Sandbox
from deployer.spend.budget import budget_period
from deployer.training.order import Order
from tests.fakes import FakeNotifier

BASE = "gpt-4.1-mini-2025-04-14"
ACCOUNT = "aoai-dev-eastus2"


class Killed(BaseException):
    """The process is gone: nothing of ours runs after it."""


class DyingTraining:
    """Delegates to the real port and dies before or after one operation."""

    def __init__(self, real: Training, operation: str, *, after: bool) -> None:
        self._real, self._operation, self._after = real, operation, after

    def _run(self, operation: str, work: Callable[[], object]) -> object:
        if operation == self._operation and not self._after:
            raise Killed
        result = work()
        if operation == self._operation:
            raise Killed
        return result

    def upload(self, account: Account, path: Path, marker: str = "") -> str:
        return str(self._run("upload", lambda: self._real.upload(account, path, marker)))

    def discard(self, account: Account, marker: str) -> int:
        return self._real.discard(account, marker)

    def stored(self, account: Account) -> tuple[int, ...]:
        return self._real.stored(account)

    def refusal(self, account: Account, model: str, method: str = "supervised") -> str:
        return self._real.refusal(account, model, method)

    def start(self, account: Account, spec: JobSpec) -> Job:
        job = self._run("start", lambda: self._real.start(account, spec))
        assert isinstance(job, Job)
        return job

    def jobs(self, account: Account) -> tuple[Job, ...]:
        return self._real.jobs(account)

    def job(self, account: Account, job_id: str) -> Job:
        return self._real.job(account, job_id)

    def events(self, account: Account, job_id: str) -> tuple[JobEvent, ...]:
        return self._real.events(account, job_id)

    def checkpoints(self, account: Account, job_id: str) -> tuple[Checkpoint, ...]:
        return self._real.checkpoints(account, job_id)

    def cancel(self, account: Account, job_id: str) -> Job:
        return self._real.cancel(account, job_id)

    def pause(self, account: Account, job_id: str) -> Job:
        return self._real.pause(account, job_id)

    def resume(self, account: Account, job_id: str) -> Job:
        return self._real.resume(account, job_id)

    def is_ready(self, account: Account, model: str) -> bool:
        return self._real.is_ready(account, model)

    def result(self, account: Account, file_id: str) -> bytes:
        return self._real.result(account, file_id)


def budget(amount: str) -> PolicySet:
    """One policy over everything, with this monthly budget."""
    return PolicySet(policies=(Policy(name="team", match=Match(), budget=Budget(Money.of(amount))),))


@dataclass
class World:
    """One person's deployer on the sandbox."""

    sandbox: Sandbox
    clock: Clock
    home: Path
    providers: Mapping[str, Provider]
    data: Path
    policies: PolicySet = field(default_factory=lambda: budget("100"))

    def __post_init__(self) -> None:
        self.ledger: Ledger = open_ledger(f"sqlite:///{self.home}/ledger.sqlite3", clock=self.clock)

    @property
    def context(self) -> GuardContext:
        return GuardContext(
            providers=self.providers,
            ledger=self.ledger,
            book=pricebook.load(),
            policies=self.policies,
            notifier=FakeNotifier(),
            clock=self.clock,
            locks=self.home / "locks",
        )

    def order(self, **given: object) -> Order:
        facts: dict[str, object] = {"provider": "azure", "account": ACCOUNT, "model": BASE, "training": self.data}
        return Order(**(facts | given))  # type: ignore[arg-type]

    def jobs(self, provider: str = "azure") -> tuple[Job, ...]:
        """What the cloud itself shows."""
        cloud = self.providers[provider]
        return tuple(job for account in cloud.inventory.observe().accounts for job in cloud.training.jobs(account))

    def reserved(self) -> Decimal:
        """What is still held, as the next gate would add it."""
        now = self.clock.now()
        subject = Subject(SubjectKind.JOB, "job:azure:probe", "azure", ACCOUNT, "probe", BASE, "gpt-4.1-mini", True)
        month = budget_period("month", "UTC", now)
        request = ReservationRequest("team", month, subject, Money.of(1), Money.zero(), Money.zero(), now)
        answer = self.ledger.reservations.reserve([request])
        assert isinstance(answer, ReservationRefusal)
        return answer.reserved.amount
