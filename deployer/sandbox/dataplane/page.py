"""Cursor pages as both vendors' lists give them."""

from collections.abc import Callable, Sequence
from typing import Any

from deployer.sandbox.dataplane.error import openai_error
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
    order: str = "",
) -> Response:
    """The part of `rows` that `after` and `limit` ask for; each row has an `id`, which `fill` makes whole.

    Most lists name their first and last row; without `edges` they do not. `settings` may ask for smaller pages.
    `order` is that of the rows, `asc` or `desc`, where a client may ask for the other one. Raises ApiError.
    """
    if order and read_order(request, order) != order:
        rows = rows[::-1]
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
    """The query's `limit`; more than the vendor gives is cut to what it gives. Raises ApiError."""
    text = request.query("limit")
    if not text:
        return default
    if not text.lstrip("-").isdigit():
        message = "Invalid type for 'limit': expected an integer, but got a string instead."
        raise openai_error(400, message, code="invalid_type", param="limit")
    if int(text) < 1:
        message = f"Invalid 'limit': integer below minimum value. Expected a value >= 1, but got {text} instead."
        raise openai_error(400, message, code="integer_below_min_value", param="limit")
    return min(int(text), most)


def read_order(request: Request, default: str) -> str:
    """The query's `order`. Raises ApiError."""
    order = request.query("order") or default
    if order not in ("asc", "desc"):
        message = f"Invalid value: '{order}'. Supported values are: 'asc' and 'desc'."
        raise openai_error(400, message, code="invalid_value", param="order")
    return order
