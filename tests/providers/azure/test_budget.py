"""Azure's budgets as they are read: of every scope that holds accounts, with whom they tell and when."""

from decimal import Decimal
from typing import Any

import pytest

from deployer.domain.budget import Notice
from deployer.domain.money import Money
from deployer.ports.cloud import Provider
from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import Wire

PATH = "/providers/Microsoft.Consumption/budgets"
GROUP = "/resourceGroups/rg-models"
TUNED = "gpt-4.1-mini-2025-04-14.ft-0e208cf33a6a466994aff31a08aba678-triage"


def properties(amount: float = 500.5, **more: Any) -> dict[str, Any]:
    period = {"startDate": "2026-09-01T00:00:00Z", "endDate": "2027-09-01T00:00:00Z"}
    return {"category": "Cost", "amount": amount, "timeGrain": "Monthly", "timePeriod": period, **more}


def put(sandbox: Sandbox, name: str, scope: str = "", **more: Any) -> None:
    answer = Wire(sandbox).arm("PUT", f"{scope}{PATH}/{name}", {"properties": properties(**more)})
    assert answer.status == 201


def test_budgets_of_the_subscription_and_of_the_groups_are_read_once_each(sandbox: Sandbox, azure: Provider) -> None:
    put(sandbox, "whole")
    put(sandbox, "models", GROUP, amount=70)

    found, gaps = azure.billing.budgets(azure.inventory.observe().accounts)

    assert gaps == ()
    assert {one.name: (one.amount, one.period, one.scope.endswith(GROUP)) for one in found} == {
        "whole": (Money.of("500.5"), "month", False),
        "models": (Money.of(70), "month", True),
    }


def test_whom_a_budget_tells_and_what_it_foresees_is_read(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.create_deployments([{"account": "aoai-dev-eastus2", "name": "bot", "model": TUNED}])
    sandbox.client.advance(seconds=5 * 86_400)
    soon = {"enabled": True, "operator": "GreaterThan", "threshold": 80, "thresholdType": "Forecasted"}
    late = {"enabled": False, "operator": "GreaterThan", "threshold": 100.5, "contactRoles": ["Owner"]}
    group = "/subscriptions/s/resourceGroups/rg/providers/microsoft.insights/actionGroups/stop-all"
    put(
        sandbox, "team",
        notifications={"soon": {**soon, "contactEmails": ["a@example.com"], "contactGroups": [group]}, "late": late},
    )  # fmt: skip

    [found], _ = azure.billing.budgets(azure.inventory.observe().accounts)

    assert found.notices == (
        Notice("soon", Decimal("0.8"), forecast=True, told=("a@example.com",), groups=("stop-all",)),
        Notice("late", Decimal("1.005"), enabled=False, told=("Owner",)),
    )
    assert found.spent is not None
    assert found.forecast is not None
    assert found.forecast.amount > found.spent.amount > 0
    assert found.ends is not None


def test_a_filter_narrows_what_a_budget_counts(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.create_deployments([{"account": "aoai-dev-eastus2", "name": "bot", "model": TUNED}])
    sandbox.client.advance(seconds=5 * 86_400)
    other = next(one for one in azure.inventory.observe().accounts if "prod" in one.name)
    where = {"dimensions": {"name": "ResourceId", "operator": "In", "values": [other.resource_id]}}
    put(sandbox, "prod", filter=where)

    [found], _ = azure.billing.budgets([other])

    assert (found.spent, found.condition) == (Money.zero(), where)


def test_a_scope_that_may_not_be_read_says_which_role_is_missing(sandbox: Sandbox, azure: Provider) -> None:
    put(sandbox, "models", GROUP)
    sandbox.client.fault(
        {"operation": "budgets.list", "path": "subscriptions/[^/]*/providers", "kind": "status", "status": 403}
    )

    found, [gap] = azure.billing.budgets(azure.inventory.observe().accounts)

    assert [one.name for one in found] == ["models"]
    assert gap.what == "budgets"
    assert "Cost Management Reader" in gap.cause
    assert "Microsoft.Consumption/budgets/read" in gap.cause


@pytest.mark.parametrize("amount", ["much", [], {}])
def test_an_amount_that_is_none_is_a_gap_and_not_zero(sandbox: Sandbox, azure: Provider, amount: Any) -> None:
    row = {"id": "/x", "name": "odd", "properties": properties() | {"amount": amount}}
    sandbox.client.fault({"operation": "budgets.list", "kind": "status", "status": 200, "body": {"value": [row]}})

    found, gaps = azure.billing.budgets(azure.inventory.observe().accounts)

    assert (found, len(gaps)) == ((), 2)


def test_what_is_no_budget_of_money_and_what_lacks_its_parts_breaks_nothing(sandbox: Sandbox, azure: Provider) -> None:
    usage = {"name": "use", "properties": properties(category="Usage")}
    bare = {"name": "bare", "properties": {"Category": "cost", "Amount": 5, "notifications": {"x": None, "y": {}}}}
    body = {"value": [usage, bare]}
    sandbox.client.fault({"operation": "budgets.list", "kind": "status", "status": 200, "body": body})

    found, _ = azure.billing.budgets(azure.inventory.observe().accounts)

    assert {(one.name, one.period, one.spent) for one in found} == {("bare", "", None)}
    assert found[0].notices == (Notice("y", None),)
