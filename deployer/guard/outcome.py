"""What a sweep and its acts came to, as values, and the exit code that follows from them."""

from dataclasses import dataclass

from deployer.domain.act import ActKind, Phase
from deployer.domain.deployment import Deployment
from deployer.domain.plan import Action, Plan
from deployer.domain.usage import Activity
from deployer.policy.view import View


@dataclass(frozen=True)
class ActResult:
    """How one act ended; `act_id` is its journal entry, None when it was given up before its intent.

    `phase` is final, or the phase in which the act was left to whoever is at it now. `unread`: it was
    given up because what it stands on could not be read. `unheard`: nobody received the message on its end.
    """

    kind: ActKind
    subject: str
    phase: Phase
    detail: str
    act_id: int | None = None
    action: Action | None = None
    deployment: Deployment | None = None
    unread: bool = False
    unheard: bool = False

    @property
    def failed(self) -> bool:
        """Whether it was tried and did not come to its end."""
        return self.phase is Phase.FAILED or not self.phase.final


@dataclass(frozen=True)
class Told:
    """A warning or alert, and whether at least one channel took it."""

    action: Action
    delivered: bool


@dataclass(frozen=True)
class Outcome:
    """One sweep: the plan as it stood when it ended, what was told and done, what went wrong.

    `removed` went without an act of ours. `view` is what the plan was decided on; `blind`: not a single
    account could be read; `applied`: acts were allowed.
    """

    plan: Plan
    results: tuple[ActResult, ...] = ()
    recovered: tuple[ActResult, ...] = ()
    removed: tuple[ActResult, ...] = ()
    told: tuple[Told, ...] = ()
    failures: tuple[str, ...] = ()
    view: View | None = None
    blind: bool = False
    applied: bool = False


def exit_code(outcome: Outcome, *, pending: bool = False) -> int:
    """The first that applies: 4 invalid policies, 1 failed, 3 deferred, 5 not observed, 10 acts pending, 0."""
    plan = outcome.plan
    ends = outcome.results + outcome.recovered
    codes = (
        (4, bool(plan.errors)),
        (1, outcome.blind or bool(outcome.failures) or any(end.failed for end in ends)),
        (3, bool(plan.deferred)),
        (5, _unread(outcome)),
        (10, pending and bool(plan.acts)),
    )
    return next((code for code, applies in codes if applies), 0)


def _unread(outcome: Outcome) -> bool:
    """Whether a rule's input or a part of the inventory could not be read."""
    plan = outcome.plan
    unknown = any(finding.state is Activity.UNKNOWN for finding in plan.findings)
    return bool(plan.gaps) or unknown or any(end.unread for end in outcome.results + outcome.recovered)
