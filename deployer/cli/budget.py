"""How the clouds' own budgets look in tables and documents: they tell by e-mail, and stop nothing."""

from typing import TYPE_CHECKING, Any

from deployer.cli.render import say
from deployer.policy.phrase import percent

if TYPE_CHECKING:
    from deployer.domain.budget import CloudBudget, Notice
    from deployer.reports.budget import BudgetLine


def budget_row(line: "BudgetLine") -> dict[str, Any]:
    """One budget with the keys that a cap has; it limits nothing, so `spend_limit` is null."""
    budget = line.budget
    return {
        "provider": budget.provider,
        "account": budget.scope,
        "name": budget.name,
        "spend_limit": None,
        "enforcing": False,
        "alerts": [_alert(budget, notice) for notice in budget.notices],
        "permissions": None,
        "models": None,
        "rate_limits": None,
        "not_observed": {},
        "as_of": budget.as_of,
        "budget": {
            "amount": budget.amount,
            "period": budget.period,
            "spent": budget.spent,
            "forecast": budget.forecast,
            "filter": budget.condition or None,
            "ends": budget.ends,
            "accounts": line.covers,
            "stops_calls": False,
            "compared": [{"policy": one.policy, "amount": one.amount, "more": one.more} for one in line.compared],
            "not_compared": line.incomparable or None,
        },
    }


def _alert(budget: "CloudBudget", notice: "Notice") -> dict[str, Any]:
    return {
        "id": notice.name,
        "amount": None if notice.share is None else f"{(budget.amount * notice.share).amount.normalize():f}",
        "currency": budget.amount.currency,
        "recipients": notice.told,
        "action_groups": notice.groups,
        "at": None if notice.share is None else percent(notice.share),
        "forecast": notice.forecast,
        "enabled": notice.enabled,
    }


def say_budget(line: "BudgetLine") -> None:
    """One budget in a few lines."""
    budget = line.budget
    say(f"{budget.provider} budget {budget} on {_place(budget.scope)}: it tells, a day late, and stops nothing")
    for notice in budget.notices:
        say(f"  {_told(notice)}")
    if not budget.notices:
        say("  nobody is told")
    for one in line.compared:
        say(f"  {one}; it counts everything else in its scope too")
    if line.incomparable:
        say(f"  compared with no policy: {line.incomparable}")


def _told(notice: "Notice") -> str:
    at = "?" if notice.share is None else percent(notice.share)
    whom = ", ".join(notice.told) or "nobody by e-mail"
    groups = f"; action groups {', '.join(notice.groups)} (what they start is yours)" if notice.groups else ""
    what = f"forecast {at}" if notice.forecast else at
    return f"at {what}: e-mail to {whom}{groups}" + ("" if notice.enabled else " (switched off)")


def _place(scope: str) -> str:
    """`subscription 1234, group rg-models` of an ARM id."""
    parts = [part for part in scope.split("/") if part]
    names = {kind.lower(): name for kind, name in zip(parts[::2], parts[1::2], strict=False)}
    group = names.get("resourcegroups")
    return f"subscription {names.get('subscriptions', scope)}" + (f", group {group}" if group else "")
