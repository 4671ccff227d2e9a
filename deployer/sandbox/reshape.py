"""Answers in another shape: keys that no document lists, keys that do not come, keys in lower case.

Real services do all three (fields of newer versions, optional ones that are left out, `ratelimits`), so a
client that is tried here alone must be able to meet them.
"""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from deployer.sandbox.wire import Response


def reshaped(response: Response, add: Mapping[str, Any], drop: Collection[str], lower: bool) -> Response:
    """The same answer with every object in it changed; one that is no JSON, or an error, stays as it is."""
    if not response.body or response.status >= 400:
        return response
    try:
        document = msgspec.json.decode(response.body)
    except msgspec.DecodeError:
        return response
    body = msgspec.json.encode(_changed(document, add, frozenset(drop), lower))
    return Response(response.status, body, response.headers)


def _changed(value: Any, add: Mapping[str, Any], drop: frozenset[str], lower: bool) -> Any:
    if isinstance(value, list):
        return [_changed(item, add, drop, lower) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: _changed(inner, add, drop, lower) for name, inner in value.items() if name not in drop}
    named = {name.lower() if lower else name: inner for name, inner in kept.items()}
    return {**{name: inner for name, inner in add.items() if name not in named}, **named}
