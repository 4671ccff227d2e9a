"""Lists as ARM gives them: in pages linked by `nextLink`, narrowed by `$filter` and `$top`."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

from deployer.sandbox.resource import Refusal
from deployer.sandbox.wire import Request, Response
from deployer.sandbox.world import World

Item = TypeVar("Item")
_EQUAL = re.compile(r"^\(?\s*([\w/]+)\s+(eq|ne)\s+'([^']*)'\s*\)?$", re.IGNORECASE)
_WITHIN = re.compile(r"^\(?\s*substringof\(\s*'([^']*)'\s*,\s*([\w/]+)\s*\)\s*\)?$", re.IGNORECASE)


def arm_page(world: World, request: Request, items: Sequence[Item], render: Callable[[Item], Any]) -> Response:
    """One page of `items`; `$skipToken` says where it starts."""
    start = _number(request, "$skiptoken")
    end = start + world.settings.page_size
    body: dict[str, Any] = {"value": [render(item) for item in items[start:end]]}
    if end < len(items):
        body["nextLink"] = f"{world.base_url}{quote(request.path)}?{_question(request)}&$skipToken={end}"
    return Response.json(body)


def top_of(request: Request, items: Sequence[Item]) -> Sequence[Item]:
    """The first `$top` of a list, all without it. Raises Refusal."""
    return items[: _number(request, "$top")] if request.query("$top") else items


def matching(request: Request, items: Sequence[Item], render: Callable[[Item], Mapping[str, Any]]) -> Sequence[Item]:
    """What `$filter` keeps: terms of `eq`, `ne` and `substringof`, joined by `and` or `or`. Raises Refusal."""
    condition = request.query("$filter")
    if not condition.strip():
        return items
    groups = [re.split(r"\s+or\s+", group, flags=re.IGNORECASE) for group in _split_and(condition)]
    return [item for item in items if all(any(_holds(term, render(item)) for term in group) for group in groups)]


def _split_and(condition: str) -> list[str]:
    return re.split(r"\s+and\s+", condition, flags=re.IGNORECASE)


def _holds(term: str, row: Mapping[str, Any]) -> bool:
    equal, within = _EQUAL.match(term.strip()), _WITHIN.match(term.strip())
    if equal:
        found = equal[3].lower() in _values(row, equal[1])
        return found if equal[2].lower() == "eq" else not found
    if within:
        return any(within[1].lower() in value for value in _values(row, within[2]))
    raise Refusal(400, "InvalidFilterInQueryString", f"Invalid $filter '{term}' specified in the query string.")


def _values(row: Mapping[str, Any], name: str) -> list[str]:
    """What a row says under a filter's name, in lower case. Raises Refusal for a name that no filter knows."""
    tags, parts = row.get("tags") or {}, str(row.get("id", "")).split("/")
    known: dict[str, list[Any]] = {
        "name": [row.get("name")],
        "location": [row.get("location")],
        "resourcetype": [row.get("type")],
        "resourcegroup": parts[4:5],
        "tagname": list(tags),
        "tagvalue": list(tags.values()),
    }
    if name.lower() not in known:
        raise Refusal(400, "InvalidFilterInQueryString", f"Invalid property '{name}' in $filter of the query string.")
    return [str(value).lower() for value in known[name.lower()]]


def _number(request: Request, name: str) -> int:
    text = request.query(name) or "0"
    if not text.isdigit():
        raise Refusal(
            400, f"Invalid{name.strip('$').capitalize()}Parameter", f"The value '{text}' of {name} is invalid."
        )
    return int(text)


def _question(request: Request) -> str:
    """What was asked, so that the next page answers the same question."""
    asked = parse_qsl(request.query_string, keep_blank_values=True)
    return urlencode(
        [(name, value) for name, value in asked if name.lower() != "$skiptoken"], safe="$", quote_via=quote
    )
