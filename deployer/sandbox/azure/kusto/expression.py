"""Scalar expressions: read once, asked of every row."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deployer.sandbox.azure.kusto.function import FUNCTIONS, as_text, is_true
from deployer.sandbox.azure.kusto.token import InvalidQuery, Reader, unexpected

Row = Mapping[str, Any]
Value = Callable[[Row], Any]
_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "==": lambda one, other: one == other,
    "=~": lambda one, other: one.lower() == other.lower(),
    "contains": lambda one, other: other.lower() in one.lower(),
    "contains_cs": lambda one, other: other in one,
    "startswith": lambda one, other: one.lower().startswith(other.lower()),
    "endswith": lambda one, other: one.lower().endswith(other.lower()),
    "has": lambda one, other: re.search(rf"(?<![^\W_]){re.escape(other)}(?![^\W_])", one, re.IGNORECASE) is not None,
}
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}
_SUMS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_CONSTANTS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class Expression:
    """`name` is what a column of it is called unless it is told."""

    value: Value
    name: str


def read_expression(reader: Reader) -> Expression:
    left = _read_all(reader)
    while reader.accept("or"):
        left = _either(left, _read_all(reader))
    return left


def lookup(row: Row, name: str) -> Any:
    """A column by its name, in any case; None where there is none."""
    if name in row:
        return row[name]
    return next((value for key, value in row.items() if key.lower() == name.lower()), None)


def _read_all(reader: Reader) -> Expression:
    left = _read_comparison(reader)
    while reader.accept("and"):
        left = _both(left, _read_comparison(reader))
    return left


def _either(one: Expression, other: Expression) -> Expression:
    return Expression(lambda row: is_true(one.value(row)) or is_true(other.value(row)), "")


def _both(one: Expression, other: Expression) -> Expression:
    return Expression(lambda row: is_true(one.value(row)) and is_true(other.value(row)), "")


def _read_comparison(reader: Reader) -> Expression:
    left = _read_sum(reader)
    unlike = reader.accept("!=", "!~")
    if unlike:
        return _negated(_compared({"!=": "==", "!~": "=~"}[unlike], left, _read_sum(reader)))
    refused = bool(reader.accept("!"))
    word = reader.accept(*_COMPARE, *_ORDER, "in", "matches")
    if refused and not word:
        raise unexpected(reader.next)
    found = _read_right(reader, word, left) if word else left
    return _negated(found) if refused else found


def _read_right(reader: Reader, word: str, left: Expression) -> Expression:
    if word == "in":
        return _read_in(reader, left)
    if word == "matches":
        reader.expect("regex")
        return _matching(left, _read_sum(reader))
    right = _read_sum(reader)
    return _ordered(word, left, right) if word in _ORDER else _compared(word, left, right)


def _negated(inner: Expression) -> Expression:
    return Expression(lambda row: not inner.value(row), "")


def _compared(word: str, left: Expression, right: Expression) -> Expression:
    test = _COMPARE[word]
    return Expression(lambda row: test(as_text(left.value(row)), as_text(right.value(row))), "")


def _ordered(word: str, left: Expression, right: Expression) -> Expression:
    test = _ORDER[word]

    def value(row: Row) -> bool:
        one, other = left.value(row), right.value(row)
        if one is None or other is None:
            return False
        return test(one, other) if isinstance(one, int | float) else test(as_text(one), as_text(other))

    return Expression(value, "")


def _matching(left: Expression, right: Expression) -> Expression:
    return Expression(lambda row: re.search(as_text(right.value(row)), as_text(left.value(row))) is not None, "")


def _read_in(reader: Reader, left: Expression) -> Expression:
    spelled = str.lower if reader.accept("~") else str
    members = _read_arguments(reader)

    def value(row: Row) -> bool:
        return spelled(as_text(left.value(row))) in {spelled(as_text(one.value(row))) for one in members}

    return Expression(value, "")


def _read_sum(reader: Reader) -> Expression:
    left = _read_path(reader)
    while sign := reader.accept("+", "-", "*", "/"):
        left = _computed(sign, left, _read_path(reader))
    return left


def _computed(sign: str, left: Expression, right: Expression) -> Expression:
    def value(row: Row) -> Any:
        one, other = left.value(row), right.value(row)
        if one is None or other is None or (sign == "/" and not other):
            return None
        return _SUMS[sign](one, other)

    return Expression(value, "")


def _read_path(reader: Reader) -> Expression:
    found = _read_primary(reader)
    while sign := reader.accept(".", "["):
        if sign == ".":
            found = _member(found, reader.word())
            continue
        key = read_expression(reader)
        reader.expect("]")
        found = _indexed(found, key)
    return found


def _member(owner: Expression, name: str) -> Expression:
    def value(row: Row) -> Any:
        held = owner.value(row)
        return lookup(held, name) if isinstance(held, Mapping) else None

    return Expression(value, f"{owner.name}_{name}")


def _indexed(owner: Expression, key: Expression) -> Expression:
    def value(row: Row) -> Any:
        held, wanted = owner.value(row), key.value(row)
        if isinstance(held, Mapping):
            return lookup(held, as_text(wanted))
        if isinstance(held, Sequence) and not isinstance(held, str) and isinstance(wanted, int):
            return held[wanted] if -len(held) <= wanted < len(held) else None
        return None

    return Expression(value, f"{owner.name}_{as_text(key.value({}))}")


def _read_primary(reader: Reader) -> Expression:
    if reader.accept("("):
        inner = read_expression(reader)
        reader.expect(")")
        return inner
    token = reader.take()
    if token.kind == "text":
        return _constant(token.value)
    if token.kind == "number":
        return _constant(float(token.value) if "." in token.value else int(token.value))
    if token.kind != "word":
        raise unexpected(token)
    if token.value.lower() in _CONSTANTS:
        return _constant(_CONSTANTS[token.value.lower()])
    if reader.next.value == "(":
        return _called(token.value, _read_arguments(reader))
    return Expression(lambda row: lookup(row, token.value), token.value)


def _constant(value: Any) -> Expression:
    return Expression(lambda row: value, "")


def _read_arguments(reader: Reader) -> list[Expression]:
    reader.expect("(")
    arguments: list[Expression] = []
    while not reader.accept(")"):
        arguments.append(read_expression(reader))
        if not reader.accept(","):
            reader.expect(")")
            break
    return arguments


def _called(name: str, arguments: list[Expression]) -> Expression:
    function = FUNCTIONS.get(name.lower())
    if function is None:
        raise InvalidQuery("UnknownFunction", f"Unknown function: '{name}'.")

    def value(row: Row) -> Any:
        try:
            return function(*(one.value(row) for one in arguments))
        except TypeError as error:
            raise InvalidQuery("InvalidFunctionArguments", f"{name}(): wrong arguments.") from error

    return Expression(value, arguments[0].name if len(arguments) == 1 else "")
