"""How long a job takes, in virtual time, with pauses: a pure function from an instant to what has been done."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

VALIDATING = timedelta(minutes=2)
_SHORTEST, _LONGEST = 900.0, 3000.0
_TOKENS_PER_SECOND = 100.0
_TURNING = timedelta(seconds=30)  # how long `pausing` and `resuming` are shown


class Phase(StrEnum):
    """Where a job is; each vendor has its own words for these."""

    VALIDATING = "validating"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    RESUMING = "resuming"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in {Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED}


@dataclass
class Schedule:
    """The course of one job. `fails` ends it after validation."""

    created: datetime
    queueing: timedelta
    training: timedelta
    fails: bool = False
    cancelled: datetime | None = None
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    @property
    def validated(self) -> datetime:
        return self.created + VALIDATING

    @property
    def started(self) -> datetime:
        return self.validated + self.queueing

    def phase(self, now: datetime) -> Phase:
        """What the job is doing at `now`."""
        end = self.ends()
        if end is not None and now >= end:
            if self.cancelled is not None:
                return Phase.CANCELLED
            return Phase.FAILED if self.fails else Phase.SUCCEEDED
        if now < self.validated:
            return Phase.VALIDATING
        return Phase.QUEUED if now < self.started else self._running(now)

    def ends(self) -> datetime | None:
        """When it ends; None while it is paused."""
        natural = self.validated if self.fails else self.instant(1.0)
        ends = [end for end in (natural, self.cancelled) if end is not None]
        return min(ends, default=None)

    def work(self, now: datetime) -> float:
        """The share of training done by `now`, 0 to 1."""
        now = min(now, self.cancelled) if self.cancelled else now
        if self.fails or now <= self.started:
            return 0.0
        worked = now - self.started
        for begin, end in self.pauses:
            if begin < now:
                worked -= min(end or now, now) - begin
        return min(1.0, worked / self.training)

    def instant(self, work: float) -> datetime | None:
        """When a share of training is done; None when a pause without end comes first."""
        at = self.started + self.training * work
        for begin, end in self.pauses:
            if begin >= at:
                break
            if end is None:
                return None
            at += end - begin
        return at

    def pause(self, now: datetime) -> None:
        """A pause that was going to come by itself is overtaken by this one."""
        self.pauses = [pause for pause in self.pauses if pause[0] <= now]
        self.pauses.append((now, None))

    def pause_after(self, work: float) -> None:
        """Pause by itself once this share of training is done, when that is not all of it."""
        at = self.instant(work) if work < 1 else None
        if at is not None:
            self.pauses.append((at, None))

    def resume(self, now: datetime) -> None:
        begin, _ = self.pauses.pop()
        self.pauses.append((begin, now))

    def _running(self, now: datetime) -> Phase:
        begun = [pause for pause in self.pauses if pause[0] <= now]
        if begun:
            begin, end = begun[-1]
            if end is None:
                return Phase.PAUSING if now < begin + _TURNING else Phase.PAUSED
            if now < end + _TURNING:
                return Phase.RESUMING
        return Phase.RUNNING


def training_time(tokens: int) -> timedelta:
    """A quarter of an hour to fifty minutes, by the tokens of all epochs."""
    return timedelta(seconds=int(min(_LONGEST, _SHORTEST + tokens / _TOKENS_PER_SECOND)))
