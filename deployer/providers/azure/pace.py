"""Keeps below Resource Manager's limits by what each answer says is left, instead of running into 429s.

Reads have a burst of 250 and a refill of 25 a second, writes and deletes 200 and 10, for each subscription
and principal. Others may use the same principal, so what is left is taken from the headers, never assumed.
https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy

from deployer.clock import Clock
from deployer.deadline import left
from deployer.providers.azure.transport import OutOfTime

RATES = {"reads": 25.0, "writes": 10.0, "deletes": 10.0}
_KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}
_HEADER = "x-ms-ratelimit-remaining-subscription-{}"


@dataclass
class Lane:
    """What one subscription has left of one kind of call. Negative: so many calls wait for the refill."""

    level: float = float("inf")
    under_way: int = 0
    asked_at: float | None = None
    """When the refill was last counted; None after an answer, which is the newer truth."""

    def enter(self, clock: Clock, rate: float) -> float:
        """Seconds that this call should wait. The clock is asked only when nothing is left."""
        self.under_way += 1
        self.level -= 1
        if self.level >= 0:
            return 0.0
        now = clock.monotonic()
        if self.asked_at is not None:
            self.level += (now - self.asked_at) * rate
        self.asked_at = now
        return max(0.0, -self.level / rate)

    def leave(self, left: int | None) -> None:
        """`left` is what the answer said; calls under way may not have been counted in it yet."""
        self.under_way -= 1
        if left is not None:
            self.level, self.asked_at = float(left - self.under_way), None


class Pace:
    """The lanes of one connection, shared by all its clients and threads."""

    def __init__(self, clock: Clock, resource_manager: str) -> None:
        self._clock = clock
        self._prefix = f"{resource_manager.rstrip('/')}/subscriptions/".lower()
        self._lanes: dict[tuple[str, str], Lane] = defaultdict(Lane)
        self._lock = threading.Lock()

    def enter(self, method: str, url: str) -> tuple[str, str] | None:
        """Wait for this call's turn; the lane to leave afterwards, None for a call that is not counted."""
        address = url.lower()
        if not address.startswith(self._prefix):
            return None
        kind = _KINDS.get(method, "writes")
        name = (kind, address[len(self._prefix) :].partition("/")[0].partition("?")[0])
        with self._lock:
            wait = self._lanes[name].enter(self._clock, RATES[kind])
        if wait > 0:
            self._sleep(name, wait)
        return name

    def _sleep(self, name: tuple[str, str], wait: float) -> None:
        if wait >= left():
            self.leave(name, {})
            raise OutOfTime
        self._clock.sleep(wait)

    def leave(self, name: tuple[str, str], headers: Mapping[str, str]) -> None:
        said = headers.get(_HEADER.format(name[0]), "")
        with self._lock:
            self._lanes[name].leave(int(said) if said.isdigit() else None)


class PacePolicy(HTTPPolicy[Any, Any]):
    """Takes its turn before every attempt of a call."""

    def __init__(self, pace: Pace) -> None:
        super().__init__()
        self._pace = pace

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        lane = self._pace.enter(request.http_request.method, request.http_request.url)
        if lane is None:
            return self.next.send(request)
        headers: Mapping[str, str] = {}
        try:
            response = self.next.send(request)
            headers = response.http_response.headers
            return response
        finally:
            self._pace.leave(lane, headers)
