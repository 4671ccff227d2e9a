"""The blast radius: how much one sweep, and one day, may do at most."""

from dataclasses import replace
from decimal import Decimal

from deployer.domain.plan import Action, Deferred, History, Plan
from deployer.policy.document import Limits, PolicySet


def bound(plan: Plan, policies: PolicySet, history: History) -> Plan:
    """The same plan with at most as many acts as the limits allow: dearest first, the rest deferred."""
    acts = sorted(plan.acts, key=dearest_first)
    allowed, why = _allowance(policies.limits, _matched(plan), history.acts_today)
    if len(acts) <= allowed:
        return plan
    late = {id(action) for action in acts[allowed:]}
    return replace(
        plan,
        actions=tuple(action for action in plan.actions if id(action) not in late),
        deferred=plan.deferred + tuple(Deferred(action, why) for action in acts[allowed:]),
    )


def _allowance(limits: Limits, matched: int, acts_today: int) -> tuple[int, str]:
    by_share = max(1, int(limits.max_share * matched))
    per_sweep = min(limits.max_actions, by_share)
    left_today = max(0, limits.per_day - acts_today)
    if left_today < per_sweep:
        return left_today, f"{acts_today} acts were done today and the limit is {limits.per_day} a day"
    share = f"{(limits.max_share * 100).normalize():f}%"
    return per_sweep, (
        f"the limit is {per_sweep} act{'s' if per_sweep != 1 else ''} a sweep (max_actions {limits.max_actions}; "
        f"max_share {share} of {matched} matched deployments is {by_share})"
    )


def _matched(plan: Plan) -> int:
    return len({finding.deployment.id.key for finding in plan.findings})


def dearest_first(action: Action) -> tuple[Decimal, str]:
    """The order of acts; what has no known price comes last."""
    hourly = action.hourly.amount if action.hourly else Decimal(0)
    return -hourly, action.target.id.key if action.target else ""
