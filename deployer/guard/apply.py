"""Doing what a plan says. Everything that keeps an act from doing harm is enforced here, whoever calls.

Mode, pause and blast radius first; then one sweep at a time; then each act alone: what it stands
on is read and decided again just before, and an act that fails does not stop the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from deployer.domain.act import ActKind, Phase
from deployer.domain.plan import Action, ActionKind, Deferred, Mode, Plan
from deployer.domain.snapshot import Snapshot
from deployer.guard.context import GuardContext
from deployer.guard.lock import Hold, exclusive
from deployer.guard.outcome import ActResult, Outcome
from deployer.guard.reconsider import NoLonger, reconsider
from deployer.guard.telling import tell_due, tell_ended, undelivered
from deployer.guard.undeploy import undeploy
from deployer.policy.limit import bound
from deployer.policy.observe import observed, untold

SWEEP = "sweep"
"""The name of the lock under which one guard at a time tells and acts."""
BUSY = "another guard is acting at this moment"


@dataclass(frozen=True)
class CheckedPlan:
    """A plan with the snapshot that it was decided on, as a sweep makes it."""

    plan: Plan
    snapshot: Snapshot


def apply(context: GuardContext, checked: CheckedPlan) -> Outcome:
    """Tell and do what is due, unless another guard is at it."""
    with exclusive(context, SWEEP) as hold:
        if hold is None:
            return Outcome(held_back(checked.plan, BUSY))
        return apply_held(context, checked, hold)


def apply_held(context: GuardContext, checked: CheckedPlan, hold: Hold) -> Outcome:
    """As `apply`, for who holds the sweep's lock already. In mode observe it is only told what would be done."""
    if not _enforced(context, checked.plan):
        told = tell_due(context, untold(observed(checked.plan), context.ledger.decisions.history(context.clock.now())))
        return Outcome(checked.plan, told=told, failures=undelivered(told))
    plan = _bounded(context, checked.plan)
    told = tell_due(context, plan.actions)
    results = tuple(_act(context, checked.snapshot, action, hold) for action in dearest_first(plan.acts))
    return Outcome(plan, results=tell_ended(context, results), told=told, failures=undelivered(told), applied=True)


def dearest_first(acts: Iterable[Action]) -> list[Action]:
    """What burns most is ended first; an act whose price is not known comes last."""
    return sorted(acts, key=lambda act: act.hourly.amount if act.hourly else Decimal(0), reverse=True)


def _enforced(context: GuardContext, plan: Plan) -> bool:
    return plan.mode is Mode.ENFORCE and context.policies.mode is Mode.ENFORCE


def _bounded(context: GuardContext, plan: Plan) -> Plan:
    """The plan within the blast radius, and without acts while the guard is paused."""
    history = context.ledger.decisions.history(context.clock.now())
    if history.paused:
        return held_back(plan, "the guard is paused; `deployer guard resume` ends that")
    return bound(plan, context.policies, history)


def held_back(plan: Plan, reason: str) -> Plan:
    """The plan with its acts deferred."""
    rest = tuple(action for action in plan.actions if action.kind is not ActionKind.UNDEPLOY)
    return replace(plan, actions=rest, deferred=plan.deferred + tuple(Deferred(act, reason) for act in plan.acts))


def _act(context: GuardContext, whole: Snapshot, action: Action, hold: Hold) -> ActResult:
    """One undeploy, decided again on what is true at this moment."""
    if action.target is None:
        raise ValueError(f"an act of policy {action.policy} has no target")
    key = action.target.id.key
    if not hold.renew():
        return ActResult(ActKind.UNDEPLOY, key, Phase.WITHDRAWN, "another guard took over", action=action)
    still = reconsider(context, whole, action.target)
    if isinstance(still, NoLonger):
        return ActResult(ActKind.UNDEPLOY, key, still.phase, still.reason, action=action, unread=still.unread)
    result = undeploy(
        context,
        still.deployment,
        who=f"policy {still.action.policy}, rule {still.action.rule}",
        reason=still.action.reason,
        numbers=still.action.numbers,
    )
    return replace(result, action=still.action)
