"""The stage on which every cell of the table plays: both clouds, each with something of everything."""

import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2
from openai import OpenAI

from deployer.domain.deployment import Account, Deployment
from deployer.domain.job import Hyperparameters, Job, JobSpec
from deployer.domain.period import Period
from deployer.ports.cloud import Connection, Provider
from deployer.providers import azure, openai
from deployer.sandbox.client import SandboxClient
from deployer.sandbox.process import Sandbox
from deployer.training.recovery import MARKER
from tests.conftest import BEGINNING
from tests.contract.trouble import HASTE
from tests.datasets.files import chat, write
from tests.sandbox.azure_wire import Wire

BASE = "gpt-4.1-mini-2025-04-14"
STANDING = "standing"
CONNECT = {"azure": azure.connect, "openai": openai.connect}
Secret = Callable[[], str]


class KeptClock:
    """The sandbox's frozen time. It is kept, not asked for, while nobody but the stage moves it.

    `shared`: faults move it too, so that it has to be asked for.
    """

    def __init__(self, client: SandboxClient) -> None:
        self._client = client
        self._now = client.now()
        self.shared = False

    def now(self) -> datetime:
        if self.shared:
            self._now = self._client.now()
        return self._now

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._now = self._client.advance(seconds=seconds)

    def monotonic(self) -> float:
        return self.now().timestamp()


MANY = 10_000


