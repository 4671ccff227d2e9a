"""What awaits a deployment that was just made: when the policies as they stand will end it."""

from deployer.domain.deployment import Deployment
from deployer.domain.plan import Action, ActionKind
from deployer.domain.snapshot import Snapshot
from deployer.domain.usage import Aliveness, UsageReading
from deployer.guard.context import GuardContext
from deployer.guard.view import build_view
from deployer.policy.decide import decide, usage_window


def first_undeploy(context: GuardContext, made: Deployment) -> Action | None:
    """The earliest undeploy that is booked for it if nobody ever calls it; None when no rule ends it."""
    now = context.clock.now()
    tracked = context.ledger.readings.tracked()
    others = tuple(known.deployment for key, known in tracked.items() if key != made.id.key)
    snapshot = Snapshot(
        as_of=now,
        accounts=tuple({one.account.resource_id: one.account for one in (made, *others)}.values()),
        deployments=(made, *others),
        usage={made.id.key: UsageReading(made.id, usage_window(context.policies, now), complete=True)},
        aliveness={made.account.resource_id.lower(): Aliveness(True)},
    )
    plan = decide(context.policies, build_view(context, snapshot), now)
    booked = [
        action
        for action in (*plan.actions, *plan.upcoming)
        if action.kind is ActionKind.UNDEPLOY and action.target is not None and action.target.id.key == made.id.key
    ]
    return min(booked, key=lambda action: action.due, default=None)
