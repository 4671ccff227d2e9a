"""Legacy completion models answer through their own endpoint, for as long as they live."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deployer.clock import Clock
from deployer.domain.deployment import Account
from deployer.domain.job import JobSpec
from deployer.errors import NotFound
from deployer.ports.cloud import Provider
from deployer.sandbox.process import Sandbox


@pytest.fixture
def completing(openai: Provider, account: Account, clock: Clock, tmp_path: Path) -> str:
    """The name of a fine-tuned davinci-002."""
    rows = [{"prompt": f"is {n} even? ->", "completion": (" yes", " no")[n % 2]} for n in range(20)]
    data = tmp_path / "pairs.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    spec = JobSpec(account.name, "davinci-002", openai.training.upload(account, data))
    job = openai.training.start(account, spec)
    clock.sleep(7200)
    return openai.training.job(account, job.id).fine_tuned_model


def test_a_fine_tuned_completion_model_answers(openai: Provider, account: Account, completing: str) -> None:
    assert completing.startswith("ft:davinci-002:")
    assert openai.deployments.call(account, completing, "is 4 even? ->") in {"yes", "no"}


def test_after_their_last_day_they_do_not(
    openai: Provider, account: Account, completing: str, sandbox: Sandbox
) -> None:
    sandbox.client.advance(to=datetime(2026, 10, 23, tzinfo=UTC))
    with pytest.raises(NotFound, match="has been deprecated"):
        openai.deployments.call(account, completing, "is 4 even? ->")
