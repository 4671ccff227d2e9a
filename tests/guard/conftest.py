"""The guard's worlds, fresh for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.clock import Clock
from deployer.sandbox.process import Sandbox
from tests.guard.emulated import Emulated
from tests.guard.world import World


@pytest.fixture
def world(home: Path) -> Iterator[World]:
    """On a cloud in memory."""
    with World(home) as made:
        yield made


@pytest.fixture
def emulated(sandbox: Sandbox, clock: Clock, home: Path) -> Iterator[Emulated]:
    """On the sandbox, through the vendors' SDKs."""
    made = Emulated(sandbox, clock, home)
    yield made
    made.close()
