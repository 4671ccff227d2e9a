"""What tools ask of money in Azure beside the daily query: what is gone, dimensions, tags, alerts, usage details."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, TUNED, account_path
from tests.vendor.test_management_tools import Shell
from tests.vendor.tool import Tool, told

START = datetime(2026, 9, 1, tzinfo=UTC)
DAY = timedelta(days=1)
COSTS = "/providers/Microsoft.CostManagement"
BUDGET = {
    "category": "Cost",
    "amount": 100,
    "timeGrain": "Monthly",
    "timePeriod": {"startDate": "2026-09-01T00:00:00Z", "endDate": "2027-09-01T00:00:00Z"},
    "notifications": {
        "half": {"enabled": True, "operator": "GreaterThan", "threshold": 50, "contactEmails": ["a@example.com"]},
        "most": {"enabled": True, "operator": "GreaterThan", "threshold": 900, "contactEmails": ["a@example.com"]},
    },
}


@pytest.fixture
def shell(sandbox: Sandbox) -> Iterator[Shell]:
    """Two days of hosting and the minute that its deletion took: 81.60 USD and three cents, and their costs told."""
    sandbox.client.create_deployments([{"account": DEV, "name": "support", "model": TUNED}])
    sandbox.client.advance(to=START + 2 * DAY)
    made = Tool(sandbox)
    with made.session:
        found = Shell(made)
        found.ask("DELETE", f"{account_path(DEV)}/deployments/support")
        sandbox.client.advance(to=START + 4 * DAY)
        yield found


def query(shell: Shell, scope: str = "", **dataset: Any) -> Any:
    total = {"totalCost": {"name": "Cost", "function": "Sum"}}
    period = {"from": START.isoformat(), "to": (START + 5 * DAY).isoformat()}
    dataset = {"granularity": "None", "aggregation": total} | dataset
    body = {"type": "ActualCost", "timeframe": "Custom", "timePeriod": period, "dataset": dataset}
    answer = shell.ask("POST", f"{scope}{COSTS}/query", body)
    return answer.json()["properties"] if answer.status_code == 200 else answer


def rows(found: Any) -> list[list[Any]]:
    return [[round(row[0], 1), *row[1:]] for row in found["rows"]]


def test_costs_of_an_account_that_was_deleted_and_purged_stay(shell: Shell) -> None:
    before = rows(query(shell))
    assert shell.ask("DELETE", account_path(DEV)).status_code == 200
    assert rows(query(shell)) == before == [[81.6, "USD"]]
    kept = f"/providers/Microsoft.CognitiveServices/locations/eastus2/resourceGroups/rg-models/deletedAccounts/{DEV}"
    assert shell.ask("DELETE", kept).status_code == 200
    assert rows(query(shell, account_path(DEV))) == before
    again = {"location": "westus", "kind": "OpenAI", "sku": {"name": "S0"}}
    assert shell.ask("PUT", account_path(DEV), again).status_code == 201
    assert rows(query(shell, grouping=[{"type": "Dimension", "name": "ResourceLocation"}])) == [
        [81.6, "eastus2", "USD"]
    ]


def test_costs_are_grouped_by_tag_and_month_and_sorted(shell: Shell) -> None:
    tagged = query(shell, grouping=[{"type": "TagKey", "name": "env"}])
    assert [column["name"] for column in tagged["columns"]] == ["Cost", "TagKey", "TagValue", "Currency"]
    assert rows(tagged) == [[81.6, "env", "dev", "USD"]]
    assert rows(query(shell, granularity="Monthly")) == [[81.6, "2026-09-01T00:00:00", "USD"]]
    falling = query(shell, granularity="Daily", sorting=[{"name": "UsageDate", "direction": "descending"}])
    assert [row[1] for row in falling["rows"]] == [20260903, 20260902, 20260901]
    assert told(query(shell, granularity="Hourly")) == (400, "BadRequest")
    assert told(query(shell, sorting=[{"name": "Colour"}])) == (400, "BadRequest")


def test_dimensions_have_their_values_when_asked_for(shell: Shell) -> None:
    plain = shell.ask("GET", f"{COSTS}/dimensions").json()["value"]
    assert {"Meter", "ResourceGroupName", "ServiceName"} <= {one["name"] for one in plain}
    assert all(one["properties"]["data"] == [] for one in plain)
    full = shell.ask("GET", f"{COSTS}/dimensions?$expand=properties/data").json()["value"]
    values = {one["name"]: one["properties"]["data"] for one in full}
    assert (values["ResourceLocation"], values["ServiceName"]) == (["eastus2"], ["Foundry Models"])


def test_a_budget_that_was_passed_raises_an_alert_that_can_be_dismissed(shell: Shell) -> None:
    made = shell.ask("PUT", "/providers/Microsoft.Consumption/budgets/team", {"properties": BUDGET})
    assert made.status_code == 201
    (alert,) = shell.ask("GET", f"{COSTS}/alerts").json()["value"]
    told_of = alert["properties"]
    assert (told_of["status"], told_of["details"]["triggeredBy"], told_of["details"]["threshold"]) == (
        "Active",
        "half",
        50,
    )
    one = f"{COSTS}/alerts/{alert['name']}"
    assert (
        shell.ask("PATCH", one, {"properties": {"status": "Dismissed"}}).json()["properties"]["status"] == "Dismissed"
    )
    assert shell.ask("GET", one).json()["properties"]["status"] == "Dismissed"
    assert told(shell.ask("PATCH", one, {"properties": {"status": "Resolved"}})) == (400, "400")
    assert told(shell.ask("GET", f"{COSTS}/alerts/none")) == (404, "404")


def test_usage_details_are_told_charge_by_charge(shell: Shell) -> None:
    path = "/providers/Microsoft.Consumption/usageDetails"
    found = shell.ask("GET", f"{path}?$expand=properties/meterDetails").json()["value"]
    costs = [round(one["properties"]["cost"], 1) for one in found]
    assert (costs, {one["kind"] for one in found}) == ([40.8, 40.8, 0.0], {"legacy"})
    assert found[0]["properties"]["meterDetails"]["meterName"]
    assert found[0]["tags"] == {"env": "dev"}
    assert len(shell.ask("GET", f"{path}?$top=1").json()["value"]) == 1
    second = f"{path}?$filter=properties/usageStart ge '2026-09-02' and properties/usageEnd le '2026-09-02'"
    assert [one["properties"]["date"][:10] for one in shell.ask("GET", second).json()["value"]] == ["2026-09-02"]
    assert told(shell.ask("GET", f"{path}?$filter=colour eq 'red'")) == (400, "400")
