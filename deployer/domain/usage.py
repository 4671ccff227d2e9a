"""What a deployment was used for, and how well that is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from deployer.domain.deployment import DeploymentId
from deployer.domain.period import Period


class Activity(StrEnum):
    """Three states, never two: what could not be read is neither idle nor active."""

    IDLE = "idle"
    ACTIVE = "active"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class UsageBucket:
    """What one metrics grain counted; None where the metric had no number."""

    start: datetime
    end: datetime
    requests: int | None = None
    failed_requests: int | None = None
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None

    @property
    def active(self) -> bool:
        """Any positive count is activity, failing calls included."""
        return max(self.requests or 0, self.input_tokens or 0, self.output_tokens or 0) > 0


@dataclass(frozen=True)
class UsageReading:
    """One deployment's usage over a window.

    `complete` means: the answer was whole (status 200, every metric's errorCode Success, the
    span that came back covers the window, fewer series than asked for). `cause` says why not.
    `buckets` holds only grains for which the vendor gave a number, in time order; an empty
    tuple is absence, which proves nothing by itself.
    """

    deployment: DeploymentId
    window: Period
    complete: bool
    cause: str = ""
    buckets: tuple[UsageBucket, ...] = ()
    metrics: tuple[str, ...] = ()
    as_of: datetime | None = None

    @cached_property
    def last_activity(self) -> datetime | None:
        """The end of the last grain with a positive count, None if there was none."""
        return next((bucket.end for bucket in reversed(self.buckets) if bucket.active), None)

    @property
    def failing(self) -> bool:
        """Whether every request of the window failed: a client in error, not an idle one."""
        total = sum(bucket.requests or 0 for bucket in self.buckets)
        failed = sum(bucket.failed_requests or 0 for bucket in self.buckets)
        return total > 0 and failed >= total


@dataclass(frozen=True)
class Aliveness:
    """Whether an account's activity metric has shown a number in the last 93 days.

    `alive` is None when that could not be read; `cause` says why.
    """

    alive: bool | None
    cause: str = ""
    last_number: datetime | None = None


@dataclass(frozen=True)
class UsageObservation:
    """Readings by `DeploymentId.key`, and aliveness by account resource id in lower case."""

    readings: Mapping[str, UsageReading] = field(default_factory=dict)
    aliveness: Mapping[str, Aliveness] = field(default_factory=dict)
