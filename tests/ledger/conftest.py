"""A ledger that is closed when the test is over."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.ports.ledger import Ledger
from tests.ledger.world import opened


@pytest.fixture(scope="session")
def fresh_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger without rows, made once: copying it is quicker than migrating."""
    folder = tmp_path_factory.mktemp("fresh")
    opened(folder).close()
    return folder / "ledger.sqlite3"


@pytest.fixture
def ledger(fresh_file: Path, tmp_path: Path) -> Iterator[Ledger]:
    shutil.copy(fresh_file, tmp_path)
    fresh = opened(tmp_path)
    yield fresh
    fresh.close()
