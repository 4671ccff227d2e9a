"""A guard on a cloud in memory with a real ledger: what the guard's tests stand on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from deployer.domain.charge import Charge, Meter
from deployer.domain.deployment import Deployment
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.plan import Mode
from deployer.guard.context import GuardContext
from deployer.guard.outcome import Outcome
from deployer.guard.sweep import apply_sweep, plan_sweep
from deployer.ledger import open_ledger
from deployer.policy.document import Budget, Idle, Limits, Match, OverBudget, Policy, PolicySet, Then
from deployer.ports.ledger import Ledger
from deployer.spend.price import PriceBook, Rate
from tests.fakes import HOUR, FakeClock, FakeCloud, FakeNotifier

FAST = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder in memory, where there is one
"""Where ledgers of tests lie: they commit often, and nothing of them must survive."""
HOSTING = Decimal("1.70")
MODEL = "gpt-4.1-mini"
IDLE = Policy(
    name="dev",
    match=Match(provider=("azure",)),
    idle=Idle(after=timedelta(hours=24), warn=timedelta(hours=2), then=Then.UNDEPLOY, grace=timedelta(hours=6)),
)
ENFORCED = PolicySet(mode=Mode.ENFORCE, policies=(IDLE,))


def budgeted(amount: int, **over: object) -> Policy:
    """A policy with a monthly budget that undeploys when it is used up."""
    rule = OverBudget(then=Then.UNDEPLOY, warn=timedelta(hours=1))
    return replace(IDLE, idle=None, budget=Budget(Money.of(amount)), over_budget=replace(rule, **over))  # type: ignore[arg-type]


def policies(*rules: Policy, mode: Mode = Mode.ENFORCE, limits: Limits | None = None) -> PolicySet:
    return PolicySet(mode=mode, policies=rules, limits=limits or Limits())


def book(hosting: Decimal = HOSTING, model: str = MODEL) -> PriceBook:
    """Hosting at a known rate, tokens at a dollar per million."""
    return PriceBook(
        [
            _rate(Meter.HOSTING, model, hosting, Decimal(1)),
            *(
                _rate(meter, model, Decimal(1), Decimal(1_000_000))
                for meter in (Meter.INPUT, Meter.CACHED_INPUT, Meter.OUTPUT)
            ),
        ]
    )


def _rate(meter: Meter, model: str, price: Decimal, per: Decimal) -> Rate:
    start = date(2024, 1, 1)
    return Rate("azure", meter, model, price, per, start, "a made-up price list", start)


@dataclass
class World:
    """One guard, its cloud, its ledger and its clock."""

    home: Path
    policies: PolicySet = ENFORCED
    clock: FakeClock = field(default_factory=FakeClock)
    notifier: FakeNotifier = field(default_factory=FakeNotifier)
    price_book: PriceBook = field(default_factory=book)
    accounts: tuple[str, ...] = ("aoai-dev",)
    verify_seconds: float = 120

    def __post_init__(self) -> None:
        self.cloud = FakeCloud(self.clock, accounts=self.accounts)
        self.ledger: Ledger = open_ledger(f"sqlite:///{self.home}/ledger.sqlite3", clock=self.clock)

    def reopen(self) -> None:
        """As a new process would: nothing is known but what was written down."""
        self.ledger.close()
        self.ledger = open_ledger(f"sqlite:///{self.home}/ledger.sqlite3", clock=self.clock)

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self.ledger.close()

    @property
    def context(self) -> GuardContext:
        return GuardContext(
            providers={"azure": self.cloud},
            ledger=self.ledger,
            book=self.price_book,
            policies=self.policies,
            notifier=self.notifier,
            clock=self.clock,
            verify_seconds=self.verify_seconds,
            locks=self.home / "locks",
        )

    def plan(self) -> Outcome:
        return plan_sweep(self.context)

    def sweep(self) -> Outcome:
        return apply_sweep(self.context)

    def sweep_for(self, hours: int) -> list[Outcome]:
        """A sweep now and after each of so many hours."""
        outcomes = [self.sweep()]
        for _ in range(hours):
            self.clock.advance(HOUR)
            outcomes.append(self.sweep())
        return outcomes

    def forgotten(self, *names: str, hours: int = 30, **facts: object) -> list[Deployment]:
        """Deployments that were made and then not called for so many hours."""
        made = [self.cloud.deploy(name, **facts) for name in names]  # type: ignore[arg-type]
        self.clock.advance(hours * HOUR)
        return made

    def warned(self, *names: str) -> list[Deployment]:
        """Forgotten deployments that were warned about two hours ago: due now."""
        made = self.forgotten(*names)
        self.sweep()
        self.clock.advance(2 * HOUR)
        return made

    def charges(self) -> tuple[Charge, ...]:
        """All that was charged in the last weeks."""
        now = self.clock.now()
        return self.ledger.readings.charges(Period(now - timedelta(days=40), now + HOUR))

    @property
    def standing(self) -> set[str]:
        self.cloud.settle()
        return {one.name for one in self.cloud.standing.values()}

    def phases(self) -> list[list[str]]:
        """The phases of every act, the oldest act first."""
        return [[step.phase.value for step in act.steps] for act in reversed(self.ledger.journal.acts())]


def by_name(outcomes: Iterable[Outcome]) -> Mapping[str, int]:
    """How many acts were done by deployment, over several sweeps."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        for result in outcome.results:
            counts[result.subject] = counts.get(result.subject, 0) + 1
    return counts
