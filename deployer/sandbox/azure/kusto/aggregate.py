"""`summarize`: rows into groups, groups into numbers; and how columns are named."""

from collections.abc import Callable
from typing import Any

from deployer.sandbox.azure.kusto.expression import Expression, read_expression
from deployer.sandbox.azure.kusto.function import as_text, is_true
from deployer.sandbox.azure.kusto.token import InvalidQuery, Reader

Column = tuple[str, Expression]
Names = tuple[str, str]
Aggregate = Callable[[list[Any]], Any]


def _numbers(values: list[Any]) -> list[float]:
    return [value for value in values if isinstance(value, int | float)]


def _distinct(values: list[Any]) -> list[Any]:
    return list({as_text(value): value for value in values if value is not None}.values())


def _ordered(values: list[Any]) -> list[Any]:
    """Smallest first: numbers where there are some, else texts."""
    return sorted(_numbers(values)) or sorted(map(as_text, values))


AGGREGATES: dict[str, Aggregate] = {
    "any": lambda values: values[0] if values else None,
    "avg": lambda values: sum(_numbers(values)) / len(_numbers(values)) if _numbers(values) else None,
    "count": len,
    "countif": lambda values: sum(map(is_true, values)),
    "dcount": lambda values: len(_distinct(values)),
    "make_list": lambda values: [value for value in values if value is not None],
    "make_set": _distinct,
    "max": lambda values: next(reversed(_ordered(values)), None),
    "min": lambda values: next(iter(_ordered(values)), None),
    "sum": lambda values: sum(_numbers(values)),
    "take_any": lambda values: values[0] if values else None,
}


def read_columns(reader: Reader) -> list[Column]:
    """`expression` or `name = expression`, by commas."""
    columns: list[Column] = []
    while not columns or reader.accept(","):
        name, expression = reader.name(), read_expression(reader)
        columns.append((name or expression.name or f"Column{len(columns) + 1}", expression))
    return columns


def read_summary(reader: Reader) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    aggregates = [] if reader.next.value.lower() == "by" else _read_aggregates(reader)
    keys = read_columns(reader) if reader.accept("by") else []

    def run(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        groups: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {}
        for row in rows:
            key = {name: expression.value(row) for name, expression in keys}
            groups.setdefault(as_text(list(key.values())), (key, []))[1].append(row)
        if not keys and not groups:
            groups[""] = ({}, [])
        return [{**key, **{name: compute(held) for name, compute in aggregates}} for key, held in groups.values()]

    return run


def _read_aggregates(reader: Reader) -> list[tuple[str, Callable[[list[dict[str, Any]]], Any]]]:
    found = [_read_aggregate(reader)]
    while reader.accept(","):
        found.append(_read_aggregate(reader))
    return found


def _read_aggregate(reader: Reader) -> tuple[str, Callable[[list[dict[str, Any]]], Any]]:
    name, word = reader.name(), reader.word().lower()
    aggregate = AGGREGATES.get(word)
    if aggregate is None:
        raise InvalidQuery("UnknownFunction", f"Unknown function: '{word}'.")
    reader.expect("(")
    of = None if reader.next.value == ")" or reader.accept("*") else read_expression(reader)
    reader.expect(")")

    def compute(rows: list[dict[str, Any]]) -> Any:
        return aggregate([of.value(row) if of else row for row in rows])

    return name or f"{word}_{of.name if of else ''}", compute
