"""How long a call may take, with all its repetitions and pages.

A deadline holds for everything that is called within it, also in other threads that it was
handed to, and an inner one can only be shorter. It is kept beside the calls and not passed through
them, because the vendors' SDKs stand between the two ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from deployer.clock import Clock

T = TypeVar("T")
R = TypeVar("R")

CALL = 300.0
"""Seconds for one call with its repetitions, or one list with its pages."""
OBSERVATION = 900.0
"""Seconds for one look at everything: what is not read by then is a gap."""

_End = tuple[Clock, float]
_end: ContextVar[_End | None] = ContextVar("deadline", default=None)


@contextmanager
def deadline(clock: Clock, seconds: float) -> Iterator[float]:
    """Whatever is called within ends `seconds` from now at the latest; yields the seconds that are really left."""
    now, outer = clock.monotonic(), _end.get()
    ends = now + seconds if outer is None else min(now + seconds, outer[1])
    token = _end.set((clock, ends))
    try:
        yield ends - now
    finally:
        _end.reset(token)


def left() -> float:
    """Seconds until the deadline that holds here; without end where none does."""
    end = _end.get()
    return math.inf if end is None else end[1] - end[0].monotonic()


def handed_on(work: Callable[[T], R]) -> Callable[[T], R]:
    """`work` for other threads, under the deadline that holds here."""
    end = _end.get()

    def run(item: T) -> R:
        token = _end.set(end)
        try:
            return work(item)
        finally:
            _end.reset(token)

    return run
