"""Opens a ledger: finds the file, checks what it is, upgrades it when it is behind."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deployer.clock import Clock
from deployer.errors import DeployerError, InvalidFile, Problem
from deployer.ledger.file import may_write, open_to_read
from deployer.ports.ledger import Ledger

VERSION = "0001"
"""The newest migration; `tests/ledger` checks that it is."""
KNOWN = frozenset({VERSION})
_COPY = "nothing was changed in it; restore a copy, or point DEPLOYER_DATABASE_URL at another file"

_DISK = "look for room on the disk and for the right to write beside the file; nothing was changed in it"


def open_ledger(url: str, *, clock: Clock, read_only: bool = False) -> Ledger:
    """The ledger at `url` (`sqlite:////path/ledger.sqlite3`), created or upgraded when need be.

    With `read_only`, or where the file may not be written, nothing ever is, and it must exist and be up
    to date. Raises InvalidFile for a file that is damaged or foreign, DeployerError for one that is newer
    than this program, cannot be opened, or is busy for too long.
    """
    path = database_path(url)
    read_only = read_only or not may_write(path)
    version = read_version(path)
    if version is None and read_only:
        raise DeployerError(f"{path}: there is no ledger yet", next_step="run a command that writes one, such as init")
    if version != VERSION and read_only:
        raise DeployerError(
            f"{path}: the ledger has version {version} of the schema, this program needs {VERSION}",
            next_step="open it once with the right to write, so that it is upgraded",
        )
    from deployer.ledger.book import SqlLedger
    from deployer.ledger.store import Store

    store = Store(path, read_only=read_only)
    if version != VERSION:
        from deployer.ledger.upgrade import upgrade

        upgrade(store)
    return SqlLedger(store)


def database_path(url: str) -> Path:
    """The file that a database URL names. Raises InvalidFile; the URL itself may hold a password and is not shown."""
    scheme, rest = urlsplit(url).scheme, url.partition(":///")[2]
    if scheme.partition("+")[0] != "sqlite" or not rest or rest.startswith(":memory:"):
        seen = f"a URL of kind {scheme or 'none'!r}" if scheme != "sqlite" else "a sqlite URL without a file"
        problem = Problem("DEPLOYER_DATABASE_URL", seen, "sqlite:////absolute/path/ledger.sqlite3")
        raise InvalidFile((problem,), next_step="correct the setting, or remove it to use the state folder")
    return Path(unquote(rest.partition("?")[0])).absolute()


def read_version(path: Path) -> str | None:
    """The schema's version; None where there is no ledger yet. Raises DeployerError for what is no ledger of ours."""
    if not path.exists() or (path.is_file() and path.stat().st_size == 0):
        return None
    try:
        version = _stored_version(path)
    except sqlite3.OperationalError as error:  # the disk, a right or another process, not what the file holds
        raise DeployerError(f"{path}: the ledger cannot be opened ({error})", next_step=_DISK) from None
    except sqlite3.Error as error:
        problem = Problem(str(path), f"cannot be read as a ledger ({error})")
        raise InvalidFile((problem,), next_step=_COPY) from None
    if version not in KNOWN:
        raise DeployerError(
            f"{path}: written by a newer version of deployer (schema {version}, known up to {VERSION})",
            next_step="upgrade deployer; nothing was changed",
        )
    return version


def _stored_version(path: Path) -> str | None:
    with closing(open_to_read(path)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not names:
            return None
        if "alembic_version" not in names or "charge" not in names:
            raise sqlite3.DatabaseError("it is a database of something else")
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""
