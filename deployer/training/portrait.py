"""One job with all that the vendor says of it; what cannot be read is unknown, and does not hide the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from deployer.domain.job import Checkpoint, JobEvent
from deployer.domain.snapshot import Gap
from deployer.errors import CloudError
from deployer.guard.context import GuardContext
from deployer.training.follow import Followed, settle_jobs
from deployer.training.metric import result_of

T = TypeVar("T")


@dataclass(frozen=True)
class Portrait:
    """None is what could not be read, for the cause in `gaps`; `metrics` is None too where the job has none."""

    found: Followed
    events: tuple[JobEvent, ...] | None
    checkpoints: tuple[Checkpoint, ...] | None
    metrics: Mapping[str, Any] | None
    gaps: tuple[Gap, ...]


def portray(context: GuardContext, found: Followed) -> Portrait:
    """Settle it if it has ended, and read what belongs to it."""
    (settled,) = settle_jobs(context, found.provider, found.account, (found.job,))
    training, account, job = found.provider.training, found.account, found.job.id
    gaps: list[Gap] = []

    def read(what: str, work: Callable[[], T]) -> T | None:
        try:
            return work()
        except CloudError as error:
            gaps.append(Gap(what, job, error.message))
            return None

    events = read("events", lambda: training.events(account, job))
    checkpoints = read("checkpoints", lambda: training.checkpoints(account, job))
    metrics = read("results", lambda: result_of(settled))
    return Portrait(settled, events, checkpoints, metrics, tuple(gaps))
