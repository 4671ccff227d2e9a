"""Where spend is heading, per policy (against its budget) or per deployment, from the ledger alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from deployer.domain.charge import Spend, VendorForecast
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.snapshot import Tracked
from deployer.domain.subject import Subject, SubjectSpend
from deployer.policy.document import Budget, Policy, Share
from deployer.policy.match import matching
from deployer.ports.ledger import Readings
from deployer.reports.spend import NO_POLICY
from deployer.spend.budget import budget_period, outlook
from deployer.spend.forecast import RUN_RATE_WINDOW, Forecast, forecast, run_rate
from deployer.spend.price import PriceBook
from deployer.spend.standing import hourly


@dataclass(frozen=True)
class Basis:
    """What a forecast stands on, read once."""

    readings: Readings
    book: PriceBook
    tracked: Mapping[str, Tracked]
    metered: Mapping[str, Sequence[Money]]
    """What tokens have cost lately, by subject key."""
    now: datetime


@dataclass(frozen=True)
class Outlook:
    """One forecast; with a budget, the share of it that will be used and when it is reached at the present burn.

    `vendor` is the vendor's own forecast for the same, where there is one: late, and of the bill.
    """

    name: str
    forecast: Forecast
    budget: Money | None = None
    reached: datetime | None = None
    vendor: VendorForecast | None = None

    @property
    def share(self) -> Decimal | None:
        if self.budget is None or not self.budget.amount:
            return None
        return self.forecast.expected.high.amount / self.budget.amount


def read_basis(readings: Readings, book: PriceBook, now: datetime) -> Basis:
    metered: dict[str, list[Money]] = {}
    for key, cost in readings.metered(Period(now - RUN_RATE_WINDOW, now)):
        metered.setdefault(key, []).append(cost)
    return Basis(readings, book, readings.tracked(), metered, now)


def by_deployment(basis: Basis, period: str) -> tuple[Outlook, ...]:
    span = budget_period(period, "UTC", basis.now)
    spent = basis.readings.spent(span)
    costs, names = _by_key(spent), dict.fromkeys([*basis.tracked, *(item.subject.key for item in spent)])
    return _sorted(Outlook(name, _forecast(basis, span, costs, (name,))) for name in names)


def by_policy(basis: Basis, policies: Sequence[Policy], period: str) -> tuple[Outlook, ...]:
    """Each policy over its own budget period, and what no policy matches over `period`."""
    span = budget_period(period, "UTC", basis.now)
    outlooks = [one for policy in policies for one in _of_policy(basis, policy, span)]
    spent = basis.readings.spent(span)
    alone = [key for key, subject in _subjects(basis, spent).items() if not matching(policies, subject)]
    if alone:
        outlooks.append(Outlook(NO_POLICY, _forecast(basis, span, _by_key(spent), alone)))
    return _sorted(outlooks)


def by_vendor(basis: Basis, forecasts: Iterable[VendorForecast]) -> tuple[Outlook, ...]:
    """Ours for the same accounts and period as each of the vendor's."""
    outlooks: list[Outlook] = []
    for theirs in forecasts:
        spent, names = basis.readings.spent(theirs.period), {name.lower() for name in theirs.accounts}
        subjects = _subjects(basis, spent)
        keys = [key for key, subject in subjects.items() if subject.account.lower() in names]
        ours = _forecast(basis, theirs.period, _by_key(spent), keys)
        outlooks.append(Outlook(theirs.scope, ours, vendor=theirs))
    return _sorted(outlooks)


def _of_policy(basis: Basis, policy: Policy, default: Period) -> tuple[Outlook, ...]:
    """One outlook, or one for each deployment where each has the whole budget for itself."""
    budget = policy.budget
    span = budget_period(budget.period, budget.timezone, basis.now) if budget else default
    spent = basis.readings.spent(span)
    costs = _by_key(spent)
    matched = [key for key, subject in _subjects(basis, spent).items() if matching([policy], subject)]
    if budget is None:
        return (Outlook(policy.name, _forecast(basis, span, costs, matched)),)
    if budget.share is Share.EACH and matched:
        names = {key: f"{policy.name}: {key}" for key in sorted(matched)}
        parts = [(name, _forecast(basis, span, costs, (key,))) for key, name in names.items()]
    else:
        parts = [(policy.name, _forecast(basis, span, costs, matched))]
    return tuple(_against(budget, span, name, expected, basis.now) for name, expected in parts)


def _against(budget: Budget, span: Period, name: str, expected: Forecast, now: datetime) -> Outlook:
    reached = outlook(expected.spent.high, expected.hourly, budget.amount, now)
    within = reached if reached is not None and reached < span.end else None
    return Outlook(name, expected, budget.amount, within)


def _subjects(basis: Basis, spent: Iterable[SubjectSpend]) -> dict[str, Subject]:
    known = {item.subject.key: item.subject for item in spent}
    return known | {key: Subject.of(tracked.deployment) for key, tracked in basis.tracked.items()}


def _by_key(spent: Iterable[SubjectSpend]) -> dict[str, list[Spend]]:
    """Of all instances of a name."""
    found: dict[str, list[Spend]] = {}
    for item in spent:
        found.setdefault(item.subject.key, []).append(item.spend)
    return found


def _forecast(basis: Basis, span: Period, spent: Mapping[str, Sequence[Spend]], keys: Sequence[str]) -> Forecast:
    """Of these subjects together; each is looked up, because there may be thousands of forecasts."""
    standing = [hourly(basis.tracked[key].deployment, basis.book, basis.now) for key in keys if key in basis.tracked]
    so_far = sum((spend for key in keys for spend in spent.get(key, ())), Spend.zero())
    window = Period(basis.now - RUN_RATE_WINDOW, basis.now)
    tokens = run_rate((cost for key in keys for cost in basis.metered.get(key, ())), window)
    return forecast(so_far, standing, tokens, span, basis.now)


def _sorted(outlooks: Iterable[Outlook]) -> tuple[Outlook, ...]:
    return tuple(sorted(outlooks, key=lambda item: (-item.forecast.expected.high.amount, item.name)))
