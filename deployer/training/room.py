"""Whether an account has room for one more job, by the vendor's documents, asked before anything is sent.

What the vendor would refuse is refused here with the arithmetic, before a file is uploaded and money is held. A
limit that an account exceeds already is evidently another one for it; a list that cannot be read limits nothing:
both are told, and the vendor decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from deployer.domain.deployment import Account
from deployer.domain.job import Job
from deployer.domain.limit import Limits
from deployer.errors import CloudError, Refused
from deployer.ports.cloud import Provider

NOT_STARTED = "not started: "
DEVELOPER = frozenset({"developertier", "developer"})
_WAITING = frozenset({"queued", "pending", "notstarted", "notrunning"})


def check_job_room(provider: Provider, account: Account, files: Sequence[Path], tier: str) -> tuple[str, ...]:
    """What to know before a job with these files is started. Raises Refused."""
    limits = provider.catalog.limits(account)
    for path in files:
        _refuse_large(path, limits)
    return (
        *_check_jobs(provider, account, limits, tier),
        *_check_files(provider, account, limits, files),
        *_check_deployments(provider, account, limits),
    )


def _refuse_large(path: Path, limits: Limits) -> None:
    size, most = path.stat().st_size, limits.file_bytes
    if most is not None and size > most:
        raise Refused(
            f"{NOT_STARTED}{path.name} has {_megabytes(size)} MB, over {_megabytes(most)} MB by "
            f"{_megabytes(size - most)} MB ({limits.source})",
            next_step="train on a part of it: `deployer dataset split` makes parts",
        )


def _check_jobs(provider: Provider, account: Account, limits: Limits, tier: str) -> Iterator[str]:
    if limits.jobs is None and limits.queued is None and limits.running is None:
        return
    try:
        jobs = provider.training.jobs(account)
    except CloudError as error:
        yield f"it is not known how many jobs {account.name} has: {error.message}"
        return
    waiting = sum(1 for job in jobs if job.status.lower() in _WAITING)
    yield from _one_more("jobs of any age", len(jobs), limits.jobs, account, limits, "delete old ones")
    yield from _one_more("jobs queued", waiting, limits.queued, account, limits, "wait until some have run")
    at_once = limits.developer_running if _is_developer(tier) else limits.running
    running = sum(1 for job in jobs if _runs(job) and _is_developer(job.training_tier) == _is_developer(tier))
    if at_once is not None and running >= at_once:
        yield f"{account.name} runs {running} jobs, and {at_once} are documented at once: this may wait in the queue"


def _check_files(provider: Provider, account: Account, limits: Limits, files: Sequence[Path]) -> Iterator[str]:
    if limits.files is None and limits.all_file_bytes is None:
        return
    try:
        sizes = provider.training.stored(account)
    except CloudError as error:
        yield f"it is not known how many files {account.name} keeps: {error.message}"
        return
    step = "delete files that no job needs any more"
    yield from _one_more("files", len(sizes), limits.files, account, limits, step, more=len(files))
    new, held, most = sum(path.stat().st_size for path in files), sum(sizes), limits.all_file_bytes
    if most is not None and held <= most < held + new:
        raise Refused(
            f"{NOT_STARTED}{account.name} keeps {_megabytes(held)} MB of files + these {_megabytes(new)} MB "
            f"are over {_megabytes(most)} MB ({limits.source})",
            next_step=step,
        )


def _check_deployments(provider: Provider, account: Account, limits: Limits) -> Iterator[str]:
    """A model without a place can still be trained: to be told, and no reason to refuse."""
    most = limits.tuned_deployments
    if most is None:
        return
    try:
        standing = sum(1 for one in provider.inventory.of(account) if one.fine_tuned and one.serving)
    except CloudError:
        return
    if standing >= most:
        yield f"{account.name} has {standing} of {most} fine-tuned models deployed: this one has no place yet"


def _one_more(
    what: str, held: int, most: int | None, account: Account, limits: Limits, step: str, *, more: int = 1
) -> Iterator[str]:
    """Refused where the limit is reached; a word where it is evidently another one."""
    if most is None or held + more <= most:
        return
    if held > most:
        yield f"{account.name} has {held} {what}, more than the {most} that are documented: the vendor decides"
        return
    raise Refused(
        f"{NOT_STARTED}{account.name} has {held} {what} + {more} = {held + more} is over {most} ({limits.source})",
        next_step=f"{step}, or take another account",
    )


def _runs(job: Job) -> bool:
    """Whether it takes one of the places of running jobs; a status that is not known is taken to."""
    return not job.ended and not job.paused and job.status.lower() not in _WAITING


def _is_developer(tier: str) -> bool:
    return tier.lower() in DEVELOPER


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f}".removesuffix(".0")
