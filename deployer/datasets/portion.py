"""Large files in portions, read by several processes at once.

Counting tokens takes nearly all the time and holds the interpreter, so threads would not help.
Processes are forked, which is cheap and safe on Linux; elsewhere a file is one portion.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

T = TypeVar("T")

SMALLEST = 8 * 2**20
"""Bytes below which a process of its own does not pay."""

_MOST = 8
_CHUNK = 2**20


@dataclass(frozen=True)
class Portion:
    """The bytes from `start` to `end` of a file, whole lines only; `line` is the number of the first."""

    start: int
    end: int
    line: int


def portions(path: Path, smallest: int = SMALLEST) -> tuple[Portion, ...]:
    """The file cut at line ends into as many portions as there are processors, fewer for a small file."""
    size = path.stat().st_size
    count = min(os.cpu_count() or 1, _MOST, size // smallest) if sys.platform == "linux" else 1
    if count < 2 or _is_wide(path):
        return (Portion(0, size, 1),)
    return tuple(_cut(path, size, count))


def in_parallel(work: Callable[[Portion], T], parts: tuple[Portion, ...]) -> list[T]:
    """The work on each portion, in their order; `work` must be picklable, and so must its result."""
    if len(parts) == 1:
        return [work(parts[0])]
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(len(parts), mp_context=get_context("fork")) as pool:
        return list(pool.map(work, parts))


def _is_wide(path: Path) -> bool:
    """Whether it is UTF-16, whose line ends are no single bytes."""
    with path.open("rb") as file:
        return file.read(2) in (b"\xff\xfe", b"\xfe\xff")


def _cut(path: Path, size: int, count: int) -> Iterator[Portion]:
    with path.open("rb") as file:
        start, line = 0, 1
        for index in range(1, count + 1):
            file.seek(size * index // count)
            if index < count:
                file.readline()
            end = min(file.tell(), size)
            if end > start:
                yield Portion(start, end, line)
                line += _lines(file, start, end)
                start = end


def _lines(file: BinaryIO, start: int, end: int) -> int:
    """Line ends between two places of the file."""
    file.seek(start)
    count, left = 0, end - start
    while left > 0:
        chunk = file.read(min(_CHUNK, left))
        if not chunk:
            break
        count += chunk.count(b"\n")
        left -= len(chunk)
    return count
