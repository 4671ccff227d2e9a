"""A year of a small team on the sandbox, and the truth about it, kept apart from the guard.

The cast: `steady` is called all day and `office` in working hours, so neither may ever be undeployed;
`failing` gets only errors for twenty days, which is not idleness; `weekly` is used for two hours on Mondays, undeployed
by the guard every Tuesday and restored by a person on the next Monday; every ten days somebody with another
client creates a `trial`, uses it for five hours and forgets it; `outside` is matched by no policy.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from deployer.domain.plan import ActionKind
from deployer.errors import DeployerError
from deployer.guard.context import GuardContext
from deployer.guard.deploy import restore
from deployer.guard.outcome import Outcome
from deployer.guard.sweep import apply_sweep
from deployer.ports.notifier import Message
from deployer.sandbox.client import SandboxClient

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ACCOUNT = "aoai-year"
FAILING = 20 * DAY
TUNED = "gpt-4.1-mini-2025-04-14.ft-{number:032x}-year"
AFTER, WARN, GRACE = timedelta(hours=24), timedelta(hours=2), timedelta(hours=6)
POLICY = """
version: 1
mode: enforce
limits: {max_actions: 5, max_share: 50%, max_actions_per_day: 50}
policies:
  - name: tuned
    match: {fine_tuned: true, deployment: ["steady", "office", "failing", "weekly", "trial-*"]}
    budget: {amount: 100000 USD, period: month}
    alerts: [50%]
    idle: {after: 24h, warn: 2h, then: undeploy, grace: 6h}
"""


class SimulatedClock:
    """The sandbox's frozen time, remembered here so that asking for it costs nothing."""

    def __init__(self, client: SandboxClient) -> None:
        self._client = client
        self._now = client.now()

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._now = self._client.advance(seconds=seconds)

    def to(self, instant: datetime) -> None:
        if instant > self._now:
            self._now = self._client.advance(to=instant)

    def monotonic(self) -> float:
        return self._now.timestamp()


class Listener:
    """A channel that always takes the message; the ledger remembers what was told."""

    def send(self, message: Message, channels: Sequence[str] = ()) -> bool:
        return True


@dataclass
class Counted:
    """What really happened, so that a run in which nothing worked cannot pass."""

    sweeps: int = 0
    failed_sweeps: int = 0
    judged: int = 0
    unknown: int = 0
    restored: int = 0
    restore_failures: int = 0
    warned: dict[str, list[datetime]] = field(default_factory=dict)


@dataclass
class Truth:
    """When each deployment was really called, as (start, end) stretches, by name."""

    used: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=dict)

    def last_use(self, name: str, before: datetime) -> datetime | None:
        """The last instant before `before` at which `name` was called."""
        ends = [min(end, before) for start, end in self.used.get(name, ()) if start < before]
        return max(ends, default=None)


class Year:
    """Plays `days` days, a sweep an hour."""

    def __init__(self, client: SandboxClient, context: GuardContext, clock: SimulatedClock, days: int) -> None:
        self.client = client
        self.context = context
        self.clock = clock
        self.days = days
        self.truth = Truth()
        self.counted = Counted()

    def populate(self) -> None:
        self.client.create_accounts([{"name": ACCOUNT, "region": "eastus2"}])
        self._create("steady", "office", "failing", "weekly", "outside")
        end = START + self.days * DAY
        self._use("steady", [(START, end)], requests_per_hour=6)
        self._use("outside", [(START, START + DAY)], requests_per_hour=2)
        self._use("failing", [(START, START + FAILING)], requests_per_hour=4, status=400)
        mornings = [START + day * DAY + 8 * HOUR for day in range(self.days)]
        self._use("office", [(morning, morning + 10 * HOUR) for morning in mornings], requests_per_hour=20)

    def play(self) -> None:
        for hour in range(self.days * 24):
            self.clock.to(START + hour * HOUR)
            self._people(hour)
            self._sweep()

    def _people(self, hour: int) -> None:
        """What people and their programs do at the beginning of an hour."""
        now = START + hour * HOUR
        if hour % 240 == 9:
            name = f"trial-{hour // 240}"
            self._create(name)
            self._use(name, [(now, now + 5 * HOUR)], requests_per_hour=10)
        if hour % 168 == 0:
            if hour:
                self._restore("weekly")
            self._use("weekly", [(now + HOUR, now + 3 * HOUR)], requests_per_hour=30)

    def _restore(self, name: str) -> None:
        try:
            restore(self.context, f"azure:{ACCOUNT}/{name}", who="a person")
            self.counted.restored += 1
        except DeployerError:
            self.counted.restore_failures += 1

    def _sweep(self) -> None:
        try:
            outcome = apply_sweep(self.context)
        except DeployerError:
            self.counted.failed_sweeps += 1
            return
        self._count(outcome)

    def _count(self, outcome: Outcome) -> None:
        idle = [finding for finding in outcome.plan.findings if finding.rule == "idle"]
        self.counted.sweeps += 1
        self.counted.judged += len(idle)
        self.counted.unknown += sum(finding.state.value == "unknown" for finding in idle)
        for told in outcome.told:
            if told.action.kind is ActionKind.WARN and told.action.target:
                self.counted.warned.setdefault(told.action.target.name, []).append(outcome.plan.as_of)

    def _create(self, *names: str) -> None:
        made = [{"account": ACCOUNT, "name": name, "model": TUNED.format(number=hash_of(name))} for name in names]
        self.client.create_deployments(made)

    def _use(
        self,
        name: str,
        spans: Sequence[tuple[datetime, datetime]],
        *,
        requests_per_hour: int,
        status: int = 200,
    ) -> None:
        self.truth.used.setdefault(name, []).extend(spans)
        tokens = {"requests_per_hour": requests_per_hour, "input_tokens": 200, "output_tokens": 50, "status": status}
        place: dict[str, Any] = {"account": ACCOUNT, "deployment": name}
        self.client.traffic([{**place, "start": start, "end": end, **tokens} for start, end in spans])


def hash_of(name: str) -> int:
    """A number that a name always has."""
    return int.from_bytes(name.encode()[:15])
