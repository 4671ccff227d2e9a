"""The columns of the table: all that can happen to one call, as orders to the sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_COST = "x-ms-ratelimit-microsoft.costmanagement-{}-retry-after"
WAITED = 7.0
"""Seconds that each throttling header asks for."""
HASTE = 0.05
"""Seconds of real time after which a slow answer is given up, where one is ordered."""


@dataclass(frozen=True)
class Trouble:
    """What happens to the call: `once` or for good; `order` is the sandbox's fault without its target."""

    name: str
    order: Mapping[str, Any] = field(default_factory=dict)
    once: bool = True
    waits: float | None = None

    @property
    def slow(self) -> bool:
        return self.order.get("kind") == "slow"

    @property
    def may_have_worked(self) -> bool:
        """Whether the caller cannot know from what it sees that nothing was done."""
        return self.order.get("kind") in {"cut_before", "cut_after", "slow"} or self.order.get("status", 0) >= 500

    def aimed_at(self, target: Mapping[str, Any]) -> dict[str, Any]:
        return {**self.order, **target, **({"times": 1} if self.once else {})}


def _status(status: int, **rest: Any) -> dict[str, Any]:
    return {"kind": "status", "status": status, **rest}


def _throttled(name: str, headers: Mapping[str, str], waits: float | None = WAITED) -> Trouble:
    return Trouble(f"429 {name}", _status(429, headers=headers), waits=waits)


REFUSALS = tuple(Trouble(str(status), _status(status), once=False) for status in (401, 403, 404, 409))
"""An answer that will be the same however often it is asked for."""

THROTTLES = (
    _throttled("without a header", {}, None),
    _throttled("retry-after", {"Retry-After": "7"}),
    _throttled("date", {"Retry-After": "{now+7}"}),
    _throttled("retry-after-ms", {"retry-after-ms": "7000"}),
    _throttled("x-ms-retry-after-ms", {"x-ms-retry-after-ms": "7000"}),
    _throttled("qpu", {_COST.format("qpu"): "7"}, None),
    _throttled("entity", {_COST.format("entity"): "7"}, None),
    _throttled("tenant", {_COST.format("tenant"): "7"}, None),
    _throttled("client type", {_COST.format("clienttype"): "7"}, None),
)
"""Each way in which a vendor says when to come back; only Azure knows the words of Cost Management."""

PASSING = (
    Trouble("409 once", _status(409)),
    Trouble("500 once", _status(500)),
    Trouble("503 once", _status(503)),
    Trouble("cut before once", {"kind": "cut_before"}),
    Trouble("cut after once", {"kind": "cut_after"}),
    Trouble("slow once", {"kind": "slow", "seconds": 2 * HASTE}),
)

LASTING = (
    Trouble("429 for a week", _status(429, headers={"Retry-After": "604800"}), once=False, waits=0.0),
    Trouble("429 for good", _status(429), once=False),
    Trouble("500 for good", _status(500), once=False),
    Trouble("503 for good", _status(503), once=False),
    Trouble("cut before for good", {"kind": "cut_before"}, once=False),
    Trouble("cut after for good", {"kind": "cut_after"}, once=False),
    Trouble("slow for good", {"kind": "slow", "seconds": 2 * HASTE}, once=False),
    Trouble("garbage", _status(200, body="<html>Welcome to the hotel</html>"), once=False),
    Trouble("garbage as json", _status(200, body="{]", headers={"content-type": "application/json"}), once=False),
    Trouble("empty body", _status(200, body=""), once=False),
    Trouble("empty object", _status(200, body={}), once=False),
)

NOTHING = Trouble("success")
TROUBLES = (NOTHING, *REFUSALS, *THROTTLES, *PASSING, *LASTING)
