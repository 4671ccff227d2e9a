"""A plan: what was found, what to do about it now, and what will be due when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from deployer.domain.deployment import Deployment
from deployer.domain.money import Money
from deployer.domain.snapshot import Gap
from deployer.domain.usage import Activity


class ActionKind(StrEnum):
    ALERT = "alert"
    WARN = "warn"
    UNDEPLOY = "undeploy"


class Mode(StrEnum):
    OBSERVE = "observe"
    ENFORCE = "enforce"


@dataclass(frozen=True)
class Action:
    """One step with its reasons; `target` is None for an alert about a whole policy.

    `episode` names what a warning or alert is about, so that it is told once: a budget period
    and threshold, or an idle stretch. `numbers` are the figures behind `reason`, ready to print.
    `hourly` is what the target costs an hour, None where no price is known.
    """

    kind: ActionKind
    policy: str
    rule: str
    reason: str
    due: datetime
    target: Deployment | None = None
    episode: str = ""
    numbers: Mapping[str, str] = field(default_factory=dict)
    hourly: Money | None = None


@dataclass(frozen=True)
class Finding:
    """What a rule saw of one deployment, whether or not anything follows from it."""

    deployment: Deployment
    policy: str
    rule: str
    state: Activity
    reason: str
    since: datetime | None = None
    due: datetime | None = None


@dataclass(frozen=True)
class Deferred:
    """An act that was due and not done, and why (blast radius, undelivered warning, pause)."""

    action: Action
    reason: str


@dataclass(frozen=True)
class Plan:
    """The outcome of one decision. `actions` are due now; `upcoming` carry their instants.

    `unguarded` are deployments that no policy matches; `errors` are rules that could not be
    decided (two equally specific policies disagree), for which nothing is done.
    """

    as_of: datetime
    mode: Mode
    actions: tuple[Action, ...] = ()
    upcoming: tuple[Action, ...] = ()
    deferred: tuple[Deferred, ...] = ()
    findings: tuple[Finding, ...] = ()
    unguarded: tuple[Deployment, ...] = ()
    gaps: tuple[Gap, ...] = ()
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def acts(self) -> tuple[Action, ...]:
        """The actions that change a cloud."""
        return tuple(action for action in self.actions if action.kind is ActionKind.UNDEPLOY)

    @property
    def next_due(self) -> datetime | None:
        """The earliest instant at which something will be due."""
        return min((action.due for action in self.upcoming), default=None)


@dataclass(frozen=True)
class Warned:
    """A warning that was recorded and delivered at `at`."""

    at: datetime
    episode: str
    delivered: bool = True


@dataclass(frozen=True)
class History:
    """What the ledger remembers that a decision depends on.

    `warnings` by (DeploymentId.key, instance, policy, rule): the latest one. `alerts`: episodes
    already told, as (policy, episode). `acts_today`: acts since UTC midnight. `protected`: keys of
    deployments that a person protected. `unknown_since`: by key, since when no sweep could read a
    deployment's usage completely; a deployment whose last reading was complete is not in it. `resumed`: by
    (key, instance), when it last began to take calls again after a pause.
    """

    warnings: Mapping[tuple[str, str, str, str], Warned] = field(default_factory=dict)
    alerts: frozenset[tuple[str, str]] = frozenset()
    acts_today: int = 0
    protected: frozenset[str] = frozenset()
    paused: bool = False
    unknown_since: Mapping[str, datetime] = field(default_factory=dict)
    resumed: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
