"""The grader of a reinforcement job, read from a file and checked before anything is sent.

The rules are those of OpenAI's API document (schemas `Grader*`, read 2026-11-20), which Azure shares. Where
documents disagree the service decides: the graders of a `multi` grader are an object by name, since its formula
calls them by their names (a list, as some SDKs type it, is refused by the service).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployer.errors import InvalidFile, InvalidUsage, Problem

_OPERATIONS = ("eq", "ne", "like", "ilike")
_METRICS = (
    "cosine", "fuzzy_match", "bleu", "gleu", "meteor", "rouge_1", "rouge_2", "rouge_3", "rouge_4", "rouge_5", "rouge_l",
)  # fmt: skip
_TEXT: dict[str, tuple[str, ...]] = {
    "string_check": ("name", "input", "reference", "operation"),
    "text_similarity": ("name", "input", "reference", "evaluation_metric"),
    "python": ("name", "source"),
    "score_model": ("name", "model"),
    "label_model": ("name", "model"),
    "multi": ("name", "calculate_output"),
}
"""What each type needs as text."""
_LISTS = {"score_model": ("input",), "label_model": ("input", "labels", "passing_labels")}
_CHOICES = {"operation": _OPERATIONS, "evaluation_metric": _METRICS}
_TEMPLATE = re.compile(r"\{\{\s*([^}]*?)\s*\}\}")
_VARIABLE = re.compile(r"(item|sample)\.([A-Za-z_][A-Za-z0-9_]*)")
_BY_MODEL = ("score_model", "label_model")

Fault = tuple[str, str, str]
"""Where in the grader, what was seen, what was expected."""


@dataclass(frozen=True)
class Grader:
    """A grader as it goes out; `fields` of each example that it reads, `models` that it asks (their tokens cost)."""

    document: Mapping[str, Any]
    fields: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


def load_grader(path: Path) -> Grader:
    """Read a JSON file. Raises InvalidFile with every problem, or InvalidUsage when there is no such file."""
    try:
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise InvalidUsage(f"cannot read the grader {path}: {error.strerror}") from None
    except ValueError as error:
        seen = f"no JSON ({error})" if isinstance(error, json.JSONDecodeError) else "no UTF-8 text"
        raise InvalidFile((Problem(str(path), seen, "a grader as a JSON object"),)) from None
    problems = tuple(
        Problem(f"{path}: {where}" if where else str(path), seen, expected)
        for where, seen, expected in _faults(document, "", inner=False)
    )
    if problems:
        raise InvalidFile(problems, next_step="the vendor's guide to graders shows one of each type")
    return Grader(document, tuple(_fields(document)), tuple(_models(document)))


def _faults(document: Any, where: str, *, inner: bool) -> Iterator[Fault]:
    if not isinstance(document, Mapping):
        yield where, f"{type(document).__name__}", "a grader as a JSON object"
        return
    kind = document.get("type")
    known = [name for name in _TEXT if name != ("multi" if inner else "label_model")]
    if kind not in known:
        yield _join(where, "type"), repr(kind), f"one of {', '.join(known)}"
        return
    yield from _lacking(document, str(kind), where)
    yield from _templates(document, where)
    if kind == "multi":
        yield from _members(document.get("graders"), _join(where, "graders"))


def _lacking(document: Mapping[str, Any], kind: str, where: str) -> Iterator[Fault]:
    for name in _TEXT[kind]:
        value, choices = document.get(name), _CHOICES.get(name)
        if not isinstance(value, str) or not value:
            yield _join(where, name), "nothing" if value is None else repr(value), "text"
        elif choices and value not in choices:
            yield _join(where, name), repr(value), f"one of {', '.join(choices)}"
    for name in _LISTS.get(kind, ()):
        if not isinstance(document.get(name), list) or not document[name]:
            yield _join(where, name), "nothing" if name not in document else repr(document[name])[:40], "a list"


def _members(graders: Any, where: str) -> Iterator[Fault]:
    if not isinstance(graders, Mapping) or not graders or "type" in graders:
        yield where, "a list" if isinstance(graders, list) else "no graders by name", 'an object: {"name": grader, ...}'
        return
    for name, member in graders.items():
        yield from _faults(member, _join(where, name), inner=True)


def _templates(document: Mapping[str, Any], where: str) -> Iterator[Fault]:
    """`{{item.x}}` is a field of the example, `{{sample.x}}` what the model answered; there are no others."""
    if document.get("type") == "multi":
        return
    for text in _texts({name: value for name, value in document.items() if name != "source"}):
        for variable in _TEMPLATE.findall(text):
            if not _VARIABLE.match(variable):
                yield where, f"{{{{{variable}}}}}", "{{item.FIELD}} or {{sample.output_text}}"


def _fields(document: Mapping[str, Any]) -> list[str]:
    """The fields of an example that its templates name; what a script reads is not known."""
    named = [_VARIABLE.match(variable) for text in _texts(document) for variable in _TEMPLATE.findall(text)]
    return list(dict.fromkeys(found[2] for found in named if found and found[1] == "item"))


def _models(document: Mapping[str, Any]) -> list[str]:
    members = document.get("graders")
    each = [document, *(members.values() if isinstance(members, Mapping) else ())]
    return list(dict.fromkeys(str(one["model"]) for one in each if one.get("type") in _BY_MODEL))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
