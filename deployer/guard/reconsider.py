"""Deciding again, just before an act, on what is true at that moment.

Minutes pass between a decision and an act, and a crash can put hours between them. What was idle
may be in use again, protected, replaced by another instance or gone.
"""

from dataclasses import dataclass, replace

from deployer.domain.act import Phase
from deployer.domain.deployment import Deployment
from deployer.domain.plan import Action, Mode, Plan
from deployer.domain.snapshot import Snapshot
from deployer.domain.usage import Activity
from deployer.errors import CloudError
from deployer.guard.accounting import account_for
from deployer.guard.context import GuardContext
from deployer.guard.observation import usage_windows
from deployer.guard.view import build_view
from deployer.policy.decide import decide


@dataclass(frozen=True)
class Still:
    """The policies still ask for it: the action as decided now, and the deployment as it is now."""

    action: Action
    deployment: Deployment


@dataclass(frozen=True)
class NoLonger:
    """It is not to be done now, and why; failed when that could not even be found out."""

    reason: str
    phase: Phase = Phase.WITHDRAWN
    gone: bool = False
    replaced: bool = False
    unread: bool = False


def reconsider(context: GuardContext, whole: Snapshot, target: Deployment) -> Still | NoLonger:
    """Read the deployment and its usage again and decide again; `whole` is the rest of the world, as last seen."""
    found = locate(context, target)
    return found if isinstance(found, NoLonger) else _decide_again(context, whole, found)


def locate(context: GuardContext, target: Deployment) -> Deployment | NoLonger:
    """The same instance as it is now, or why there is nothing to act on."""
    provider = context.providers.get(target.id.provider)
    if provider is None:
        return NoLonger(f"{target.id.provider} is not configured any more", Phase.FAILED)
    try:
        fresh = provider.inventory.read(target.account, target.name)
    except CloudError as error:
        return NoLonger(f"it could not be read again: {error.message}", Phase.FAILED)
    if fresh is None:
        return NoLonger("it is gone already: the platform or somebody else removed it", gone=True)
    if fresh.replaces(target):
        return NoLonger("another instance stands under its name now", replaced=True)
    if fresh.created_at != target.created_at:
        return NoLonger("whether it is the same instance is not known: it did not always show its age", Phase.FAILED)
    return fresh


def _decide_again(context: GuardContext, whole: Snapshot, fresh: Deployment) -> Still | NoLonger:
    now = context.clock.now()
    seen = context.providers[fresh.id.provider].usage.observe([fresh], usage_windows(context.policies, now).steady)
    others = tuple(one for one in whole.deployments if one.id.key != fresh.id.key)
    usage = {key: reading for key, reading in whole.usage.items() if key != fresh.id.key} | dict(seen.readings)
    snapshot = replace(
        whole,
        as_of=now,
        deployments=(*others, fresh),
        usage=usage,
        aliveness={**whole.aliveness, **seen.aliveness},
    )
    snapshot = account_for(context, snapshot, fresh)
    view = build_view(context, snapshot)
    if view.history.paused:
        return NoLonger("the guard is paused")
    return _answer(decide(context.policies, view, now), fresh)


def _answer(plan: Plan, fresh: Deployment) -> Still | NoLonger:
    if plan.mode is not Mode.ENFORCE:
        return NoLonger("the policies only observe now")
    for action in plan.acts:
        if action.target is not None and action.target.id.key == fresh.id.key:
            return Still(action, fresh)
    found = [finding for finding in plan.findings if finding.deployment.id.key == fresh.id.key]
    reasons = "; ".join(finding.reason for finding in found) or "no policy matches it"
    unread = any(finding.state is Activity.UNKNOWN for finding in found)
    return NoLonger(f"no policy asks for it any more ({reasons})", unread=unread)
