"""The gate: money is reserved in the ledger before something that will cost is started.

The ledger adds and holds in one transaction, so of two starts that fit only singly one is
refused. A refusal shows its arithmetic; going over takes a person's reason, which is journalled.
"""

from dataclasses import dataclass
from datetime import datetime

from deployer.domain.charge import Spend
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.subject import Subject
from deployer.errors import Refused
from deployer.guard.context import GuardContext
from deployer.guard.holding import RESERVATIONS, RESERVED, counted_twice, release_ended, release_orphans, settle_ids
from deployer.guard.view import policy_spend
from deployer.policy.document import Budget, Policy, Share
from deployer.policy.match import Conflict, governing, matches
from deployer.ports.ledger import Reservation, ReservationRefusal, ReservationRequest
from deployer.spend.accrual import hourly as hourly_of
from deployer.spend.budget import budget_period
from deployer.spend.forecast import RUN_RATE_WINDOW, Forecast, forecast, run_rate
from deployer.spend.price import Unpriced

__all__ = ["Pass", "gate", "refusal_text", "settle", "settle_ids"]


@dataclass(frozen=True)
class Pass:
    """What the gate let through: what is held, under which policies, and what to say loudly."""

    reservations: tuple[Reservation, ...] = ()
    policies: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def numbers(self) -> dict[str, str]:
        """For the journal, so that a crash does not hold money for ever."""
        if not self.reservations:
            return {}
        ids = " ".join(str(one.id) for one in self.reservations)
        return {RESERVATIONS: ids, RESERVED: f"{self.reservations[0].amount.amount:f}"}


def gate(
    context: GuardContext,
    subject: Subject,
    amount: Money | Unpriced,
    *,
    what: str,
    override: str = "",
    unguarded: bool = False,
    hourly: Money | None = None,
) -> Pass:
    """Reserve `amount` under the budget that governs `subject`, or raise `Refused` with the arithmetic.

    `what` names the thing in messages ("24 h of hosting", "this job"); `override` is the person's
    reason to go over; `hourly` is what it burns afterwards, for the forecast.
    """
    policy = governing(context.policies.policies, subject, "budget")
    if isinstance(policy, Conflict):
        raise Refused(f"no budget can be held: {policy}", next_step="mend the policies; `deployer policy check`")
    if isinstance(amount, Unpriced):
        return _without_price(amount, what, override or ("unguarded" if unguarded else ""))
    if policy is None or policy.budget is None:
        unlimited = f"no budget governs {subject.name}: {what} ({amount}) is not limited"
        return Pass(warnings=(unlimited,) if amount.amount else ())
    return _reserve(context, subject, policy, policy.budget, _Ask(amount, what, override, hourly))


def settle(context: GuardContext, passed: Pass, at: datetime, outcome: str) -> None:
    """End the reservations: what they stood for is a charge by now, or never happened."""
    for reservation in passed.reservations:
        context.ledger.reservations.settle(reservation.id, at, outcome)


@dataclass(frozen=True)
class _Ask:
    amount: Money
    what: str
    override: str
    hourly: Money | None


def _without_price(amount: Unpriced, what: str, override: str) -> Pass:
    if not override:
        raise Refused(
            f"{amount}, so {what} cannot be held against a budget: what has no known price is not free",
            next_step="`deployer price list` shows what is priced; --over-budget REASON goes on without a price",
        )
    return Pass(warnings=(f"{amount}: {what} is not held against any budget",))


def _reserve(context: GuardContext, subject: Subject, policy: Policy, budget: Budget, ask: _Ask) -> Pass:
    now = context.clock.now()
    period = budget_period(budget.period, budget.timezone, now)
    each = budget.share is Share.EACH
    members = policy_spend(context, period, policy.name)
    counted = [one for one in members if not each or one.subject.key == subject.key]
    spent = sum((one.spend for one in counted), Spend.zero(budget.amount.currency))
    release_orphans(context)
    double = counted_twice(release_ended(context), counted, budget.amount.currency)
    answer = context.ledger.reservations.reserve(
        [
            ReservationRequest(
                policy=f"{policy.name} {subject.key}" if each else policy.name,
                period=period,
                subject=subject,
                amount=ask.amount,
                spent=spent.high - double,
                limit=budget.amount,
                at=now,
                override=ask.override,
            )
        ]
    )
    if isinstance(answer, ReservationRefusal):
        raise Refused(
            refusal_text(policy.name, budget, answer, unpriced=spent.unpriced),
            next_step="wait for the next period, raise the budget, or give --over-budget REASON",
        )
    warnings = _warnings(context, policy, budget, spent, ask, period)
    return Pass(answer, (policy.name,), warnings)


def refusal_text(policy: str, budget: Budget, no: ReservationRefusal, *, unpriced: tuple[str, ...] = ()) -> str:
    """The arithmetic of a no, in one line."""
    total = no.spent + no.reserved + no.asked
    at_least = "at least " if unpriced else ""
    return (
        f"policy {policy}: spent {at_least}{no.spent} + reserved {no.reserved} + this {no.asked} = {at_least}{total} "
        f"is over {amount_text(budget)} by {total - no.limit}"
    )


def amount_text(budget: Budget) -> str:
    """`300.00 USD a month`."""
    return f"{budget.amount.amount:,.2f} {budget.amount.currency} a {budget.period}"


def _warnings(
    context: GuardContext, policy: Policy, budget: Budget, spent: Spend, ask: _Ask, period: Period
) -> tuple[str, ...]:
    warnings = []
    if ask.override:
        warnings.append(f"the budget of policy {policy.name} was overridden: {ask.override}")
    if spent.unpriced:
        warnings.append(f"policy {policy.name} has spent at least {spent.high}: {'; '.join(spent.unpriced)}")
    expected = _forecast(context, policy, spent, ask, period).expected.high
    if expected > budget.amount:
        warnings.append(
            f"policy {policy.name} is heading for {expected} by {period.end:%Y-%m-%d %H:%M} UTC, "
            f"{expected - budget.amount} over {amount_text(budget)}"
        )
    return tuple(warnings)


def _forecast(context: GuardContext, policy: Policy, spent: Spend, ask: _Ask, period: Period) -> Forecast:
    """Where the policy is heading once what is asked for burns too; a job is spent at once."""
    now = context.clock.now()
    standing = [
        hourly_of(known.deployment, context.book, now)
        for known in context.ledger.readings.tracked().values()
        if matches(policy.match, Subject.of(known.deployment))
    ]
    asked = ask.amount if ask.hourly is None else Money.zero(ask.amount.currency)
    week = Period(now - RUN_RATE_WINDOW, now)
    members = {one.subject.key for one in policy_spend(context, week, policy.name)}
    tokens = run_rate((cost for key, cost in context.ledger.readings.metered(week) if key in members), week)
    burning = [*standing, ask.hourly] if ask.hourly else standing
    return forecast(spent + Spend(asked, asked), burning, tokens, period, now)
