"""Everything that is true in the sandbox: one world, from which every answer is derived.

A service module offers `routes(world) -> list[Route]` and keeps its own state beside the world;
a reset makes a new world and asks every module for its routes again. What a service learns
about use and training it tells the world (`record_call`, `charge_training`, `publish_model`), and
what it must do when time has passed it registers with `on_time`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from deployer.sandbox.clock import VirtualClock, seconds_of
from deployer.sandbox.cloud import Cloud
from deployer.sandbox.credential import Credentials
from deployer.sandbox.fault import Faults
from deployer.sandbox.limit import Limits
from deployer.sandbox.naming import Naming
from deployer.sandbox.resource import Deployed
from deployer.sandbox.usage import Call, Traffic, Usage


@dataclass(frozen=True)
class TrainingCharge:
    """What one fine-tune job is billed: `meter` is `training` (tokens) or `training-hours`.

    `provider` is `azure` or `openai`; `account` the Azure account or the OpenAI project; `tier` is
    `regional`, `global`, `datazone` or `developer`, on OpenAI `*`.
    """

    provider: str
    account: str
    job: str
    model: str
    quantity: Decimal
    at: datetime
    tier: str = "*"
    meter: str = "training"
    start: datetime | None = None


@dataclass(frozen=True)
class Event:
    """Something that truly happened to a deployment: created, deleted or expired."""

    at: datetime
    event: str
    account: str
    deployment: str


@dataclass
class Settings:
    """How this world behaves where the vendors leave it open.

    `metric_fill`: whether a deployment without traffic is `absent` from split metrics or shows `zero`.
    `arm_limits`: whether Resource Manager throttles as the real one does. `latency`: seconds (of real time) that
    each answer of a vendor's path takes on its way; requests do not wait for each other.
    """

    lro_polls: int = 7
    lro_seconds: float = 60.0
    page_size: int = 100
    list_page_size: int = 10_000  # of OpenAI's lists and reports, and of files and jobs; the vendors' own are smaller
    graph_page_size: int = 1000
    cost_page_size: int = 1000
    price_page_size: int = 100
    metric_latency: float = 180.0
    training_available: bool = True  # whether the OpenAI organisation may still create fine-tunes
    project_keys: bool = False  # whether the OpenAI key speaks for its own project alone, as project keys do
    results_base64: bool = False  # result files sometimes arrive base64-encoded
    metric_fill: str = "absent"
    arm_limits: bool = True
    latency: float = 0.0
    reinforcement_hours: float = 1.5  # how long a reinforcement job trains
    azure_jobs: int = 100  # how many fine-tune jobs and how many files one Azure resource keeps, as Microsoft prints
    azure_files: int = 100
    model_ready_seconds: float = 0.0  # how long a fine-tuned model answers 404 after its job succeeded


@dataclass
class World:
    """The state of the emulated clouds; `base_url` is where the sandbox itself is reached."""

    seed: int
    clock: VirtualClock
    base_url: str
    credentials: Credentials
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        self.naming = Naming(self.seed)
        self.usage = Usage()
        self.events: list[Event] = []
        self.training: list[TrainingCharge] = []
        self.faults = Faults(self.seed)
        self.limits = Limits(self.clock.unstoppable)
        self.cloud = Cloud(self.settings, self.naming, self.usage, self.note)
        self._watchers: list[Callable[[datetime], None]] = [self.cloud.settle]
        self._settled: datetime | None = None

    # --- time ---------------------------------------------------------------------------------

    def now(self) -> datetime:
        return self.clock.now()

    def on_time(self, watcher: Callable[[datetime], None]) -> None:
        """Call `watcher(now)` before the next request whenever time has moved since the last one."""
        self._watchers.append(watcher)

    def settle(self) -> None:
        """Let happen all that is due by now."""
        now = self.now()
        if now != self._settled:
            self._settled = now
            for watcher in self._watchers:
                watcher(now)

    def note(self, event: str, account: str, deployment: str, at: datetime) -> None:
        self.events.append(Event(at, event, account, deployment))

    # --- what services tell -------------------------------------------------------------------

    def record_call(
        self,
        account: str,
        deployment: str,
        at: datetime,
        status: int,
        prompt_tokens: int,
        completion_tokens: int,
        cached_tokens: int = 0,
    ) -> None:
        """One call that a data plane answered; it shows in metrics, usage and invoice."""
        call = Call(seconds_of(at), status, prompt_tokens, completion_tokens, cached_tokens)
        self.usage.open(account, deployment).add_call(call)

    def record_traffic(self, account: str, deployment: str, traffic: Traffic) -> None:
        """Requests that are not really made; future ones count once their time has come."""
        self.usage.open(account, deployment).add_traffic(traffic)

    def charge_training(self, charge: TrainingCharge) -> None:
        """Put a job on the invoice."""
        self.training.append(charge)

    def publish_model(self, account: str, name: str, base_model: str, base_version: str = "") -> None:
        """Make a fine-tuned model deployable in an Azure account."""
        self.cloud.publish_model(account, name, base_model, base_version)

    def announce_model(self, account: str, name: str) -> None:
        """A fine-tuned model of an Azure account that will be published, and until then answers 404."""
        self.cloud.announce_model(account, name)

    # --- what services ask --------------------------------------------------------------------

    def serving(self, account: str, deployment: str) -> Deployed | None:
        """The deployment that answers calls now, or None: the data plane's 404."""
        return self.cloud.serving(account, deployment)
