"""OpenAI as the sandbox serves it, through the real SDK."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployer.clock import Clock
from deployer.domain.deployment import Account, Deployment
from deployer.domain.job import Hyperparameters, Job, JobSpec
from deployer.ports.cloud import Connection, Provider
from deployer.providers.openai import connect
from deployer.sandbox.process import Sandbox
from tests.datasets.files import chat, write

BASE = "gpt-4.1-mini-2025-04-14"
Connect = Callable[..., Provider]


@pytest.fixture
def connect_openai(sandbox: Sandbox, clock: Clock) -> Connect:
    """`connect_openai(retries=1, OPENAI_API_KEY="wrong")`: a provider with some things otherwise; "" unsets."""

    def open_provider(retries: int = 5, scrub: Callable[[str], str] = str, **settings: str) -> Provider:
        options: dict[str, Any] = {"ca_bundle": sandbox.ca_file, "retries": retries, "scrub": scrub}
        provider = connect(Connection({**sandbox.env, **settings}, **options), clock)
        assert provider is not None
        return provider

    return open_provider


@pytest.fixture
def openai(connect_openai: Connect) -> Provider:
    return connect_openai()


@pytest.fixture
def account(openai: Provider) -> Account:
    return openai.inventory.observe().accounts[0]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twenty labelled examples."""
    return write(tmp_path / "train.jsonl", [chat(f"is {n} even?", ("yes", "no")[n % 2]) for n in range(20)])


@pytest.fixture
def train(openai: Provider, account: Account, data: Path, clock: Clock) -> Callable[[], Job]:
    """Train to the end and return the job."""

    def run() -> Job:
        file_id = openai.training.upload(account, data)
        job = openai.training.start(
            account, JobSpec(account.name, BASE, file_id, suffix="even", hyperparameters=Hyperparameters(3))
        )
        while not openai.training.job(account, job.id).ended:
            clock.sleep(600)
        return openai.training.job(account, job.id)

    return run


@pytest.fixture
def tuned(openai: Provider, train: Callable[[], Job]) -> Deployment:
    """The deployment of a model that was just trained."""
    job = train()
    return next(each for each in openai.inventory.observe().deployments if each.name == job.fine_tuned_model)
