"""A large file read in portions is the same file."""

from functools import partial
from pathlib import Path

import pytest

from deployer.datasets.portion import Portion, in_parallel, portions
from deployer.datasets.source import read_rows
from tests.datasets.files import good, write


def lines(path: Path, portion: Portion | None) -> list[str]:
    return [row.where for row in read_rows(path, portion)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "train.jsonl", [*good(40), "", "{broken", *good(40)])


@pytest.mark.parametrize("smallest", [1, 50, 700, 10**9])
def test_portions_hold_every_line_once_with_its_number(path: Path, smallest: int) -> None:
    parts = portions(path, smallest)
    assert [where for part in parts for where in lines(path, part)] == lines(path, None)


def test_a_small_file_is_one_portion(path: Path) -> None:
    assert portions(path) == (Portion(0, path.stat().st_size, 1),)


def test_one_long_line_is_one_portion_of_content(tmp_path: Path) -> None:
    path = write(tmp_path / "train.jsonl", [good()[0]])
    assert [where for part in portions(path, 1) for where in lines(path, part)] == [f"{path}:1"]


def test_a_wide_encoding_is_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes("\n".join(["x" * 50] * 50).encode("utf-16"))
    assert len(portions(path, 1)) == 1


def test_processes_work_on_their_portions_in_order(path: Path) -> None:
    parts = (Portion(0, 0, 1), *portions(path, 1))
    found = in_parallel(partial(lines, path), parts)
    assert [where for each in found for where in each] == lines(path, None)
