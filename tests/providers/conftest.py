"""What the tests of both clouds have in common."""

from functools import partial
from pathlib import Path

import pytest

from deployer.clock import Clock
from deployer.ports.cloud import Provider
from deployer.sandbox.process import Sandbox
from tests.datasets.files import even_or_not, write
from tests.providers.opening import Connect, open_provider


@pytest.fixture
def connect_azure(sandbox: Sandbox, clock: Clock) -> Connect:
    return partial(open_provider, "azure", sandbox, clock)


@pytest.fixture
def connect_openai(sandbox: Sandbox, clock: Clock) -> Connect:
    return partial(open_provider, "openai", sandbox, clock)


@pytest.fixture
def azure(connect_azure: Connect) -> Provider:
    return connect_azure()


@pytest.fixture
def openai(connect_openai: Connect) -> Provider:
    return connect_openai()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twenty labelled examples."""
    return write(tmp_path / "train.jsonl", even_or_not())
