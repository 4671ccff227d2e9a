"""No question that a sweep asks takes longer because the ledger is old."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Insert
from sqlalchemy.dialects import sqlite

from deployer.ledger import charging, decision, metering, reading, register, reservation, sighting, spending
from deployer.ledger.statement import Statement

GROWING = ("charge", "grain", "sighting", "sweep", "usage", "daily", "unpriced", "told", "reservation", "subject")
LISTS = ("ids", "keys", "texts")


def statements() -> Iterator[tuple[str, Statement]]:
    """Every statement of the modules that a sweep runs through."""
    for module in (charging, decision, metering, reading, register, reservation, sighting, spending):
        for name, one in vars(module).items():
            if isinstance(one, Statement) and not isinstance(one.clause, Insert):
                yield f"{module.__name__.rpartition('.')[2]}.{name}", one


@pytest.mark.parametrize("statement", [pytest.param(one, id=name) for name, one in statements()])
def test_statement_reads_growing_tables_by_an_index(fresh_file: Path, statement: Statement) -> None:
    compiled = statement.clause.compile(dialect=sqlite.dialect(paramstyle="named"))  # type: ignore[attr-defined]
    values = {name: '["1"]' if name in LISTS else 1 for name in compiled.params}

    with closing(sqlite3.connect(fresh_file)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {compiled}", values)]

    assert plan
    assert not [step for step in plan if step.startswith(tuple(f"SCAN {table}" for table in GROWING))]
