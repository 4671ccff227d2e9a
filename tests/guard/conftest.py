"""The guard's worlds, fresh for every test."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.clock import Clock
from deployer.ledger import open_ledger
from deployer.sandbox.process import Sandbox
from tests.fakes import FakeClock
from tests.guard.emulated import Emulated
from tests.guard.world import FAST, World


@pytest.fixture(scope="session")
def empty_ledger() -> Iterator[Path]:
    """A ledger without rows, so that each test need not make its own."""
    with tempfile.TemporaryDirectory(dir=FAST) as folder:
        path = Path(folder) / "ledger.sqlite3"
        open_ledger(f"sqlite:///{path}", clock=FakeClock()).close()
        yield path


@pytest.fixture
def home(empty_ledger: Path) -> Iterator[Path]:
    """A state folder with an empty ledger."""
    with tempfile.TemporaryDirectory(dir=FAST) as folder:
        shutil.copy(empty_ledger, Path(folder) / "ledger.sqlite3")
        yield Path(folder)


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
