"""The sandbox's own time: frozen until advanced, or flowing with the machine's."""

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def machine_now() -> datetime:
    """Where a flowing sandbox starts."""
    return datetime.now(UTC)


@lru_cache(maxsize=4_096)
def stamp(at: datetime) -> str:
    """An instant as Azure prints it; when something was created is printed again in every list."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def seconds_of(at: datetime) -> float:
    return (at - EPOCH).total_seconds()


def at_seconds(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def parse_instant(text: str) -> datetime:
    """An ISO 8601 instant; without an offset it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00") if text.endswith(("Z", "z")) else text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class VirtualClock:
    """Virtual time: what has been advanced, plus real time passed when it is not frozen."""

    def __init__(self, start: datetime, *, frozen: bool) -> None:
        self.frozen = frozen
        self.start = start
        self._now = start
        self._anchor = time.monotonic()

    def now(self) -> datetime:
        if self.frozen:
            return self._now
        return self._now + timedelta(seconds=time.monotonic() - self._anchor)

    def seconds(self) -> float:
        """Now, in seconds since 1970."""
        return seconds_of(self.now())

    def unstoppable(self) -> float:
        """Seconds that never stand still: on a frozen clock the machine's time is added to what was advanced.

        For what a client can only wait for, such as the refill of a quota.
        """
        return self.seconds() + (time.monotonic() if self.frozen else 0.0)

    def advance(self, seconds: float) -> datetime:
        """Move forward; a negative step is refused with ValueError, time never runs back."""
        if seconds < 0:
            raise ValueError(f"cannot advance by {seconds} s: time does not run back")
        self._now += timedelta(seconds=seconds)
        return self.now()

    def advance_to(self, at: datetime) -> datetime:
        return self.advance((at - self.now()).total_seconds())
