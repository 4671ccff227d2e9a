"""One at a time: a lock file on this machine, a lease in the ledger between machines.

A lease alone would make the next start wait after a crash; a lock file alone would not be seen
by another machine. The kernel gives the file back when its process dies, and the lease names the
machine, so that the next process here takes it over at once.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deployer.guard.context import GuardContext


@dataclass(frozen=True)
class Hold:
    """A lock that is held; `renew` before long work, false when it was lost."""

    context: GuardContext
    name: str

    def renew(self) -> bool:
        context = self.context
        return context.ledger.lease(self.name, context.holder, context.clock.now(), context.lease_seconds)


@contextmanager
def exclusive(context: GuardContext, name: str) -> Iterator[Hold | None]:
    """Hold `name` for a while; None when somebody else has it."""
    with _file_lock(context.locks, name) as free:
        hold = Hold(context, name)
        if not free or not hold.renew():
            yield None
            return
        try:
            yield hold
        finally:
            context.ledger.release(name, context.holder)


@contextmanager
def _file_lock(folder: Path | None, name: str) -> Iterator[bool]:
    """True while this process alone has the file; without a folder, or on a system without flock, always true."""
    try:
        import fcntl
    except ImportError:  # not a POSIX system: the lease alone decides
        folder = None
    if folder is None:
        yield True
        return
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.lock", "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
