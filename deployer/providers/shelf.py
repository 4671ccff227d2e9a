"""Lists that a cloud seldom changes, kept for a while, so that a sweep does not ask for them again."""

import threading
from collections.abc import Callable
from datetime import timedelta

from deployer.clock import Clock
from deployer.domain.catalog import ModelList

A_DAY = timedelta(days=1)


class Shelf:
    """Model lists by place. Threads that ask for one place at once make one call; places do not wait for each other."""

    def __init__(self, clock: Clock, longest: timedelta = A_DAY) -> None:
        self._clock = clock
        self._longest = longest
        self._kept: dict[str, ModelList] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def take(self, place: str, read: Callable[[], ModelList]) -> ModelList:
        """What is kept and young enough, else what `read` gives; its errors pass and are not kept."""
        with self._lock_of(place):
            now, kept = self._clock.now(), self._kept.get(place)
            if kept is None or not kept.as_of <= now < kept.as_of + self._longest:
                kept = self._kept[place] = read()
            return kept

    def _lock_of(self, place: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(place, threading.Lock())
