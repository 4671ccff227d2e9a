"""Acts: changes of a cloud, as the journal tells them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ActKind(StrEnum):
    """What was done; `removed` is what others did: a deployment that was found gone."""

    CREATE = "create"
    UNDEPLOY = "undeploy"
    RESTORE = "restore"
    SCALE = "scale"
    PAUSE = "pause"
    RESUME = "resume"
    REMOVED = "removed"
    START_JOB = "start-job"
    CANCEL_JOB = "cancel-job"
    CAP = "cap"
    PAUSE_JOB = "pause-job"
    RESUME_JOB = "resume-job"


class Phase(StrEnum):
    """The steps of an act, in order; the last three end it."""

    INTENT = "intent"
    CALLED = "called"
    VERIFYING = "verifying"
    DONE = "done"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"

    @property
    def final(self) -> bool:
        return self in {Phase.DONE, Phase.FAILED, Phase.WITHDRAWN}


@dataclass(frozen=True)
class Step:
    """One journal row: what happened to an act, and when; `detail` is ready to print."""

    phase: Phase
    at: datetime
    detail: str = ""


@dataclass(frozen=True)
class Act:
    """One act with all its steps.

    `subject` is `DeploymentId.key` or `job:<provider>:<id>`; `instance` the creation instant of
    what is acted on. `body` is the whole deployment needed to restore it, as a plain mapping
    (see `deployer.guard.restoration`). `who` is `policy NAME, rule RULE` or the person.
    """

    id: int
    kind: ActKind
    subject: str
    instance: str
    who: str
    reason: str
    body: Mapping[str, Any] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()

    @property
    def phase(self) -> Phase:
        return self.steps[-1].phase if self.steps else Phase.INTENT

    @property
    def at(self) -> datetime | None:
        return self.steps[0].at if self.steps else None
