"""The quota of Cost Management, counted before the service does: it is small, and shared by the whole tenant.

12 query units in 10 seconds, 60 a minute and 600 an hour; a query costs a unit for each month of data, a page as
much again. About 4 calls a minute go to one scope. Others of the tenant use it too, so a 429 may come all the same.
https://learn.microsoft.com/azure/cost-management-billing/costs/manage-automation
"""

import threading
from collections import deque
from datetime import timedelta

from deployer.clock import Clock
from deployer.domain.period import Period

LIMITS = ((10.0, 12), (60.0, 60), (3600.0, 600))
"""Seconds, and the units that may be used within them."""
SCOPE_CALLS, SCOPE_SECONDS = 4, 60.0
MONTH = timedelta(days=31)


def units(period: Period) -> int:
    """One for each month of data that is begun."""
    return max(1, -(-period.length // MONTH))


class CostQuota:
    """What this process has used. Safe to share over threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._used: deque[tuple[float, int]] = deque()
        self._calls: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def take(self, scope: str, number: int, *, follows: bool = False) -> None:
        """Wait until `number` units may be used; a page that `follows` is not a new call of its scope."""
        with self._lock:
            now = self._clock.monotonic()
            calls = self._calls.setdefault(scope.lower(), deque(maxlen=SCOPE_CALLS))
            at = self._earliest(now, number)
            if not follows:
                if len(calls) == SCOPE_CALLS:
                    at = max(at, calls[0] + SCOPE_SECONDS)
                calls.append(at)
            self._used.append((at, number))
        if at > now:
            self._clock.sleep(at - now)

    def _earliest(self, now: float, number: int) -> float:
        """When no limit stands against it; what was booked for later than now counts from then."""
        while self._used and self._used[0][0] <= now - LIMITS[-1][0]:
            self._used.popleft()
        at = max([now, *(booked for booked, _ in self._used)])
        for seconds, limit in LIMITS:
            room = limit - min(number, limit)
            for used_at, used in reversed(self._used):
                room -= used
                if room < 0:
                    at = max(at, used_at + seconds)
                    break
        return at
