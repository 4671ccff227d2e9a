"""One recorded exchange held against the vendor's document, both ways."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from tests.vendor.document import OPENAI, Operation, Parameter, error_schema
from tests.vendor.shape import Problem, problems, read_only

_PART = re.compile(rb'content-disposition:[^\r\n]*?\bname="([^"]+)"', re.IGNORECASE)
_NUMBERS: Mapping[str, Callable[[str], Any]] = {"integer": int, "number": float}


@dataclass(frozen=True)
class Exchange:
    """What the sandbox recorded of one request and its answer."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: str
    status: int
    answer_headers: Mapping[str, str]
    answer: str
    operation: str


@dataclass(frozen=True)
class Finding:
    """One thing that a document has against an exchange; `side` is `request` or `answer`."""

    operation: str
    side: str
    at: str
    why: str

    def __str__(self) -> str:
        return f"{self.operation} {self.side} {self.at}: {self.why}"


def check_request(exchange: Exchange, operation: Operation) -> set[Finding]:
    found = [*_query(exchange, operation), *_headers(exchange, operation), *_body(exchange, operation)]
    return {Finding(operation.name, "request", at, why) for at, why in found}


def check_answer(exchange: Exchange, operation: Operation) -> set[Finding]:
    return {Finding(operation.name, "answer", at, why) for at, why in _answer(exchange, operation)}


# --- requests ---------------------------------------------------------------------------------


def _query(exchange: Exchange, operation: Operation) -> Iterator[Problem]:
    # Azure compares parameter names without case.
    spelled = str if operation.document == OPENAI else str.lower
    known = {spelled(item.name.removesuffix("[]")): item for item in operation.parameters if item.place == "query"}
    sent: dict[str, list[str]] = {}
    for name, value in parse_qsl(exchange.query, keep_blank_values=True):
        sent.setdefault(spelled(name.removesuffix("[]")), []).append(value)
    for name, values in sent.items():
        if name not in known:
            yield f"query.{name}", "the document does not list it"
        else:
            yield from _parameter(f"query.{name}", known[name], values, operation)
    for name, item in known.items():
        if item.required and name not in sent:
            yield f"query.{name}", "it is required"


def _headers(exchange: Exchange, operation: Operation) -> Iterator[Problem]:
    for item in operation.parameters:
        if item.place == "header" and item.required and item.name.lower() not in exchange.headers:
            yield f"header.{item.name}", "it is required"


def _parameter(at: str, item: Parameter, values: list[str], operation: Operation) -> Iterator[Problem]:
    schema = item.schema.followed()
    kind = schema.content.get("type")
    value: Any = values[-1]
    if kind == "array":
        member = schema.at("items").content.get("type")
        value = [_typed(part, member) for text in values for part in text.split(",")]
    bare = {key: word for key, word in schema.content.items() if key not in ("name", "in", "required", "default")}
    for _, why in problems(value if kind == "array" else _typed(value, kind), schema.part(bare), operation):
        yield at, why


def _typed(text: str, kind: Any) -> Any:
    """A query's text as the type that the document wants, or as it is where it is none."""
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    try:
        return _NUMBERS[kind](text) if kind in _NUMBERS else text
    except ValueError:
        return text


def _body(exchange: Exchange, operation: Operation) -> Iterator[Problem]:
    kind = exchange.headers.get("content-type", "").partition(";")[0]
    if kind == "multipart/form-data":
        yield from _form(exchange, operation)
    elif not exchange.body:
        if operation.body_required:
            yield "body", "it is required"
    elif not operation.bodies:
        if json.loads(exchange.body):
            yield "body", "the document knows none"
    elif kind not in operation.bodies:
        yield "header.content-type", f"{kind!r} is none of {', '.join(operation.bodies)}"
    else:
        content, schema = json.loads(exchange.body), operation.bodies[kind]
        found = [*problems(content, schema, operation), *read_only(content, schema)]
        yield from ((f"body.{at}".rstrip("."), why) for at, why in found)


def _form(exchange: Exchange, operation: Operation) -> Iterator[Problem]:
    # An object's fields are written `name[field]`.
    sent = {name.decode().partition("[")[0] for name in _PART.findall(exchange.body.encode())}
    schema = operation.bodies.get("multipart/form-data")
    if schema:
        known, required = set(schema.content["properties"]), set(schema.content.get("required", ()))
    else:
        fields = [item for item in operation.parameters if item.place == "formData"]
        known, required = {item.name for item in fields}, {item.name for item in fields if item.required}
    yield from ((f"form.{name}", "the document does not list it") for name in sent - known)
    yield from ((f"form.{name}", "it is required") for name in required - sent)


# --- answers ----------------------------------------------------------------------------------


def _answer(exchange: Exchange, operation: Operation) -> Iterator[Problem]:
    if "event-stream" in exchange.answer_headers.get("content-type", ""):
        yield from _stream(exchange, operation)
        return
    schema = operation.answers.get(str(exchange.status))
    if schema is None and exchange.status >= 400:
        schema = operation.answers.get("default") or error_schema(operation.document)
    if schema is None:
        yield "status", f"{exchange.status} is none of {', '.join(operation.answers)}"
    elif schema.content.get("type") in ("string", "file") or not exchange.answer:
        if schema.content and not exchange.answer:
            yield "body", "it is empty"
    elif "json" not in exchange.answer_headers.get("content-type", ""):
        yield "header.content-type", exchange.answer_headers.get("content-type", "it is missing")
    elif not schema.content:
        yield "body", f"the document knows none with {exchange.status}"
    else:
        content = json.loads(exchange.answer)
        found = problems(content, schema, operation, nulls=operation.document != OPENAI)
        yield from ((f"body.{at}".rstrip("."), why) for at, why in found)


def _stream(exchange: Exchange, operation: Operation) -> Iterator[Problem]:
    """Each event of a streamed answer, the word that ends it left out."""
    if operation.events is None:
        yield "body", "the document knows no stream"
        return
    lines = [line.removeprefix("data: ") for line in exchange.answer.splitlines() if line.startswith("data: ")]
    for line in lines:
        if line != "[DONE]":
            content = json.loads(line)
            yield from ((f"event.{at}".rstrip("."), why) for at, why in problems(content, operation.events, operation))
