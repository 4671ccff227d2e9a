"""Cursor pages as both vendors' lists give them."""

from collections.abc import Callable, Sequence
from typing import Any

from deployer.sandbox.wire import Request, Response
from deployer.sandbox.world import Settings

Row = dict[str, Any]


def answer_page(
    request: Request,
    rows: Sequence[Row],
    *,
    default: int = 20,
    most: int = 100,
    edges: bool = True,
    fill: Callable[[Row], Row] | None = None,
    settings: Settings | None = None,
) -> Response:
    """The part of `rows` that `after` and `limit` ask for; each row has an `id`, which `fill` makes whole.

    Most lists name their first and last row; without `edges` they do not. `settings` may ask for smaller pages.
    """
    after, before = request.query("after"), request.query("before")
    ids = [row.get("id") for row in rows]
    first = ids.index(after) + 1 if after in ids else 0
    last = ids.index(before) if before in ids else len(rows)
    limit = read_limit(request, default, most)
    limit = min(limit, settings.list_page_size) if settings else limit
    taken = rows[first : min(first + limit, last)]
    page = {"object": "list", "data": [fill(row) for row in taken] if fill else taken, "has_more": first + limit < last}
    if edges:
        page["first_id"] = taken[0].get("id") if taken else None
        page["last_id"] = taken[-1].get("id") if taken else None
    return Response.json(page)


def read_limit(request: Request, default: int, most: int) -> int:
    """The query's `limit`, within what the vendor allows."""
    text = request.query("limit")
    return max(1, min(int(text), most)) if text.isdigit() else default
