"""Waiting for a fine-tuned model: for some minutes after its job succeeded a cloud may answer 404 for it.

Only what was made a moment ago is waited for, with a word and an end; a name that nobody made is
wrong at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from deployer.clock import Clock
from deployer.domain.deployment import Account
from deployer.domain.job import Job
from deployer.errors import CloudError, NotFound
from deployer.ports.cloud import Training

T = TypeVar("T")
Say = Callable[[str], None]

READY_LIMIT = 900.0
"""Seconds to wait for what was just made: the vendors speak of minutes."""

FIRST_WAIT, LONGEST_WAIT = 5.0, 30.0

_UNKNOWN_MODEL = "deploymentmodelnotsupported"
"""What Azure Resource Manager answers, with 400, to a model's name that it does not know."""


def when_ready(clock: Clock, work: Callable[[], T], awaited: Callable[[], bool], what: str, say: Say) -> T:
    """`work`, again while the cloud does not find `what` although it is awaited. Raises the last CloudError."""
    deadline, wait = clock.monotonic() + READY_LIMIT, FIRST_WAIT
    told = False
    while True:
        try:
            return work()
        except CloudError as error:
            if not _is_missing(error) or clock.monotonic() >= deadline or not (told or awaited()):
                raise
        if not told:
            say(f"{what} is not ready yet: the cloud may need some minutes; waiting, at most {READY_LIMIT / 60:.0f}")
            told = True
        clock.sleep(wait)
        wait = min(wait * 1.5, LONGEST_WAIT)


def await_model(clock: Clock, training: Training, account: Account, model: str, say: Say) -> bool:
    """Wait until the cloud knows a model that was just made; False when it does not in time."""

    def look() -> None:
        if not training.is_ready(account, model):
            raise NotFound(f"{model} is not known yet", status=404)

    try:
        when_ready(clock, look, lambda: True, model, say)
    except NotFound:
        return False
    return True


def is_fresh(clock: Clock, at: datetime | None) -> bool:
    """Whether what was made at `at` may still have to appear everywhere."""
    return at is not None and clock.now() - at < timedelta(seconds=READY_LIMIT)


def is_awaited(clock: Clock, training: Training, account: Account, model: str) -> bool:
    """Whether a job that succeeded a moment ago made this model or checkpoint."""
    try:
        jobs = training.jobs(account)
    except CloudError:
        return False
    return any(_made(job, model) and is_fresh(clock, job.finished_at) for job in jobs)


def _is_missing(error: CloudError) -> bool:
    return isinstance(error, NotFound) or error.code.lower() == _UNKNOWN_MODEL


def _made(job: Job, model: str) -> bool:
    made, wanted = job.fine_tuned_model.lower(), model.lower()
    return bool(made) and job.succeeded and (wanted == made or wanted.startswith(f"{made}:ckpt-"))
