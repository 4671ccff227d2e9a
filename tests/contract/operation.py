"""The rows of the table: every operation of both clouds' ports, and which of its calls goes wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from deployer.ports.cloud import DeploymentRequest, Provider
from tests.contract.outcome import (
    Outcome,
    billed,
    counted,
    created,
    deleted,
    is_cancelled,
    is_content,
    is_file,
    is_job,
    is_new_job,
    lists_job,
    offers,
    paused,
    said,
    scaled,
    some,
    stands,
    used,
    whole,
)
from tests.contract.stage import Stage


class Nature(StrEnum):
    """What repeating a call would do."""

    READS = "reads"
    OBSERVES = "observes"  # failures are gaps or incomplete readings, never errors
    SAME = "same"  # done twice is done once
    MAKES = "makes"  # a second call makes a second thing


Prepare = Callable[[Stage], Any]
Act = Callable[[Provider, Stage, Any], Any]
Judge = Callable[[Any, Stage, Any], Outcome]


@dataclass(frozen=True)
class Operation:
    """`act` on what `prepare` made while `target` goes wrong; `judge` says what its value means.

    `count` counts the things that there really are of the kind that `act` makes; `limit` is the time
    that it may take. `otherwise` names the columns in which this row ends differently from its nature.
    """

    name: str
    target: Mapping[str, Any]
    nature: Nature
    act: Act
    judge: Judge
    prepare: Prepare = lambda _: None
    count: Callable[[Stage, Any], int] | None = None
    limit: float = 300.0
    otherwise: Mapping[str, frozenset[Outcome]] = field(default_factory=dict)
    fresh: bool = False
    falls_back: bool = False
    """Whether something else answers in its place, or the caller can do without."""


QUOTA = "OpenAI.GlobalStandard.gpt-4o-mini"

# --- acting -----------------------------------------------------------------------------------


def _create(provider: Provider, stage: Stage, name: str) -> Any:
    request = DeploymentRequest(stage.account, name, "gpt-4o-mini", "2024-07-18", "GlobalStandard", 1)
    return provider.deployments.create(request)


def _placed(stage: Stage) -> str:
    name = stage.new_name()
    stage.place(name)
    return name


def _placed_whole(stage: Stage) -> Any:
    placed = stage.open().inventory.read(stage.account, _placed(stage))
    assert placed is not None
    return placed


def _models(provider: Provider, stage: Stage, _: Any) -> Any:
    return provider.catalog.models(stage.account)


def _named(stage: Stage, name: Any) -> int:
    reading = stage.open().inventory.observe()
    return sum(1 for one in reading.deployments if one.name == name)


def _jobs(stage: Stage, _: Any) -> int:
    return len(stage.open().training.jobs(stage.account))


def _files(stage: Stage, _: Any) -> int:
    return stage.files()


def _observe(provider: Provider, stage: Stage, _: Any) -> Any:
    return provider.inventory.observe()


def _read(provider: Provider, stage: Stage, _: Any) -> Any:
    return provider.inventory.read(stage.account, stage.standing.name)


def _usage(provider: Provider, stage: Stage, _: Any) -> Any:
    return provider.usage.observe([stage.standing], stage.window)


def _bills(provider: Provider, stage: Stage, _: Any) -> Any:
    return provider.billing.billed([stage.account], stage.window)


# --- the rows ---------------------------------------------------------------------------------

DONE, ABSENT, GAP, UNPROVEN, ERROR = (frozenset({outcome}) for outcome in Outcome)
EITHER = DONE | ERROR
BADLY_ANSWERED = ("garbage", "garbage as json", "empty body", "empty object")
LATE = {"slow once": EITHER, "slow for good": EITHER}
"""A slow answer is given up while the work goes on: it may be found done in time, or not."""
ENDED = {"cut after once": EITHER, **LATE}
"""The second request finds what the first one did, and is refused; the use case looks and sees it done."""
UNJUDGED = dict.fromkeys(BADLY_ANSWERED, DONE)
GONE = {"404": ABSENT}


def _target(operation: str) -> dict[str, str]:
    return {"operation": operation}


def _training(cloud: str) -> tuple[Operation, ...]:
    """The same rows for both clouds: the protocol is one."""

    def row(name: str, operation: str, nature: Nature, act: Act, judge: Judge, **rest: Any) -> Operation:
        return Operation(f"training.{name}", _target(f"{cloud}.{operation}"), nature, act, judge, **rest)

    return (
        row(
            *("upload", "files.create", Nature.MAKES),
            lambda provider, stage, _: provider.training.upload(stage.account, stage.data),
            is_file,
            count=_files,
            limit=1800.0,
            otherwise={"cut after for good": DONE, **LATE},
        ),
        row(
            *("upload, processing", "files.get", Nature.READS),
            lambda provider, stage, _: provider.training.upload(stage.account, stage.data),
            is_file,
            count=_files,
            limit=1800.0,
        ),
        row(
            *("start", "jobs.create", Nature.MAKES),
            lambda provider, stage, _: provider.training.start(stage.account, stage.spec()),
            is_new_job,
            prepare=lambda stage: stage.file and None,
            count=_jobs,
        ),
        row("jobs", "jobs.list", Nature.READS, lambda p, stage, _: p.training.jobs(stage.account), lists_job),
        row("job", "jobs.get", Nature.READS, lambda p, stage, _: p.training.job(stage.account, stage.job.id), is_job),
        row(
            *("events", "jobs.events", Nature.READS),
            lambda provider, stage, _: provider.training.events(stage.account, stage.job.id),
            some,
        ),
        row(
            *("checkpoints", "jobs.checkpoints", Nature.READS),
            lambda provider, stage, _: provider.training.checkpoints(stage.account, stage.job.id),
            some,
        ),
        row(
            *("cancel", "jobs.cancel", Nature.SAME),
            lambda provider, stage, job: provider.training.cancel(stage.account, job),
            is_cancelled,
            prepare=lambda stage: stage.start_job().id,
            otherwise=ENDED,
        ),
        row(
            *("pause", "jobs.pause", Nature.SAME),
            lambda provider, stage, job: provider.training.pause(stage.account, job),
            is_job,
            prepare=lambda stage: stage.running_job().id,
            otherwise=ENDED,
        ),
        row(
            *("resume", "jobs.resume", Nature.SAME),
            lambda provider, stage, job: provider.training.resume(stage.account, job),
            is_job,
            prepare=lambda stage: stage.paused_job().id,
            otherwise=ENDED,
        ),
        row(
            *("result", "files.content", Nature.READS),
            lambda provider, stage, _: provider.training.result(stage.account, stage.job.result_files[0]),
            is_content,
            otherwise=UNJUDGED,
        ),
    )


AZURE = (
    Operation("inventory.observe", _target("deployments.list"), Nature.OBSERVES, _observe, whole, otherwise=GONE),
    Operation(
        "inventory.observe, graph", _target("graph.resources"), Nature.OBSERVES, _observe, whole, falls_back=True,
    ),
    Operation(
        "inventory.observe, graph and list",
        {"path": r"ResourceGraph|CognitiveServices/accounts\?"},
        Nature.OBSERVES,
        _observe,
        whole,
    ),
    Operation(
        "inventory.observe, locks", _target("locks.list"), Nature.OBSERVES, _observe, whole,
        fresh=True, falls_back=True,
    ),
    Operation("inventory.read", _target("deployments.get"), Nature.READS, _read, stands, otherwise=GONE),
    Operation("sign-in", _target("entra.token"), Nature.READS, _read, stands, fresh=True),
    Operation(
        "usage.observe", _target("metrics.batch"), Nature.OBSERVES, _usage, used,
        otherwise=dict.fromkeys(("401", "403", "404"), DONE),
    ),
    Operation("usage.observe, both services", {"path": "metrics"}, Nature.OBSERVES, _usage, used),
    Operation(
        "deployments.create", _target("deployments.put"), Nature.SAME, _create, created,
        prepare=Stage.new_name, count=_named, limit=3600.0,
    ),
    Operation(
        "deployments.create, waiting", _target("operations.get"), Nature.READS, _create, created,
        prepare=Stage.new_name, count=_named, limit=3600.0, otherwise={"409": DONE},
    ),
    Operation(
        "deployments.create, reading back", _target("deployments.get"), Nature.READS, _create, created,
        prepare=Stage.new_name, count=_named, limit=3600.0,
    ),
    Operation(
        "deployments.delete", _target("deployments.delete"), Nature.SAME,
        lambda provider, stage, name: provider.deployments.delete(stage.account, name), deleted,
        prepare=_placed, limit=600.0, otherwise={**GONE, "empty body": UNPROVEN, "empty object": UNPROVEN},
    ),
    Operation(
        "deployments.scale", _target("deployments.patch"), Nature.SAME,
        lambda provider, stage, placed: provider.deployments.scale(placed, placed.capacity + 1), scaled,
        prepare=_placed_whole, limit=3600.0, otherwise=dict.fromkeys(("empty body", "empty object"), UNPROVEN),
    ),
    Operation(
        "deployments.pause", _target("deployments.pause"), Nature.SAME,
        lambda provider, stage, placed: provider.deployments.pause(placed, True), paused,
        prepare=_placed_whole, limit=600.0, otherwise=dict.fromkeys(("empty body", "empty object"), UNPROVEN),
    ),
    Operation(
        "quotas.quota", _target("usages.list"), Nature.READS,
        lambda provider, stage, _: provider.quotas.quota(stage.account, QUOTA), counted,
    ),
    Operation(
        "quotas.places", _target("capacities.list"), Nature.READS,
        lambda provider, stage, _: provider.quotas.places(
            stage.account, "gpt-4.1-mini", "2025-04-14", "Standard", tuned=True
        ), some,
    ),
    Operation("catalog.models", _target("models.list"), Nature.READS, _models, offers, fresh=True),
    Operation(
        "deployments.call", _target("azure.chat"), Nature.READS,
        lambda provider, stage, _: provider.deployments.call(stage.account, stage.standing.name, "hello"), said,
    ),
    Operation("billing.billed", _target("costs.query"), Nature.OBSERVES, _bills, billed),
    *_training("azure"),
)  # fmt: skip

OPENAI = (
    Operation("inventory.observe", _target("openai.models.list"), Nature.OBSERVES, _observe, whole),
    Operation("inventory.observe, projects", _target("openai.projects.list"), Nature.OBSERVES, _observe, whole),
    Operation("inventory.read", _target("openai.models.get"), Nature.READS, _read, stands, otherwise=GONE),
    Operation("catalog.models", _target("openai.models.list"), Nature.READS, _models, offers, fresh=True),
    Operation(
        "caps.accounts", _target("openai.projects.list"), Nature.READS,
        lambda provider, stage, _: provider.caps.accounts() if provider.caps else (), some,
    ),
    Operation("usage.observe", _target("openai.usage.completions"), Nature.OBSERVES, _usage, used),
    Operation(
        "deployments.call", _target("openai.chat"), Nature.READS,
        lambda provider, stage, _: provider.deployments.call(stage.account, stage.standing.name, "hello"), said,
    ),
    Operation("billing.billed", _target("openai.costs"), Nature.OBSERVES, _bills, billed),
    *_training("openai"),
)  # fmt: skip

OPERATIONS = {"azure": AZURE, "openai": OPENAI}
