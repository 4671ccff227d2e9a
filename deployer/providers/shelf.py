"""Lists that a cloud seldom changes, kept for a day, so that neither sweeps nor commands ask for them each time.

In memory for a process that stays, and in a folder for those that cron starts every hour. What is kept can
always be thrown away: a file that cannot be read or written is as good as none.
"""

import hashlib
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import msgspec

from deployer.clock import Clock
from deployer.domain.catalog import ModelList

A_DAY = timedelta(days=1)


class Shelf:
    """Model lists by place. Threads that ask for one place at once make one call; places do not wait for each other.

    `origin` is the server that they come from: two servers' lists never answer for each other.
    """

    def __init__(self, clock: Clock, origin: str, folder: Path | None = None, longest: timedelta = A_DAY) -> None:
        self._clock = clock
        self._origin = origin
        self._folder = folder
        self._longest = longest
        self._kept: dict[str, ModelList] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def take(self, place: str, read: Callable[[], ModelList]) -> ModelList:
        """What is kept and young enough, else what `read` gives; its errors pass and are not kept."""
        with self._lock_of(place):
            kept = self._kept.get(place) or self._load(place)
            if kept is None or not self._is_fresh(kept):
                kept = read()
                self._save(place, kept)
            self._kept[place] = kept
            return kept

    def _is_fresh(self, kept: ModelList) -> bool:
        return kept.as_of <= self._clock.now() < kept.as_of + self._longest

    def _lock_of(self, place: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(place, threading.Lock())

    def _load(self, place: str) -> ModelList | None:
        path = self._path(place)
        try:
            return msgspec.json.decode(path.read_bytes(), type=ModelList) if path else None
        except (OSError, ValueError, TypeError):
            return None

    def _save(self, place: str, kept: ModelList) -> None:
        """Whole or not at all, readable by its owner only; without a state folder nothing is written."""
        path = self._path(place)
        if path is None or not path.parent.parent.is_dir():
            return
        draft = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            draft.write_bytes(msgspec.json.encode(kept))
            draft.replace(path)
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def _path(self, place: str) -> Path | None:
        name = hashlib.sha256(f"{self._origin} {place}".encode()).hexdigest()[:24]
        return self._folder / f"models-{name}.json" if self._folder else None
