"""Resource Manager's own limits: a bucket of tokens for each scope, principal and kind of call.

Reads: 250, refilled by 25 a second; writes and deletes: 200 and 10 each. Every answer says what is left.
https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

BUCKETS = {"reads": (250, 25), "writes": (200, 10), "deletes": (200, 10)}  # tokens, refilled a second
_KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}
_OWN_LIMITS = ("microsoft.costmanagement", "/metrics:getbatch")
"""Services that count their calls themselves."""


@dataclass(frozen=True)
class Taken:
    """What a call came to: `wait` seconds until there is a token, 0 when it got one; and what is left."""

    kind: str
    scope: str
    wait: int
    left: int

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        return ((f"x-ms-ratelimit-remaining-{self.scope.split()[0]}-{self.kind}", str(self.left)),)


class Limits:
    """All buckets of the one principal; `seconds` is a time that never stands still."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._levels: dict[tuple[str, str], tuple[float, float]] = {}

    def take(self, method: str, path: str) -> Taken | None:
        """A token for this call; None for what Resource Manager does not count."""
        scope = _scope(path.lower())
        if scope is None:
            return None
        kind, now = _KINDS.get(method, "writes"), self._seconds()
        most, rate = BUCKETS[kind]
        level, at = self._levels.get((scope, kind), (float(most), now))
        level = min(float(most), level + (now - at) * rate)
        enough = level >= 1
        level -= enough
        self._levels[scope, kind] = (level, now)
        return Taken(kind, scope, 0 if enough else math.ceil((1 - level) / rate), int(level))


def _scope(path: str) -> str | None:
    """`subscription 'ID'` or `tenant`, by who owns the path; None for another service's."""
    parts = path.split("/", 3)
    if parts[1] not in ("subscriptions", "tenants") or any(name in path for name in _OWN_LIMITS):
        return None
    return f"subscription '{parts[2]}'" if len(parts) > 2 and parts[2] else "tenant"
