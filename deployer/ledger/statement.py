"""Statements in SQLAlchemy Core, compiled once, and run by SQLite's own driver.

Core says what is meant and keeps the names of tables and columns in one place; running a statement
through its `Connection` costs ten times as much as SQLite needs for it, which is too much for a
sweep of a dozen small ones. `Connection` here runs the compiled text and returns named tuples.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain, islice
from typing import Any

from sqlalchemy import ColumnElement, Executable, Insert, Table, bindparam, column, func, insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from deployer.ledger.codec import to_json

Values = Mapping[str, Any]
TOGETHER = 500
"""Rows that one statement appends when there are thousands; SQLite takes at most 32,766 values in one."""
_DIALECT = sqlite.dialect(paramstyle="named")
_POSITIONAL = sqlite.dialect(paramstyle="qmark")


class Statement:
    """One statement; the names of its values are those of the first run."""

    def __init__(self, clause: Executable) -> None:
        self.clause = clause
        self._text = ""
        self._fixed: dict[str, Any] = {}
        self._row: Callable[[Iterable[Any]], Any] | None = None

    def text(self, values: Values) -> str:
        if not self._text:
            self._compile(values)
        return self._text

    def all_values(self, values: Values) -> Values:
        """The caller's values, and those that the statement itself holds."""
        return {**self._fixed, **values} if self._fixed else values

    def rows(self, cursor: sqlite3.Cursor) -> list[Any]:
        """The rows as named tuples."""
        if self._row is None:
            self._row = _row_kind([field[0] for field in cursor.description])
        return [self._row(values) for values in cursor]

    def _compile(self, values: Values) -> None:
        keys = [name for name in values if name in self.clause.table.c] if isinstance(self.clause, Insert) else None
        compiled = self.clause.compile(dialect=_DIALECT, column_keys=keys)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - what a dialect of SQL compiles to
        binds = compiled.binds
        missing = [name for name, bind in binds.items() if bind.required and name not in values]
        if missing:
            raise ValueError(f"a statement needs {', '.join(missing)}: {compiled}")
        self._fixed = {name: bind.effective_value for name, bind in binds.items() if name not in values}
        self._text = str(compiled)


class Rows:
    """New rows of a table as plain tuples in the order of `columns`, for tables that a sweep fills by thousands."""

    def __init__(self, table: Table, columns: Sequence[str]) -> None:
        self._table = table
        self._columns = tuple(columns)

    @cached_property
    def text(self) -> str:
        compiled = insert(self._table).compile(dialect=_POSITIONAL, column_keys=list(self._columns))
        if tuple(compiled.positiontup or ()) != self._columns:
            raise ValueError(f"columns of {self._table} in their order are {compiled.positiontup}")
        return str(compiled)

    @cached_property
    def many(self) -> str:
        """`TOGETHER` rows by one statement: SQLite prepares what an index asks of its rows once for all of them."""
        return self.text + f", ({', '.join('?' * len(self._columns))})" * (TOGETHER - 1)


def _row_kind(names: Sequence[str]) -> Callable[[Iterable[Any]], Any]:
    """What makes a named tuple of a row; a column without a proper name is reached by its position."""
    kind: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc] # known only when it is run
    return kind._make


class Connection:
    """A transaction on the ledger's file."""

    def __init__(self, driver: sqlite3.Connection) -> None:
        self._driver = driver

    def rows(self, statement: Statement, values: Values | None = None) -> list[Any]:
        return statement.rows(self._run(statement, values or {}))

    def first(self, statement: Statement, values: Values | None = None) -> Any:
        """The first row, None when there is none."""
        return next(iter(self.rows(statement, values)), None)

    def change(self, statement: Statement, values: Values) -> int:
        """How many rows it changed."""
        return self._run(statement, values).rowcount

    def append(self, statement: Statement, values: Values) -> int:
        """The number of the new row."""
        return self._run(statement, values).lastrowid or 0

    def for_each(self, statement: Statement, values: Sequence[Values]) -> None:
        """Run it once for each; nothing to do when there are none."""
        if values:
            text = statement.text(values[0])
            self._driver.executemany(text, [statement.all_values(one) for one in values])

    def append_all(self, rows: Rows, values: Iterable[tuple[Any, ...]]) -> None:
        """Append these rows; they are never all in memory at once."""
        left = iter(values)
        while len(some := list(islice(left, TOGETHER))) == TOGETHER:
            self._driver.execute(rows.many, list(chain.from_iterable(some)))
        self._driver.executemany(rows.text, some)

    def _run(self, statement: Statement, values: Values) -> sqlite3.Cursor:
        text = statement.text(values)
        return self._driver.execute(text, statement.all_values(values))


def among(what: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether a column's value is in a list that is given as JSON (see `listed`): any length, one text."""
    values = func.json_each(bindparam(name)).table_valued(column("value"))
    return what.in_(select(values.c.value))


def listed(values: Iterable[Any]) -> str:
    return to_json(list(values))
