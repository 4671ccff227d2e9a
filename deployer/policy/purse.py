"""A budget in its current period: what is spent of it, what burns it, and when a share of it will be gone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from deployer.domain.charge import Spend
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.policy.document import Budget
from deployer.policy.phrase import instant, percent
from deployer.policy.roster import Member
from deployer.policy.view import View
from deployer.spend.budget import budget_period, outlook
from deployer.spend.price import Unpriced

_MICROSECOND = timedelta(microseconds=1)
_HOUR = timedelta(hours=1) // _MICROSECOND


@dataclass(frozen=True)
class Purse:
    """`spent.high` is what limits are held against; `burn` is what all that stands adds each hour.

    `unpriced` names what has no known price: with one, every sum is "at least".
    """

    budget: Budget
    period: Period
    spent: Spend
    burn: Money
    unpriced: tuple[str, ...] = ()

    @property
    def share(self) -> Decimal:
        """The part of the budget that is spent, upper bound; 1 is all of it."""
        return self.spent.high.amount / self.budget.amount.amount

    def reached(self, at: Decimal, now: datetime) -> datetime | None:
        """When this share of the budget is gone: `now` when it is; None when not in this period."""
        reached = outlook(self.spent.high, self.burn, self.budget.amount * at, now)
        return reached if reached is not None and reached < self.period.end else None

    def projected(self, now: datetime) -> Money:
        """What will be spent by the end of the period if all that stands goes on standing."""
        left = max(self.period.end - now, timedelta(0)) // _MICROSECOND
        return self.spent.high + self.burn * (Decimal(left) / _HOUR)

    def told(self) -> str:
        """`$120.40 of $300.00 spent since 2026-09-01 00:00Z (40%), burning $3.40/h`."""
        least = "at least " if self.unpriced else ""
        share = percent(self.share.quantize(Decimal("0.01")))
        spent = f"{least}{self.spent.high} of {self.budget.amount} spent since {instant(self.period.start)}"
        missing = f"; no price known for {', '.join(self.unpriced)}" if self.unpriced else ""
        return f"{spent} ({least}{share}), burning {least}{self.burn}/h{missing}"


def purse_of(budget: Budget, name: str, members: Iterable[Member], view: View, now: datetime) -> Purse | None:
    """The budget of all that policy `name` matches; None when what it spent is not known."""
    spent = view.spent.get(name)
    if spent is None:
        return None
    return _purse(budget, Spend.zero(budget.amount.currency), (entry.spend for entry in spent), members, view, now)


def purse_of_one(budget: Budget, name: str, member: Member, view: View, now: datetime) -> Purse | None:
    """The budget of one deployment, for `share: each`."""
    spent = view.spent.get(name)
    if spent is None:
        return None
    own = (entry.spend for entry in spent if entry.subject.key == member.key)
    return _purse(budget, Spend.zero(budget.amount.currency), own, (member,), view, now)


def _purse(
    budget: Budget, zero: Spend, spends: Iterable[Spend], members: Iterable[Member], view: View, now: datetime
) -> Purse:
    total = sum(spends, zero)
    rates = [view.burn(member.deployment) for member in members]
    burn = Money.total((rate for rate in rates if isinstance(rate, Money)), budget.amount.currency)
    unknown = (rate.what for rate in rates if isinstance(rate, Unpriced))
    return Purse(
        budget=budget,
        period=budget_period(budget.period, budget.timezone, now),
        spent=total,
        burn=burn,
        unpriced=tuple(dict.fromkeys((*total.unpriced, *unknown))),
    )
