"""The ledger's file, by the standard library alone: whether it may be written, and how it is opened."""

import os
import sqlite3
from pathlib import Path

BUSY_SECONDS = 30
"""How long one process waits for another that is writing."""

_SWITCHES = 100


def may_write(path: Path) -> bool:
    """Whether the file can be changed: SQLite also needs its folder, for the log beside it."""
    effective = os.access in os.supports_effective_ids
    places = (path, path.parent) if path.exists() else ()
    return all(os.access(place, os.W_OK, effective_ids=effective) for place in places)


def open_to_write(path: Path) -> sqlite3.Connection:
    """A connection for transactions that are on the disk once they are committed."""
    connection = _connect(f"{path.as_uri()}?mode=rwc")
    try:
        _keep_a_log(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return _prepared(connection, "PRAGMA synchronous = FULL")


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing.

    WAL needs a file for shared memory beside the ledger. Where none can be made and no log is there,
    nobody is writing, so the file itself is the whole ledger and is read as it is.
    """
    try:
        return _checked(_connect(f"{path.as_uri()}?mode=ro"))
    except sqlite3.OperationalError:
        if not path.is_file() or path.with_name(path.name + "-wal").exists():
            raise
        return _checked(_connect(f"{path.as_uri()}?immutable=1"))


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Switch to WAL. SQLite does not wait for another process that is switching the same fresh file: we do."""
    for _ in range(_SWITCHES):
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
        connection.execute("BEGIN IMMEDIATE")  # this waits until the other one is done
        connection.execute("ROLLBACK")
    raise sqlite3.OperationalError("database is locked")


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)


def _checked(connection: sqlite3.Connection) -> sqlite3.Connection:
    return _prepared(connection, "PRAGMA query_only = ON", "SELECT count(*) FROM sqlite_master")


def _prepared(connection: sqlite3.Connection, *statements: str) -> sqlite3.Connection:
    try:
        for statement in ("PRAGMA foreign_keys = ON", *statements):
            connection.execute(statement).fetchall()
    except sqlite3.Error:
        connection.close()
        raise
    return connection
