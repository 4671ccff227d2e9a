"""The clouds that must keep the ports' promises: both on the sandbox, one in memory, both real ones on wish.

The real ones are only read: what is written there costs money. They are left out unless asked for by
`pytest -m live`, and skipped, with the reason, without a login in the environment.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from deployer.clock import Clock, SystemClock
from deployer.domain.charge import Bill
from deployer.domain.deployment import Account, Deployment
from deployer.domain.job import JobSpec
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.ports.cloud import Connection, Provider
from deployer.providers import azure, openai
from deployer.sandbox.process import Sandbox
from deployer.settings import load_settings
from tests.contract.stage import BASE, Stage, open_stage
from tests.fakes import TUNED, FakeClock, FakeCloud

MEMORY = "memory"
SANDBOXED = ("azure", "openai", MEMORY)
LIVE = {"live-azure": (azure.connect, "AZURE_SUBSCRIPTION_ID"), "live-openai": (openai.connect, "OPENAI_ADMIN_KEY")}
EVERY = [
    *SANDBOXED,
    *(pytest.param(name, marks=(pytest.mark.live, pytest.mark.enable_socket)) for name in LIVE),
]


@dataclass(frozen=True)
class Cloud:
    """A provider and its time. `furnished`: it is known to hold a used deployment, an ended job and a bill."""

    name: str
    provider: Provider
    clock: Clock
    furnished: bool = True
    close: Callable[[], None] = lambda: None

    def window(self, days: int = 3) -> Period:
        """The last days, in whole hours."""
        end = self.clock.now().replace(minute=0, second=0, microsecond=0)
        return Period(end - timedelta(days=days), end)

    def accounts(self) -> tuple[Account, ...]:
        found = self.provider.inventory.observe().accounts
        return found if found or self.furnished else pytest.skip(f"{self.name} holds no account")

    def deployments(self) -> tuple[Deployment, ...]:
        found = self.provider.inventory.observe().deployments
        return found if found or self.furnished else pytest.skip(f"{self.name} holds no deployment")

    def readable(self) -> list[Account]:
        """The accounts whose own things the credential may read: an OpenAI key speaks for one project."""
        reading = self.provider.inventory.observe()
        found = [account for account in reading.accounts if account.resource_id.lower() not in reading.unread]
        return found if found or self.furnished else pytest.skip(f"{self.name} lets no account be read")

    @property
    def base(self) -> str:
        """A model that can be deployed anywhere."""
        return "gpt-4o-mini"


def open_cloud(name: str, sandbox: Callable[[], Sandbox], folder: Path) -> Cloud:
    if name in LIVE:
        return _live(name, folder)
    return _in_memory() if name == MEMORY else _on_sandbox(open_stage(name, sandbox(), folder))


def _on_sandbox(stage: Stage) -> Cloud:
    return Cloud(stage.cloud, stage.open(), stage.clock, close=stage.close)


def _in_memory() -> Cloud:
    clock = FakeClock()
    cloud = FakeCloud(clock)
    account = next(iter(cloud.accounts.values()))
    cloud.use(cloud.deploy("standing", model=TUNED))
    job = cloud.training.start(account, JobSpec(account.name, BASE, "file-1"))
    clock.advance(timedelta(days=2))
    cloud.jobs_of[account.name] = [replace(job, status="succeeded", finished_at=clock.now(), fine_tuned_model=TUNED)]
    day = clock.now().replace(hour=0) - timedelta(days=1)
    cloud.bills = (Bill(account.name, day, "hosting", Money.of("40.80"), clock.now()),)
    return Cloud(MEMORY, cloud, clock)


def _live(name: str, folder: Path) -> Cloud:
    """With the settings of the environment alone, read as the program reads them; no `.env` is looked for."""
    connect, needed = LIVE[name]
    if not os.environ.get(needed):
        pytest.skip(f"{name}: {needed} is not in the environment")
    clock, settings = SystemClock(), load_settings(os.environ, folder)
    provider = connect(
        Connection(settings.vendor(), ca_bundle=str(settings.ca_bundle or ""), scrub=settings.scrub), clock
    )
    assert provider is not None
    credential = provider.check()[0]
    if not credential.ok:
        pytest.skip(f"{name}: no login ({credential.what} is not well)")
    return Cloud(name, provider, clock, furnished=False)


def is_past(instant: datetime | None, now: datetime) -> bool:
    """Whether it is an aware instant in UTC that has been."""
    return instant is not None and instant.utcoffset() == timedelta(0) and instant <= now
