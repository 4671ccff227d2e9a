"""The quota of Cost Management: units per 10 seconds, minute and hour, and calls per scope and minute."""

from collections import deque

LIMITS = ((10.0, 12), (60.0, 60), (3600.0, 600))  # seconds, query processing units; per tenant
SCOPE_CALLS = 4  # a minute
PREFIX = "x-ms-ratelimit-microsoft.costmanagement-"


class Throttle:
    """Counts on virtual time; an answer of `admit` that is not empty is a refusal's headers."""

    def __init__(self) -> None:
        self._units: deque[tuple[float, int]] = deque()
        self._calls: dict[str, deque[float]] = {}

    def admit(self, scope: str, units: int, now: float, *, follows: bool) -> dict[str, str]:
        """Take `units` at `now`; a page that `follows` is not a new call of the scope."""
        while self._units and self._units[0][0] <= now - LIMITS[-1][0]:
            self._units.popleft()
        wait = max((self._wait(seconds, limit, units, now) for seconds, limit in LIMITS), default=0.0)
        if wait > 0:
            return {f"{PREFIX}qpu-retry-after": _whole(wait), f"{PREFIX}qpu-remaining": self.remaining(now)}
        calls = self._calls.setdefault(scope.lower(), deque(maxlen=SCOPE_CALLS))
        if not follows and len(calls) == SCOPE_CALLS and calls[0] > now - 60:
            return {f"{PREFIX}entity-retry-after": _whole(calls[0] + 60 - now)}
        if not follows:
            calls.append(now)
        self._units.append((now, units))
        return {}

    def remaining(self, now: float) -> str:
        """What is left of each quota, as the vendor prints it."""
        left = (f"QueriesPer{int(seconds)}Sec:{limit - self._used(seconds, now)}" for seconds, limit in LIMITS)
        return ",".join(left)

    def _used(self, seconds: float, now: float) -> int:
        return sum(units for at, units in self._units if at > now - seconds)

    def _wait(self, seconds: float, limit: int, units: int, now: float) -> float:
        excess = self._used(seconds, now) + units - limit
        for at, taken in self._units:
            if excess <= 0:
                break
            if at > now - seconds:
                excess -= taken
                if excess <= 0:
                    return at + seconds - now
        return 0.0


def _whole(seconds: float) -> str:
    return str(max(1, -int(-seconds // 1)))
