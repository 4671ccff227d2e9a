"""Waiting for a fine-tuned model: for some minutes after its job succeeded the vendors may answer 404 for it.

Only a model that a job has just made is waited for; a name that nobody made is wrong at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from deployer.clock import Clock
from deployer.domain.deployment import Account
from deployer.domain.job import Job
from deployer.errors import CloudError
from deployer.ports import Training

Say = Callable[[str], None]

READY_LIMIT = 900.0
"""Seconds to wait for a model after its job's end: the vendors speak of minutes."""

FIRST_WAIT, LONGEST_WAIT = 5.0, 30.0


def await_model(clock: Clock, training: Training, account: Account, model: str, say: Say) -> bool:
    """Wait until the vendor knows the model by its name; False when it does not within `READY_LIMIT`."""
    deadline, wait = clock.monotonic() + READY_LIMIT, FIRST_WAIT
    while not training.is_ready(account, model):
        if clock.monotonic() >= deadline:
            return False
        say(f"{model} is not ready yet: the cloud may need some minutes after the job's end")
        clock.sleep(wait)
        wait = min(wait * 1.5, LONGEST_WAIT)
    return True


def is_awaited(clock: Clock, training: Training, account: Account, model: str) -> bool:
    """Whether a job that succeeded lately made this model or checkpoint, so that it can still appear."""
    try:
        jobs = training.jobs(account)
    except CloudError:
        return False
    return any(_made(job, model) and _is_fresh(job, clock) for job in jobs)


def _made(job: Job, model: str) -> bool:
    made, wanted = job.fine_tuned_model.lower(), model.lower()
    return bool(made) and job.succeeded and (wanted == made or wanted.startswith(f"{made}:ckpt-"))


def _is_fresh(job: Job, clock: Clock) -> bool:
    return job.finished_at is None or clock.now() - job.finished_at < timedelta(seconds=READY_LIMIT)