@dataclass
class Stage:
    """One cloud on the sandbox: an account, a deployment that stands, a job that has ended, a data file."""

    cloud: str
    sandbox: Sandbox
    clock: KeptClock
    data: Path
    _opened: dict[tuple[float, int], Provider] = field(default_factory=dict)
    _made: int = 0
    _http: httpx2.Client | None = None

    def open(self, *, timeout: float = 30.0, retries: int = 5, **settings: str) -> Provider:
        """The provider; kept, for what it remembers is no part of a cell, unless a setting is otherwise."""
        if (timeout, retries) in self._opened and not settings:
            return self._opened[timeout, retries]
        options: dict[str, Any] = {"ca_bundle": self.sandbox.ca_file, "timeout": timeout, "retries": retries}
        provider = CONNECT[self.cloud](Connection({**self.sandbox.env, **settings}, **options), self.clock)
        assert provider is not None
        if not settings:
            self._opened[timeout, retries] = provider
        return provider

    def close(self) -> None:
        if self._http is not None:
            self._http.close()

    def hasty(self, *, once: bool) -> Provider:
        return self.open(timeout=HASTE, retries=5 if once else 0)

    @cached_property
    def account(self) -> Account:
        return self.open().inventory.observe().accounts[0]

    @cached_property
    def job(self) -> Job:
        """A job that has ended."""
        provider, job = self.open(), self.start_job()
        while not job.ended:
            self.clock.sleep(1800)
            job = provider.training.job(self.account, job.id)
        assert job.succeeded
        return job

    @cached_property
    def file(self) -> str:
        return self.open().training.upload(self.account, self.data)

    @cached_property
    def standing(self) -> Deployment:
        """What can be called and has been."""
        provider, name = self.open(), self.job.fine_tuned_model
        if self.cloud == "azure":
            self.place(STANDING)
            name = STANDING
        provider.deployments.call(self.account, name, "hello")
        self.clock.sleep(2 * 86_400)
        found = provider.inventory.read(self.account, name)
        assert found is not None
        return found

    @property
    def window(self) -> Period:
        now = self.clock.now().replace(minute=0, second=0, microsecond=0)
        return Period(now - timedelta(days=3), now)

    def spec(self) -> JobSpec:
        return JobSpec(self.account.name, BASE, self.file, suffix="cell", hyperparameters=Hyperparameters(1))

    def start_job(self) -> Job:
        return self.open().training.start(self.account, self.spec())

    def running_job(self) -> Job:
        job = self.start_job()
        for _ in range(20):
            self.clock.sleep(180)
            job = self.open().training.job(self.account, job.id)
            if job.status == "running":
                return job
        raise AssertionError(f"the job is {job.status}")

    def paused_job(self) -> Job:
        return self.open().training.pause(self.account, self.running_job().id)

    def place(self, name: str, **given: Any) -> None:
        """A deployment that somebody else has made."""
        order = {"account": self.account.name, "name": name, "model": "gpt-4o-mini", "sku": "GlobalStandard"}
        self.sandbox.client.create_deployments([{**order, "capacity": 1, **given}])

    @cached_property
    def elder(self) -> str:
        """A deployment that has been used for weeks: a vendor's forecast needs so much history."""
        now, name = self.clock.now(), "elder"
        then = now - timedelta(days=40)
        self.place(name, created_at=then)
        stream = {"account": self.account.name, "deployment": name, "start": then, "end": now, "requests_per_hour": 10}
        self.sandbox.client.traffic([{**stream, "input_tokens": 1000, "output_tokens": 1000}])
        return name

    @cached_property
    def budget(self) -> str:
        """A budget that somebody set in Azure."""
        period = {"startDate": f"{self.clock.now():%Y-%m}-01T00:00:00Z"}
        properties = {"category": "Cost", "amount": 100, "timeGrain": "Monthly", "timePeriod": period}
        path = "/providers/Microsoft.Consumption/budgets/team"
        assert Wire(self.sandbox).arm("PUT", path, {"properties": properties}).status == 201
        return "team"

    def marked_file(self) -> str:
        """The marker in the name of a file that was uploaded for a job that never was."""
        marker = self.new_name()
        self.open().training.upload(self.account, self.data, marker)
        return marker

    def new_name(self) -> str:
        self._made += 1
        return f"made-{self._made}"

    def files(self) -> int:
        """How many training files there really are, as another client sees it."""
        return sum(1 for file in self._other_client.files.list() if file.purpose == "fine-tune")

    def orphans(self) -> list[str]:
        """Training files that a start has uploaded, by their names, and that belong to no job."""
        jobs = self.open().training.jobs(self.account)
        markers = {job.metadata.get(MARKER, "") for job in jobs}
        names = [file.filename for file in self._other_client.files.list() if file.purpose == "fine-tune"]
        marked = [name for name in names if len(name.split(".")) == 3]
        return [name for name in marked if name.split(".")[1] not in markers]

    @cached_property
    def _other_client(self) -> OpenAI:
        env = self.sandbox.env
        http = self._http = httpx2.Client(verify=ssl.create_default_context(cafile=self.sandbox.ca_file))
        if self.cloud == "openai":
            return OpenAI(api_key=env["OPENAI_API_KEY"], base_url=env["OPENAI_BASE_URL"], http_client=http)
        base = env["DEPLOYER_AZURE_OPENAI_URL"].replace("{account}", self.account.name)
        return OpenAI(api_key=self._azure_token(http), base_url=f"{base}/openai/v1/", http_client=http)

    def _azure_token(self, http: httpx2.Client) -> str:
        env = self.sandbox.env
        form = {
            "grant_type": "client_credentials",
            "client_id": env["AZURE_CLIENT_ID"],
            "client_secret": env["AZURE_CLIENT_SECRET"],
            "scope": "https://cognitiveservices.azure.com/.default",
        }
        url = f"{env['AZURE_AUTHORITY_HOST']}/{env['AZURE_TENANT_ID']}/oauth2/v2.0/token"
        return str(json.loads(http.post(url, data=form).content)["access_token"])


def open_stage(cloud: str, sandbox: Sandbox, folder: Path, **settings: Any) -> Stage:
    """A fresh world with its first things in it; operations end after one look, and there is room for all cells."""
    settings |= {"azure_jobs": MANY, "azure_files": MANY}
    sandbox.client.reset(seed=0, start=BEGINNING, frozen=True, lro_polls=1, **settings)
    data = write(folder / "train.jsonl", [chat(f"is {n} even?", ("yes", "no")[n % 2]) for n in range(20)])
    stage = Stage(cloud, sandbox, KeptClock(sandbox.client), data)
    assert stage.standing.name
    return stage
