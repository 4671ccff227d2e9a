"""Requests, responses and routes: all that the emulated services know of HTTP.

Small on purpose: a handler is a plain function from `Request` to `Response`. Azure compares
paths and parameter names without case, so the router does too; what a path parameter holds
keeps its case.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec

Headers = tuple[tuple[str, str], ...]
_JSON: Headers = (("content-type", "application/json; charset=utf-8"),)


class BadBody(ValueError):
    """The request's body is not the JSON that the operation needs."""


@dataclass(slots=True)
class Request:
    """One request; header and query names are in lower case, `params` come from the route.

    `fault` names the ordered fault that the handler itself has to play (`metrics_null`, ...).
    """

    method: str
    path: str
    query_string: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    params: dict[str, str] = field(default_factory=dict)
    fault: str = ""

    def values(self, name: str) -> list[str]:
        """All values of a query parameter, for lists such as `group_by[]`."""
        return list(_parameters(self.query_string).get(name.lower(), ()))

    def query(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        found = _parameters(self.query_string).get(name.lower())
        return found[0] if found else default

    def header(self, name: str, default: str = "") -> str:
        return self.headers.get(name.lower(), default)

    def json(self) -> Any:
        """The body as JSON; an empty body is an empty object."""
        if not self.body:
            return {}
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadBody(str(error)) from error

    def document(self) -> dict[str, Any]:
        """The body as a JSON object. Raises BadBody."""
        content = self.json()
        if not isinstance(content, dict):
            raise BadBody(f"expected an object, got {type(content).__name__}")
        return content


@lru_cache(maxsize=1_024)
def _parameters(query_string: str) -> Mapping[str, Sequence[str]]:
    """Values by name in lower case; clients ask with the same few texts all the time."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(query_string, keep_blank_values=True):
        found.setdefault(name.lower(), []).append(value)
    return found


@dataclass(slots=True)
class Response:
    status: int = 200
    body: bytes = b""
    headers: Headers = ()

    @classmethod
    def json(cls, content: Any, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> "Response":
        """`content` encoded as JSON (datetime as ISO 8601, Decimal as text)."""
        return cls(status, msgspec.json.encode(content), _JSON + tuple(headers))

    @classmethod
    def encoded(cls, body: bytes, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> "Response":
        """`body` is JSON already."""
        return cls(status, body, _JSON + tuple(headers))


Handler = Callable[[Request], Response]


@dataclass(frozen=True)
class Route:
    """`pattern` is a path with `{name}` segments; a last `{name...}` takes the rest of the path.

    `operation` names the route in counters, logs and faults, such as `deployments.delete`.
    """

    method: str
    pattern: str
    operation: str
    handler: Handler


@dataclass(slots=True)
class _Node:
    literals: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    routes: dict[str, tuple[Route, tuple[str, ...]]] = field(default_factory=dict)
    rest: dict[str, tuple[Route, tuple[str, ...]]] = field(default_factory=dict)

    def next(self, segment: str) -> "_Node":
        if not segment.startswith("{"):
            return self.literals.setdefault(segment.lower(), _Node())
        if self.parameter is None:
            self.parameter = _Node()
        return self.parameter


@dataclass(frozen=True)
class Match:
    """What a path leads to: a route with its parameters, or only the methods it would allow."""

    route: Route | None
    params: dict[str, str]
    allowed: tuple[str, ...] = ()


class Router:
    """Finds the route of a path: literal segments win over parameters, parameters over a rest."""

    def __init__(self, routes: Iterable[Route] = ()) -> None:
        self._root = _Node()
        for route in routes:
            self.add(route)

    def add(self, route: Route) -> None:
        node = self._root
        names: list[str] = []
        for segment in _split(route.pattern):
            if segment.startswith("{"):
                names.append(segment.strip("{}").removesuffix("..."))
            if segment.endswith("...}"):
                node.rest[route.method] = (route, tuple(names))
                return
            node = node.next(segment)
        node.routes[route.method] = (route, tuple(names))

    def find(self, method: str, path: str) -> Match:
        segments = _split(path)
        allowed: set[str] = set()
        found = _search(self._root, segments, 0, (), method, allowed)
        return found or Match(None, {}, tuple(sorted(allowed)))


def _split(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _search(
    node: _Node, segments: list[str], index: int, values: tuple[str, ...], method: str, allowed: set[str]
) -> Match | None:
    if index == len(segments):
        return _pick(node.routes, values, method, allowed)
    segment = segments[index]
    found = None
    literal = node.literals.get(segment.lower())
    if literal is not None:
        found = _search(literal, segments, index + 1, values, method, allowed)
    if found is None and node.parameter is not None:
        found = _search(node.parameter, segments, index + 1, (*values, segment), method, allowed)
    if found is None and node.rest:
        found = _pick(node.rest, (*values, "/".join(segments[index:])), method, allowed)
    return found


def _pick(
    routes: dict[str, tuple[Route, tuple[str, ...]]], values: tuple[str, ...], method: str, allowed: set[str]
) -> Match | None:
    allowed.update(routes)
    entry = routes.get(method)
    if entry is None:
        return None
    route, names = entry
    return Match(route, dict(zip(names, values, strict=True)))
