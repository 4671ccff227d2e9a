"""Both clouds of the sandbox behind the ports, one ledger, one clock."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.clock import Clock
from deployer.ports.cloud import Connection
from deployer.providers import azure, openai
from deployer.sandbox.process import Sandbox
from tests.datasets.files import chat, write
from tests.training.world import World


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twenty labelled examples."""
    return write(tmp_path / "train.jsonl", [chat(f"is {n} even?", ("yes", "no")[n % 2]) for n in range(20)])


@pytest.fixture
def world(sandbox: Sandbox, clock: Clock, home: Path, data: Path) -> Iterator[World]:
    connection = Connection(sandbox.env, ca_bundle=sandbox.ca_file)
    opened = {"azure": azure.connect(connection, clock), "openai": openai.connect(connection, clock)}
    made = World(sandbox, clock, home, {name: cloud for name, cloud in opened.items() if cloud is not None}, data)
    yield made
    made.ledger.close()
