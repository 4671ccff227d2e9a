"""The rows of fine-tuning: the same for both clouds, for the protocol is one."""

from dataclasses import replace
from typing import Any

from deployer.providers.finetuning import PROCESSING_LIMIT
from tests.contract.operation import DONE, ENDED, GONE, LATE, UNJUDGED, UNPROVEN, Act, Judge, Nature, Operation, target
from tests.contract.outcome import (
    are_gone,
    is_cancelled,
    is_content,
    is_file,
    is_job,
    is_known,
    is_new_job,
    lists_job,
    some,
)
from tests.contract.stage import Stage


def _jobs(stage: Stage, _: Any) -> int:
    return len(stage.open().training.jobs(stage.account))


def _files(stage: Stage, _: Any) -> int:
    return stage.files()


def _row(name: str, operation: str, nature: Nature, act: Act, judge: Judge, **rest: Any) -> Operation:
    return Operation(f"training.{name}", target(operation), nature, act, judge, **rest)


ROWS = (
    _row(
        *("upload", "files.create", Nature.MAKES),
        lambda provider, stage, _: provider.training.upload(stage.account, stage.data),
        is_file,
        count=_files,
        limit=PROCESSING_LIMIT,
        otherwise={"cut after for good": DONE, **LATE},
    ),
    _row(
        *("upload, processing", "files.get", Nature.READS),
        lambda provider, stage, _: provider.training.upload(stage.account, stage.data),
        is_file,
        count=_files,
        limit=PROCESSING_LIMIT,
    ),
    _row(
        *("discard", "files.delete", Nature.SAME),
        lambda provider, stage, marker: provider.training.discard(stage.account, marker),
        are_gone,
        prepare=lambda stage: stage.marked_file(),
        otherwise={**LATE, "404": UNPROVEN},
    ),
    _row(
        *("discard, looking", "files.list", Nature.READS),
        lambda provider, stage, marker: provider.training.discard(stage.account, marker),
        are_gone,
        prepare=lambda stage: stage.marked_file(),
    ),
    _row(
        *("stored", "files.list", Nature.READS),
        lambda provider, stage, _: provider.training.stored(stage.account),
        some,
        prepare=lambda stage: stage.file,
    ),
    _row(
        *("start", "jobs.create", Nature.MAKES),
        lambda provider, stage, _: provider.training.start(stage.account, stage.spec()),
        is_new_job,
        prepare=lambda stage: stage.file and None,
        count=_jobs,
    ),
    _row("jobs", "jobs.list", Nature.READS, lambda p, stage, _: p.training.jobs(stage.account), lists_job),
    _row("job", "jobs.get", Nature.READS, lambda p, stage, _: p.training.job(stage.account, stage.job.id), is_job),
    _row(
        *("events", "jobs.events", Nature.READS),
        lambda provider, stage, _: provider.training.events(stage.account, stage.job.id),
        some,
    ),
    _row(
        *("checkpoints", "jobs.checkpoints", Nature.READS),
        lambda provider, stage, _: provider.training.checkpoints(stage.account, stage.job.id),
        some,
    ),
    _row(
        *("cancel", "jobs.cancel", Nature.SAME),
        lambda provider, stage, job: provider.training.cancel(stage.account, job),
        is_cancelled,
        prepare=lambda stage: stage.start_job().id,
        otherwise=ENDED,
    ),
    _row(
        *("pause", "jobs.pause", Nature.SAME),
        lambda provider, stage, job: provider.training.pause(stage.account, job),
        is_job,
        prepare=lambda stage: stage.running_job().id,
        otherwise=ENDED,
    ),
    _row(
        *("resume", "jobs.resume", Nature.SAME),
        lambda provider, stage, job: provider.training.resume(stage.account, job),
        is_job,
        prepare=lambda stage: stage.paused_job().id,
        otherwise=ENDED,
    ),
    _row(
        *("is_ready", "models.get", Nature.READS),
        lambda provider, stage, _: provider.training.is_ready(stage.account, stage.job.fine_tuned_model),
        is_known,
        otherwise=GONE,
    ),
    _row(
        *("result", "files.content", Nature.READS),
        lambda provider, stage, _: provider.training.result(stage.account, stage.job.result_files[0]),
        is_content,
        otherwise=UNJUDGED,
    ),
)


def training_rows(cloud: str) -> tuple[Operation, ...]:
    return tuple(replace(row, target=target(f"{cloud}.{row.target['operation']}")) for row in ROWS)
