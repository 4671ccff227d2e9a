"""A guard on the real sandbox, through the vendors' SDKs and the shipped price book."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from deployer import pricebook
from deployer.clock import Clock
from deployer.guard.context import GuardContext
from deployer.guard.outcome import Outcome
from deployer.guard.sweep import apply_sweep
from deployer.ledger import open_ledger
from deployer.policy.document import PolicySet
from deployer.ports.cloud import Connection, Provider
from deployer.ports.ledger import Ledger
from deployer.providers.azure import connect
from deployer.sandbox.client import SandboxClient
from deployer.sandbox.process import Sandbox
from tests.fakes import TUNED, FakeNotifier
from tests.guard.world import ENFORCED

DEV, PROD = "aoai-dev-eastus2", "aoai-prod-swedencentral"


@dataclass
class Emulated:
    """One guard that knows only what the vendors' wire protocols tell it."""

    sandbox: Sandbox
    clock: Clock
    home: Path
    policies: PolicySet = ENFORCED
    notifier: FakeNotifier = field(default_factory=FakeNotifier)

    def __post_init__(self) -> None:
        self.ledger: Ledger = open_ledger(f"sqlite:///{self.home}/ledger.sqlite3", clock=self.clock)
        self.provider: Provider = self._connected()
        self.book = pricebook.load()

    def close(self) -> None:
        self.ledger.close()

    @property
    def client(self) -> SandboxClient:
        return self.sandbox.client

    @property
    def context(self) -> GuardContext:
        return GuardContext(
            providers={"azure": self.provider},
            ledger=self.ledger,
            book=self.book,
            policies=self.policies,
            notifier=self.notifier,
            clock=self.clock,
            locks=self.home / "locks",
        )

    def sweep(self) -> Outcome:
        return apply_sweep(self.context)

    def deploy(self, *names: str, account: str = DEV, **facts: Any) -> None:
        """Deployments as any other client would have made them."""
        self.client.create_deployments([{"account": account, "name": name, "model": TUNED, **facts} for name in names])

    def use(self, name: str, hours: float, account: str = DEV) -> None:
        """Steady calls of a deployment for so many hours from now."""
        now = self.clock.now()
        stream = {
            "account": account,
            "deployment": name,
            "start": now.isoformat(),
            "end": (now + timedelta(hours=hours)).isoformat(),
            "requests_per_hour": 6,
            "input_tokens": 100,
            "output_tokens": 50,
        }
        self.client.traffic([stream])

    def advance(self, hours: float) -> datetime:
        return self.client.advance(seconds=hours * 3600)

    def due(self, *names: str) -> None:
        """Deployments that were forgotten and warned about, beside one that is called: due now."""
        self.deploy(*names, "busy")
        self.use("busy", 100)
        self.advance(30)
        self.sweep()
        self.advance(2.5)

    def deleted(self) -> list[str]:
        """The truth: what was really deleted."""
        events: Sequence[dict[str, Any]] = self.client.deployment_events()
        return [event["deployment"] for event in events if event["event"] == "deleted"]

    def asked(self, operation: str) -> int:
        """How often the clouds were asked for this, so that a test can prove that something was looked at."""
        return int(self.client.requests()["by_operation"].get(operation, 0))

    def _connected(self) -> Provider:
        connection = Connection(self.sandbox.env, ca_bundle=self.sandbox.env["DEPLOYER_CA_BUNDLE"])
        provider = connect(connection, self.clock)
        if provider is None:
            raise AssertionError("the sandbox's settings configure Azure")
        return provider
