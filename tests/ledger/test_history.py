"""The history cannot be rewritten."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from deployer.ports import Ledger
from tests.ledger.world import START

TABLES = {
    "sweep": "as_of, complete, accounts, deployments, gaps, unread",
    "sighting": "sweep_id, subject_id, event, document",
    "usage": "sweep_id, subject_id, complete, cause",
    "grain": "subject_id, start, end, as_of",
    "charge": "subject_id, meter, day, start, end, quantity, nano, currency, known, bound, source_id, as_of",
    "bill": "account, day, meter, nano, currency, as_of",
    "act": "kind, subject, instance, who, reason, body, numbers, at",
    "step": "act_id, phase, at, detail",
    "told": "kind, policy, rule, key, instance, episode, reason, numbers, due, at, delivered",
    "protection": "key, protected, who, reason, at",
    "pause": "paused, who, at",
    "outcome": "at, summary",
    "reservation": "policy, period_start, period_end, subject, nano, currency, at, override",
    "settlement": "reservation_id, at, outcome",
    "source": "text",
}


@pytest.mark.parametrize("change", ["UPDATE {table} SET {column} = 2", "DELETE FROM {table}"])
@pytest.mark.parametrize("table", TABLES)
def test_rows_are_never_changed_or_deleted(fresh_file: Path, table: str, change: str) -> None:
    columns = [f'"{name}"' for name in TABLES[table].split(", ")]
    with closing(sqlite3.connect(fresh_file)) as connection:
        connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('1' for _ in columns)})")  # noqa: S608 - names of ours

        with pytest.raises(sqlite3.IntegrityError, match=f"the ledger is append-only: {table}"):
            connection.execute(change.format(table=table, column=columns[-1]))


def test_commits_are_on_the_disk_when_they_return(ledger: Ledger) -> None:
    """`synchronous = FULL` in WAL mode: https://sqlite.org/pragma.html#pragma_synchronous."""
    ledger.decisions.pause(False, "me", START)

    with ledger._store.read() as connection:  # type: ignore[attr-defined]
        modes = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert modes == ["wal", 2, 1]
