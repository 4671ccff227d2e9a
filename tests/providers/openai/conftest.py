"""OpenAI as a fresh sandbox serves it, with a model that was trained there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deployer.clock import Clock
from deployer.domain.deployment import Account, Deployment
from deployer.domain.job import Hyperparameters, Job, JobSpec
from deployer.ports.cloud import Provider
from tests.providers.opening import BASE


@pytest.fixture
def account(openai: Provider) -> Account:
    return openai.inventory.observe().accounts[0]


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
