"""Spend as people ask for it: per deployment, policy, account or meter, accrued beside billed.

What is accrued is known now; a bill comes a day or more late and only by account, so other
groupings show none. A sum with an unpriced member says so: it is a lower bound.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from deployer.domain.charge import Bill, Bound, Charge, Spend
from deployer.domain.money import Money
from deployer.domain.snapshot import Tracked
from deployer.domain.subject import Subject, SubjectSpend
from deployer.policy.document import Policy
from deployer.policy.match import matching
from deployer.ports.ledger import Readings
from deployer.spend.standing import PROVISIONED

NO_POLICY = "UNGUARDED"
_USUAL_LAG = timedelta(hours=2)
"""A look reads use to the last whole hour, ten minutes ago: use is never known up to its instant."""
_EVER = datetime(2020, 1, 1, tzinfo=UTC)


class Grouping(StrEnum):
    DEPLOYMENT = "deployment"
    POLICY = "policy"
    ACCOUNT = "account"
    METER = "meter"


@dataclass(frozen=True)
class Group:
    """One line: what was accrued, what the vendor billed (None: no bill is known), and how old the bill is."""

    name: str
    accrued: Spend
    billed: Money | None = None
    billed_as_of: datetime | None = None
    members: tuple[str, ...] = ()

    @property
    def gap(self) -> Money | None:
        """Accrued (upper bound) less billed; a positive gap is mostly what is not billed yet."""
        if self.billed is None or self.billed.currency != self.accrued.high.currency:
            return None
        return self.accrued.high - self.billed


@dataclass
class _Sum:
    accrued: Spend | None = None
    members: list[str] = field(default_factory=list)

    def add(self, spend: Spend, member: str) -> None:
        self.accrued = spend if self.accrued is None else self.accrued + spend
        self.members.append(member)


def by_deployment(spent: Iterable[SubjectSpend]) -> tuple[Group, ...]:
    return _grouped(spent, lambda subject: (subject.key,))


def by_policy(spent: Iterable[SubjectSpend], policies: Sequence[Policy]) -> tuple[Group, ...]:
    """What two policies match counts in both, as it does in their budgets."""

    def names(subject: Subject) -> tuple[str, ...]:
        return tuple(policy.name for policy in matching(policies, subject)) or (NO_POLICY,)

    return _grouped(spent, names)


def by_account(spent: Iterable[SubjectSpend], bills: Iterable[Bill]) -> tuple[Group, ...]:
    """Accrued beside billed; an account that only the bill names is shown too."""
    known = list(bills)
    groups = {group.name: group for group in _grouped(spent, lambda subject: (subject.account.lower(),))}
    names = [*groups, *sorted({bill.account.lower() for bill in known} - groups.keys())]
    return tuple(_with_bill(groups.get(name), name, known) for name in names)


def by_meter(charges: Iterable[Charge]) -> tuple[Group, ...]:
    sums: dict[str, _Sum] = {}
    for charge in charges:
        sums.setdefault(charge.meter.value, _Sum()).add(_spend(charge), charge.subject)
    return _sorted(sums)


def total(spent: Iterable[SubjectSpend], bills: Iterable[Bill]) -> Group:
    """Everything, each subject once."""
    whole = _Sum()
    for item in spent:
        whole.add(item.spend, item.subject.key)
    known = list(bills)
    group = Group("total", whole.accrued or Spend.zero(), members=tuple(whole.members))
    return _billed(group, known)


def last_seen(readings: Readings, now: datetime) -> datetime | None:
    """Up to when what stands, or stood at last, is accounted for; None when the ledger knows of nothing that ever did.

    A cloud's clock that is ahead of ours puts that later than now.
    """
    standing = [max(tracked.accrued_to, tracked.last_seen) for tracked in readings.tracked().values()]
    ended = [] if standing else [one.at for one in readings.gone(_EVER)]
    return max((min(at, now) for at in (*standing, *ended)), default=None)


def uncounted(readings: Readings) -> tuple[Tracked, ...]:
    """What stands and pays by the token, and whose use was not read up to the last look: its tokens are missing."""
    return tuple(
        one
        for one in readings.tracked().values()
        if one.deployment.tier not in PROVISIONED
        and (one.used_to is None or one.last_seen - one.used_to > _USUAL_LAG)
        and one.last_seen - one.first_seen > _USUAL_LAG
    )


def _grouped(spent: Iterable[SubjectSpend], names: Callable[[Subject], tuple[str, ...]]) -> tuple[Group, ...]:
    sums: dict[str, _Sum] = {}
    for item in spent:
        for name in names(item.subject):
            sums.setdefault(name, _Sum()).add(item.spend, item.subject.key)
    return _sorted(sums)


def _sorted(sums: dict[str, _Sum]) -> tuple[Group, ...]:
    groups = [
        Group(name, item.accrued or Spend.zero(), members=tuple(dict.fromkeys(item.members)))
        for name, item in sums.items()
    ]
    return tuple(sorted(groups, key=lambda group: (-group.accrued.high.amount, group.name)))


def _with_bill(group: Group | None, name: str, bills: Sequence[Bill]) -> Group:
    mine = [bill for bill in bills if bill.account.lower() == name]
    return _billed(group or Group(name, Spend.zero()), mine)


def _billed(group: Group, bills: Sequence[Bill]) -> Group:
    if not bills:
        return group
    currency = bills[0].amount.currency
    amount = Money.total((bill.amount for bill in bills if bill.amount.currency == currency), currency)
    newest = max(bill.as_of for bill in bills)
    return Group(group.name, group.accrued, amount, newest, group.members)


def _spend(charge: Charge) -> Spend:
    if charge.amount is None:
        return Spend(Money.zero(), Money.zero(), (charge.source,))
    low = Money.zero(charge.amount.currency) if charge.bound is Bound.UPPER else charge.amount
    return Spend(low, charge.amount)
