"""Connections and transactions on the ledger's file, and their errors in words.

SQLite in WAL mode. Writers take the lock when they begin (`BEGIN IMMEDIATE`), so what they read
cannot change before they write; a second writer waits. A commit that returned survives the end of the
process, however it ends. It survives a power cut too (`synchronous = FULL`), except where the caller
says that the loss of the last moments would be made good by itself (`lasting=False`): what a sweep
observed and accrued is observed and accrued again by the next one, from the same starting point.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deployer.errors import DeployerError, InvalidFile, Problem, ReadOnlyLedger
from deployer.ledger.file import BUSY_SECONDS, open_to_read, open_to_write
from deployer.ledger.statement import Connection


class Store:
    """One ledger file. Safe to share between threads; each transaction has its own connection."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        if not read_only:
            _make_folder(path)
        self._idle: list[sqlite3.Connection] = []

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view of the ledger, for the length of the block."""
        with self.explained(), self._driver() as driver:
            driver.execute("BEGIN")
            yield Connection(driver)

    @contextmanager
    def write(self, *, lasting: bool = True) -> Iterator[Connection]:
        """One transaction: all of the block is written when it ends, or nothing of it happened."""
        if self.read_only:
            raise self._refusal()
        with self.explained(), self._driver() as driver:
            driver.execute(f"PRAGMA synchronous = {'FULL' if lasting else 'NORMAL'}")
            driver.execute("BEGIN IMMEDIATE")
            yield Connection(driver)
            driver.execute("COMMIT")

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _driver(self) -> Iterator[sqlite3.Connection]:
        """A connection for this block alone; what the block did not commit is rolled back."""
        try:
            driver = self._idle.pop()
        except IndexError:
            driver = open_to_read(self.path) if self.read_only else open_to_write(self.path)
        try:
            yield driver
        finally:
            if driver.in_transaction:
                driver.execute("ROLLBACK")
            self._idle.append(driver)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Errors of the driver, in words for people."""
        try:
            yield
        except sqlite3.IntegrityError:
            raise  # a defect of ours, not something for people to mend
        except sqlite3.Error as error:
            raise self._in_words(str(error)) from None

    def _in_words(self, cause: str) -> DeployerError:
        if "readonly" in cause:
            return self._refusal()
        if "locked" in cause or "busy" in cause:
            return DeployerError(
                f"{self.path}: another process has kept the ledger busy for {BUSY_SECONDS} s",
                next_step="look for a second deployer that hangs, then run this again",
            )
        if "malformed" in cause or "not a database" in cause:
            problem = Problem(str(self.path), f"the ledger is damaged ({cause})")
            return InvalidFile((problem,), next_step="restore a copy of the file")
        if "full" in cause or "disk I/O" in cause:
            step = "make room on the disk and run this again: what was left open is finished then"
            return DeployerError(f"{self.path}: the ledger cannot be written ({cause})", next_step=step)
        return DeployerError(f"{self.path}: the ledger cannot be used ({cause})", next_step="check the disk and rights")

    def _refusal(self) -> ReadOnlyLedger:
        return ReadOnlyLedger(f"{self.path}: the ledger may only be read", next_step="give the right to write to it")


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DeployerError(
            f"{path.parent}: cannot be made ({error.strerror})", next_step="set DEPLOYER_HOME to a folder of yours"
        ) from None
