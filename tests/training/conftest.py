"""Both clouds of the sandbox behind the ports, one ledger, one clock."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.clock import Clock
from deployer.sandbox.process import Sandbox
from tests.datasets.files import even_or_not, write
from tests.providers.opening import open_provider
from tests.training.world import World


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twenty labelled examples."""
    return write(tmp_path / "train.jsonl", even_or_not())


@pytest.fixture
def world(sandbox: Sandbox, clock: Clock, home: Path, data: Path) -> Iterator[World]:
    opened = {cloud: open_provider(cloud, sandbox, clock) for cloud in ("azure", "openai")}
    made = World(sandbox, clock, home, opened, data)
    yield made
    made.ledger.close()
