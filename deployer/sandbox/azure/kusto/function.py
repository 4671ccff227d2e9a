"""The scalar functions of the query language that inventories use."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any


def as_text(value: Any) -> str:
    """How a value compares and prints as text: nothing is empty, truth is lower case, bags are JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict | list) else str(value)


def is_true(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _number(value: Any) -> int | float | None:
    try:
        found = float(as_text(value))
    except ValueError:
        return None
    return int(found) if found.is_integer() else found


def _first(*values: Any) -> Any:
    return next((value for value in values if value not in (None, "")), None)


def _case(*values: Any) -> Any:
    for test, value in zip(values[:-1:2], values[1::2], strict=False):
        if is_true(test):
            return value
    return values[-1]


def _json(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _extract(pattern: str, group: int, text: Any) -> str:
    found = re.search(pattern, as_text(text))
    return found[group] if found else ""


def _substring(text: Any, start: int, length: int | None = None) -> str:
    return as_text(text)[start:] if length is None else as_text(text)[start : start + length]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "array_length": lambda value: len(value) if isinstance(value, list) else None,
    "bag_keys": lambda value: list(value) if isinstance(value, Mapping) else None,
    "case": _case,
    "coalesce": _first,
    "extract": _extract,
    "iff": lambda test, one, other: one if is_true(test) else other,
    "iif": lambda test, one, other: one if is_true(test) else other,
    "isempty": lambda value: value in (None, ""),
    "isnotempty": lambda value: value not in (None, ""),
    "isnotnull": lambda value: value is not None,
    "isnull": lambda value: value is None,
    "not": lambda value: not is_true(value),
    "parse_json": _json,
    "split": lambda text, mark: as_text(text).split(mark),
    "strcat": lambda *values: "".join(map(as_text, values)),
    "strlen": lambda text: len(as_text(text)),
    "substring": _substring,
    "todynamic": _json,
    "toint": _number,
    "tolong": _number,
    "tolower": lambda text: as_text(text).lower(),
    "toreal": _number,
    "tostring": as_text,
    "toupper": lambda text: as_text(text).upper(),
}
