"""A whole query: a table, and operators behind it that each make rows of rows."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from deployer.sandbox.azure.kusto.aggregate import Column, Names, read_columns, read_summary
from deployer.sandbox.azure.kusto.expression import Expression, lookup, read_expression
from deployer.sandbox.azure.kusto.function import as_text, is_true
from deployer.sandbox.azure.kusto.token import InvalidQuery, Reader, unexpected

Record = dict[str, Any]
Rows = list[Record]
Table = Callable[[str], Rows]
"""The rows of a table by its name in lower case. Raises InvalidQuery."""
Operator = Callable[[Rows], Rows]
Step = Callable[[Rows, Table], Rows]
"""An operator that may read other tables."""
Query = Callable[[Table], Rows]


def answer(query: str, table: Table) -> Rows:
    """The rows that a query leaves. Raises InvalidQuery."""
    return _read(query)(table)


@lru_cache(maxsize=64)
def _read(query: str) -> Query:
    """Clients ask the same few questions all the time."""
    reader = Reader(query)
    found = _read_rows(reader)
    if reader.next.kind != "end":
        raise unexpected(reader.next)
    return found


def _read_rows(reader: Reader) -> Query:
    name, steps = reader.word().lower(), []
    while reader.accept("|"):
        steps.append(_read_step(reader))

    def run(table: Table) -> Rows:
        rows = table(name)
        for step in steps:
            rows = step(rows, table)
        return rows

    return run


def _read_step(reader: Reader) -> Step:
    name = reader.joined()
    if name == "join":
        return _read_join(reader)
    if name == "union":
        other = _read_other(reader)
        return lambda rows, table: rows + other(table)
    if name not in OPERATORS:
        raise InvalidQuery("ParserFailure", f"ParserFailure: unknown operator '{name}'")
    operator = OPERATORS[name](reader)
    return lambda rows, _: operator(rows)


def _read_where(reader: Reader) -> Operator:
    condition = read_expression(reader)
    return lambda rows: [row for row in rows if is_true(condition.value(row))]


def _read_project(reader: Reader) -> Operator:
    columns = read_columns(reader)
    return lambda rows: [_computed({}, columns, row) for row in rows]


def _read_extend(reader: Reader) -> Operator:
    columns = read_columns(reader)
    return lambda rows: [_computed(row, columns, row) for row in rows]


def _computed(base: Mapping[str, Any], columns: Iterable[Column], row: Record) -> Record:
    return {**base, **{name: expression.value(row) for name, expression in columns}}


def _read_away(reader: Reader) -> Operator:
    away = _lowered(reader)
    return lambda rows: [{name: value for name, value in row.items() if name.lower() not in away} for row in rows]


def _read_keep(reader: Reader) -> Operator:
    kept = _lowered(reader)
    return lambda rows: [{name: value for name, value in row.items() if name.lower() in kept} for row in rows]


def _read_rename(reader: Reader) -> Operator:
    renamed = {expression.name.lower(): name for name, expression in read_columns(reader)}
    return lambda rows: [{renamed.get(name.lower(), name): value for name, value in row.items()} for row in rows]


def _lowered(reader: Reader) -> set[str]:
    return {name.lower() for name in _names(reader)}


def _names(reader: Reader) -> list[str]:
    found = [reader.word()]
    while reader.accept(","):
        found.append(reader.word())
    return found


def _read_distinct(reader: Reader) -> Operator:
    columns = None if reader.accept("*") else read_columns(reader)

    def run(rows: Rows) -> Rows:
        found: dict[str, Record] = {}
        for row in rows:
            kept = row if columns is None else _computed({}, columns, row)
            found.setdefault(as_text(list(kept.values())), kept)
        return list(found.values())

    return run


def _read_take(reader: Reader) -> Operator:
    number = _count(reader)
    return lambda rows: rows[:number]


def _count(reader: Reader) -> int:
    token = reader.take()
    if token.kind != "number" or not token.value.isdigit():
        raise unexpected(token)
    return int(token.value)


def _read_top(reader: Reader) -> Operator:
    number = _count(reader)
    ordered = _read_sort(reader)
    return lambda rows: ordered(rows)[:number]


def _read_sort(reader: Reader) -> Operator:
    reader.expect("by")
    keys = [_read_key(reader)]
    while reader.accept(","):
        keys.append(_read_key(reader))

    def run(rows: Rows) -> Rows:
        for expression, rising in reversed(keys):
            rows = sorted(rows, key=_ranking(expression), reverse=not rising)
        return rows

    return run


def _read_key(reader: Reader) -> tuple[Expression, bool]:
    """Without a word the largest comes first, as in the language."""
    expression = read_expression(reader)
    rising = reader.accept("asc", "desc") == "asc"
    if reader.accept("nulls"):
        reader.expect("first", "last")
    return expression, rising


def _ranking(expression: Expression) -> Callable[[Record], tuple[bool, bool, Any]]:
    def rank(row: Record) -> tuple[bool, bool, Any]:
        value = expression.value(row)
        number = isinstance(value, int | float)
        return value is not None, number, value if number else as_text(value)

    return rank


def _read_count(reader: Reader) -> Operator:
    return lambda rows: [{"Count": len(rows)}]


def _read_join(reader: Reader) -> Step:
    kind = "innerunique"
    if reader.accept("kind"):
        reader.expect("=")
        kind = reader.word().lower()
    right = _read_other(reader)
    reader.expect("on")
    sides = [_read_side(reader)]
    while reader.accept(","):
        sides.append(_read_side(reader))
    return lambda rows, table: _joined(kind, rows, right(table), sides)


def _read_other(reader: Reader) -> Query:
    if not reader.accept("("):
        name = reader.word().lower()
        return lambda table: table(name)
    found = _read_rows(reader)
    reader.expect(")")
    return found


def _read_side(reader: Reader) -> Names:
    """A column of both, or `$left.a == $right.b`."""
    name = reader.word()
    if name.lower() != "$left":
        return name, name
    reader.expect(".")
    left = reader.word()
    reader.expect("==")
    reader.expect("$right")
    reader.expect(".")
    return left, reader.word()


def _joined(kind: str, rows: Rows, right: Rows, sides: list[Names]) -> Rows:
    if kind not in ("inner", "innerunique", "leftouter"):
        raise InvalidQuery("InvalidJoinKind", f"The join kind '{kind}' is not supported.")
    found: Rows = []
    for row in rows:
        matches = [other for other in right if all(lookup(row, one) == lookup(other, two) for one, two in sides)]
        found += [{**_apart(row, other), **row} for other in matches]
        if not matches and kind == "leftouter":
            empty = dict.fromkeys(right[0]) if right else {}
            found.append({**_apart(row, empty), **row})
    return found


def _apart(row: Record, other: Record) -> Record:
    """The other side's columns; those that both have get a number."""
    return {f"{name}1" if name in row else name: value for name, value in other.items()}


OPERATORS: dict[str, Callable[[Reader], Operator]] = {
    "where": _read_where,
    "filter": _read_where,
    "project": _read_project,
    "project-away": _read_away,
    "project-keep": _read_keep,
    "project-rename": _read_rename,
    "extend": _read_extend,
    "summarize": read_summary,
    "distinct": _read_distinct,
    "sort": _read_sort,
    "order": _read_sort,
    "top": _read_top,
    "take": _read_take,
    "limit": _read_take,
    "count": _read_count,
}
