"""Lists in pages, linked by `nextLink` as ARM links them."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from deployer.sandbox.wire import Request, Response
from deployer.sandbox.world import World

Item = TypeVar("Item")


def arm_page(world: World, request: Request, items: Sequence[Item], render: Callable[[Item], Any]) -> Response:
    """One page of `items`; `$skipToken` says where it starts."""
    start = int(request.query("$skiptoken") or 0)
    end = start + world.settings.page_size
    body: dict[str, Any] = {"value": [render(item) for item in items[start:end]]}
    if end < len(items):
        version = quote(request.query("api-version"))
        body["nextLink"] = f"{world.base_url}{quote(request.path)}?api-version={version}&$skipToken={end}"
    return Response.json(body)
