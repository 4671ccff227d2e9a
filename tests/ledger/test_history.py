"""The history cannot be rewritten."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from deployer.ledger.statement import Statement
from deployer.ledger.store import Store

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


@pytest.mark.parametrize(("lasting", "level"), [(True, 2), (False, 1)])
def test_a_lasting_transaction_is_on_the_disk_when_it_returns(fresh_file: Path, lasting: bool, level: int) -> None:
    """2 is FULL, 1 is NORMAL: https://sqlite.org/pragma.html#pragma_synchronous."""
    store = Store(fresh_file, read_only=False)

    with store.write(lasting=lasting) as connection:
        modes = [
            connection.first(Statement(text(f"PRAGMA {name}")))[0]
            for name in ("synchronous", "journal_mode", "foreign_keys")
        ]

    assert modes == [level, "wal", 1]
    store.close()


def test_what_fails_half_way_never_happened(fresh_file: Path) -> None:
    store = Store(fresh_file, read_only=False)

    with pytest.raises(RuntimeError, match="half way"):
        _fail_half_way(store)

    with store.read() as connection:
        assert connection.rows(Statement(text("SELECT * FROM pause"))) == []
    store.close()


def _fail_half_way(store: Store) -> None:
    with store.write() as connection:
        connection.append(Statement(text("INSERT INTO pause VALUES (1, 1, 'me', 1)")), {})
        raise RuntimeError("half way")


def test_statement_that_lacks_a_value_is_not_run(fresh_file: Path) -> None:
    store = Store(fresh_file, read_only=False)
    lacking = Statement(text("SELECT :number"))

    with pytest.raises(ValueError, match="a statement needs number"), store.read() as connection:
        connection.rows(lacking)
    store.close()
