"""Lists in pages, linked by `nextLink` as ARM links them."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

from deployer.sandbox.wire import Request, Response
from deployer.sandbox.world import World

Item = TypeVar("Item")


def arm_page(world: World, request: Request, items: Sequence[Item], render: Callable[[Item], Any]) -> Response:
    """One page of `items`; `$skipToken` says where it starts."""
    start = int(request.query("$skiptoken") or 0)
    end = start + world.settings.page_size
    body: dict[str, Any] = {"value": [render(item) for item in items[start:end]]}
    if end < len(items):
        body["nextLink"] = f"{world.base_url}{quote(request.path)}?{_question(request)}&$skipToken={end}"
    return Response.json(body)


def _question(request: Request) -> str:
    """What was asked, so that the next page answers the same question."""
    asked = parse_qsl(request.query_string, keep_blank_values=True)
    return urlencode(
        [(name, value) for name, value in asked if name.lower() != "$skiptoken"], safe="$", quote_via=quote
    )
