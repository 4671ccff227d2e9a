"""The budgets that people set in the clouds, beside ours: what each covers, and whether a policy says the same.

A vendor's budget is days late and stops nothing, so it is a backstop that tells. It counts everything in its scope,
also what is no model; it is compared with a policy only where both are about the same accounts and the same period.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deployer.domain.budget import CloudBudget
from deployer.domain.deployment import Account, account_names
from deployer.domain.money import Money
from deployer.domain.snapshot import Gap
from deployer.policy.document import Budget, Match, Policy, Share
from deployer.policy.match import fits
from deployer.ports.cloud import Provider
from deployer.reports.survey import survey


@dataclass(frozen=True)
class Compared:
    """A policy about the same accounts and period; `more` is what the cloud's budget has above its amount."""

    policy: str
    amount: Money
    more: Money

    def __str__(self) -> str:
        if not self.more.amount:
            return f"the same as policy {self.policy}"
        size = self.more if self.more.amount > 0 else Money.zero(self.more.currency) - self.more
        return f"{size} {'above' if self.more.amount > 0 else 'below'} policy {self.policy} ({self.amount})"


@dataclass(frozen=True)
class BudgetLine:
    """One budget; `covers` are names of accounts, None where its filter is not about accounts alone."""

    budget: CloudBudget
    covers: tuple[str, ...] | None
    compared: tuple[Compared, ...] = ()

    @property
    def incomparable(self) -> str:
        """Why no policy stands beside it; "" when one does."""
        if self.compared:
            return ""
        if self.covers is None:
            return "its filter is not about accounts alone"
        return "no policy is about the same accounts and period" if self.covers else "no account is in its scope"


@dataclass(frozen=True)
class BudgetSurvey:
    lines: tuple[BudgetLine, ...] = ()
    gaps: tuple[Gap, ...] = ()


def survey_budgets(
    providers: Mapping[str, Provider], policies: Sequence[Policy], now: datetime, name: str = ""
) -> BudgetSurvey:
    """Every budget that the clouds show, or those of that name; a scope that could not be read is a gap."""
    seen = survey(providers, now, usage=False)
    lines: list[BudgetLine] = []
    gaps = [gap for gap in seen.gaps if gap.what == "accounts"]
    for cloud, provider in providers.items():
        mine = [account for account in seen.accounts if account.provider == cloud]
        found, missed = provider.billing.budgets(mine)
        chosen = [one for one in found if name.lower() in ("", one.name.lower())]
        lines += [line_of(one, seen.accounts, policies) for one in chosen]
        gaps += missed
    return BudgetSurvey(tuple(lines), tuple(gaps))


def line_of(budget: CloudBudget, accounts: Sequence[Account], policies: Iterable[Policy]) -> BudgetLine:
    """One budget beside the policies that are about exactly the accounts that it covers."""
    mine = [account for account in accounts if account.provider == budget.provider]
    covered = covered_by(budget, mine)
    if not covered:
        return BudgetLine(budget, None if covered is None else ())
    ids = {account.resource_id.lower() for account in covered}
    compared = tuple(
        Compared(policy.name, own.amount, budget.amount - own.amount)
        for policy, own in _comparable(budget, policies)
        if {account.resource_id.lower() for account in accounts if _about(policy.match, account)} == ids
    )
    return BudgetLine(budget, tuple(account.name for account in covered), compared)


def covered_by(budget: CloudBudget, accounts: Iterable[Account]) -> list[Account] | None:
    """The accounts in its scope that pass its filter; None when that asks for more than which account it is."""
    scope = budget.scope.lower().rstrip("/") + "/"
    within = [account for account in accounts if account.resource_id.lower().startswith(scope)]
    for wanted in _conditions(budget.condition):
        told = _FACTS.get(str(wanted.get("name", "")).lower())
        values = wanted.get("values")
        if told is None or str(wanted.get("operator", "In")).lower() != "in" or not isinstance(values, list):
            return None
        allowed = {str(value).lower() for value in values}
        within = [account for account in within if told(account).lower() in allowed]
    return within


_FACTS = {
    "resourceid": lambda account: account.resource_id,
    "resourcegroup": lambda account: account.resource_group,
    "resourcegroupname": lambda account: account.resource_group,
    "subscriptionid": lambda account: account.subscription,
}
"""Dimensions of a filter that choose whole accounts."""


def _conditions(condition: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Each dimension that is asked for; a tag, or anything not understood, as one without a name."""
    every = condition.get("and")
    for part in every if isinstance(every, list) else [condition] if condition else []:
        dimension = part.get("dimensions") if isinstance(part, Mapping) else None
        yield dimension if isinstance(dimension, Mapping) else {}


def _comparable(budget: CloudBudget, policies: Iterable[Policy]) -> Iterator[tuple[Policy, Budget]]:
    """Policies with one sum over whole accounts, of the same period and currency."""
    for policy in policies:
        own, match = policy.budget, policy.match
        narrowed = match.deployment or match.model or match.tags or match.managed is not None
        if own is None or own.share is Share.EACH or narrowed or match.fine_tuned is not None:
            continue
        if own.period == budget.period and own.amount.currency == budget.amount.currency:
            yield policy, own


def _about(match: Match, account: Account) -> bool:
    names = account_names(account.name)
    where = not match.account or any(fits(pattern, name) for pattern in match.account for name in names)
    return where and (not match.provider or any(fits(pattern, account.provider) for pattern in match.provider))
