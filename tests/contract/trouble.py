"""The columns of the tables: all that can happen to one call, as orders to the sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

_COST = "x-ms-ratelimit-microsoft.costmanagement-{}-retry-after"
WAITED = 7.0
"""Seconds that each throttling header asks for."""
LATE = 25.0
"""Virtual seconds that each call of a late service takes: just less than the time-out."""
HASTE = 0.05
"""Seconds of real time after which a slow answer is given up, where one is ordered."""
Order = Mapping[str, Any]


@dataclass(frozen=True)
class Trouble:
    """What happens to the call: each of `orders` once, one after the other, or the only one for good.

    An order is the sandbox's fault without its target. `waits`: how long the service asks to be left alone.
    """

    name: str
    orders: tuple[Order, ...] = field(default=())
    once: bool = True
    waits: float | None = None

    @property
    def slow(self) -> bool:
        """Whether the answer comes later, in real time, than anybody waits for it."""
        return any(order["kind"] == "slow" and not order.get("takes") for order in self.orders)

    @property
    def late(self) -> bool:
        """Whether time goes by while the service works."""
        return any(order.get("takes") for order in self.orders)

    @property
    def may_have_worked(self) -> bool:
        """Whether the caller cannot know from what it sees that nothing was done."""
        return any(_is_unclear(order) for order in self.orders)

    def aimed_at(self, target: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
        times = {"times": 1} if self.once else {}
        return [{**_dated(order, now), **target, **times} for order in self.orders]


def _is_unclear(order: Order) -> bool:
    if order["kind"] == "slow":
        return not order.get("takes")
    return order["kind"] in {"cut_before", "cut_after"} or order.get("status", 0) >= 500


def _dated(order: Order, now: datetime) -> dict[str, Any]:
    """The order with the HTTP date that is as far off as the other headers ask for."""
    at = format_datetime(now + timedelta(seconds=WAITED), usegmt=True)
    headers = {name: at if value == "date" else value for name, value in order.get("headers", {}).items()}
    return {**order, "headers": headers}


def _once(name: str, kind: str, **rest: Any) -> Trouble:
    return Trouble(name, ({"kind": kind, **rest},))


def _for_good(name: str, kind: str, waits: float | None = None, **rest: Any) -> Trouble:
    return Trouble(name, ({"kind": kind, **rest},), once=False, waits=waits)


def _throttled(name: str, *headers: Mapping[str, str]) -> Trouble:
    orders = tuple({"kind": "status", "status": 429, "headers": header} for header in headers)
    return Trouble(f"429 {name}", orders, waits=WAITED * len(orders) if any(headers) else None)


NOTHING = Trouble("success")

REFUSALS = tuple(_for_good(str(status), "status", status=status) for status in (401, 403, 404, 409))
"""An answer that will be the same however often it is asked for."""

THROTTLES = (
    _throttled("without a header", {}),
    _throttled(
        "each header",
        {"Retry-After": "date"},
        {"Retry-After": "7"},
        {"retry-after-ms": "7000"},
        {"x-ms-retry-after-ms": "7000"},
    ),
)
"""Each way in which a vendor says when to come back, one after the other to the same call."""

COST_THROTTLES = (
    _throttled(
        "each header of costs", *({_COST.format(limit): "7"} for limit in ("qpu", "entity", "tenant", "clienttype"))
    ),
)
"""The words of Cost Management, which only Azure knows."""

PASSING = (
    _once("409 once", "status", status=409),
    _once("500 once", "status", status=500),
    _once("503 once", "status", status=503),
    _once("cut before once", "cut_before"),
    _once("cut after once", "cut_after"),
    _once("slow once", "slow", seconds=2 * HASTE),
)

IN_TIME = _for_good("late for good", "slow", seconds=0, takes=LATE)
"""Every answer comes, each of them just in time."""

ENDLESS = (
    _for_good("429 for a week", "status", 0.0, status=429, headers={"Retry-After": "604800"}),
    _for_good("429 for good, late", "status", status=429, headers={"Retry-After": "50"}, takes=LATE),
    _for_good("500 for good, late", "status", status=500, takes=LATE),
    IN_TIME,
    _for_good("cut before for good", "cut_before"),
    _for_good("cut after for good", "cut_after"),
    _for_good("slow for good", "slow", seconds=2 * HASTE),
)
"""A service that is never well again. Late, it wears out whatever patience there is: a deadline must end it."""

STRANGE = (
    _for_good("garbage", "status", status=200, body="<html>Welcome to the hotel</html>"),
    _for_good("garbage as json", "status", status=200, body="{]", headers={"content-type": "application/json"}),
    _for_good("empty body", "status", status=200, body=""),
    _for_good("empty object", "status", status=200, body={}),
)
"""Answers of success that are not what the service sends."""

TROUBLES = (NOTHING, *REFUSALS, *THROTTLES, *PASSING, *ENDLESS, *STRANGE)
"""Of the 5xx one stands for all where it lasts: they are repeated, and told, by the same rule."""
