"""What a decision reads, put together from the snapshot, the price book and the ledger."""

from collections.abc import Iterable
from decimal import Decimal

from deployer.domain.charge import Bound, Charge, Spend
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.snapshot import Snapshot
from deployer.domain.subject import Subject, SubjectSpend
from deployer.guard.context import GuardContext
from deployer.policy.match import matches
from deployer.policy.view import View
from deployer.spend.accrual import hourly
from deployer.spend.budget import budget_period


def build_view(context: GuardContext, snapshot: Snapshot, unrecorded: Iterable[Charge] = ()) -> View:
    """The view at the snapshot's instant; `unrecorded` are charges that a read-only ledger could not take."""
    now = snapshot.as_of
    return View(
        snapshot=snapshot,
        hourly={one.id.key: hourly(one, context.book, now) for one in snapshot.deployments},
        spent=_spent_by_policy(context, snapshot, tuple(unrecorded)),
        history=context.ledger.decisions.history(now),
    )


def policy_spend(context: GuardContext, period: Period, name: str) -> tuple[SubjectSpend, ...]:
    """What the subjects of one policy cost in `period`, from the ledger."""
    policy = next(policy for policy in context.policies.policies if policy.name == name)
    return tuple(one for one in context.ledger.readings.spent(period) if matches(policy.match, one.subject))


def _spent_by_policy(
    context: GuardContext, snapshot: Snapshot, unrecorded: tuple[Charge, ...]
) -> dict[str, tuple[SubjectSpend, ...]]:
    by_period: dict[Period, tuple[SubjectSpend, ...]] = {}
    by_policy = {}
    for policy in context.policies.policies:
        if policy.budget is None:
            continue
        period = budget_period(policy.budget.period, policy.budget.timezone, snapshot.as_of)
        if period not in by_period:
            by_period[period] = context.ledger.readings.spent(period) + _pending(snapshot, unrecorded, period)
        by_policy[policy.name] = tuple(one for one in by_period[period] if matches(policy.match, one.subject))
    return by_policy


def _pending(snapshot: Snapshot, charges: tuple[Charge, ...], period: Period) -> tuple[SubjectSpend, ...]:
    subjects = {one.id.key: Subject.of(one) for one in snapshot.deployments}
    return tuple(
        SubjectSpend(subjects[charge.subject], _within(charge, period))
        for charge in charges
        if charge.subject in subjects and charge.period.overlap(period)
    )


def _within(charge: Charge, period: Period) -> Spend:
    """The share of a charge that falls into `period`."""
    if charge.amount is None:
        return Spend(Money.zero(), Money.zero(), (f"{charge.meter} of {charge.subject}",))
    shared = charge.period.overlap(period)
    whole = Decimal(str(charge.period.length.total_seconds()))
    part = Decimal(str(shared.length.total_seconds())) / whole if shared and whole else Decimal(1)
    amount = charge.amount * part
    low = amount if charge.bound is Bound.EXACT else Money.zero(amount.currency)
    return Spend(low, amount)
