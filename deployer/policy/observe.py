"""Mode observe: what would be done is told once for each stretch, and promises nothing.

What is told here is never taken for the warning that goes before an act, so that a change to
`mode: enforce` begins with a warning like any other.
"""

from collections.abc import Iterable
from dataclasses import replace

from deployer.domain.plan import Action, ActionKind, History, Plan
from deployer.policy.schedule import WILL_BE

WOULD_BE = "in mode enforce it would be undeployed at"
NOTHING_IS_DONE = "the mode is observe: nothing is done"


def without_promise(action: Action) -> Action:
    """A warning in words that do not say that something will happen."""
    return replace(action, reason=action.reason.replace(WILL_BE, WOULD_BE))


def observed(plan: Plan) -> tuple[Action, ...]:
    """What the plan tells in mode observe: its alerts, and one for each warning and undeploy that is due."""
    due = (*plan.actions, *(late.action for late in plan.deferred))
    return tuple(action if action.kind is ActionKind.ALERT else _as_alert(action) for action in due)


def untold(actions: Iterable[Action], history: History) -> tuple[Action, ...]:
    """Those whose episode was not told yet."""
    return tuple(action for action in actions if not was_told(action.policy, action.episode, history))


def was_told(policy: str, episode: str, history: History) -> bool:
    """Whether an episode was told; one that began before the window may have been told by its start."""
    if (policy, episode) in history.alerts:
        return True
    stem = episode.removesuffix("before")
    return stem != episode and any(name == policy and told.startswith(stem) for name, told in history.alerts)


def _as_alert(action: Action) -> Action:
    now = "" if action.kind is ActionKind.WARN else "in mode enforce it would be undeployed now; "
    key = action.target.id.key if action.target else ""
    return replace(
        action,
        kind=ActionKind.ALERT,
        reason=f"{action.reason}; {now}{NOTHING_IS_DONE}",
        episode=f"observed:{key}:{action.episode}",
    )
