"""The guard's world, fresh for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guard.world import World


@pytest.fixture
def world(home: Path) -> Iterator[World]:
    with World(home) as made:
        yield made
