"""Forecast and budgets of Azure: as late as the bills, in need of history, and without any power."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, GROUP, TUNED, Answer, Wire

START = datetime(2026, 9, 1, tzinfo=UTC)
DAY = timedelta(days=1)
BUDGETS = "/providers/Microsoft.Consumption/budgets"


def host(sandbox: Sandbox, days: int) -> None:
    """A fine-tune that costs its hosting alone, called so that the platform does not remove it."""
    sandbox.client.create_deployments([{"account": DEV, "name": "support", "model": TUNED}])
    stream = {"account": DEV, "deployment": "support", "requests_per_hour": 1}
    sandbox.client.traffic([stream | {"start": START, "end": START + 365 * DAY}])
    sandbox.client.advance(to=START + days * DAY)


def forecast(sandbox: Sandbox, first: datetime, last: datetime, **more: Any) -> Answer:
    body = {
        "type": "ActualCost",
        "timeframe": "Custom",
        "timePeriod": {"from": first.isoformat(), "to": last.isoformat()},
        "dataset": {"granularity": "Daily", "aggregation": {"totalCost": {"name": "Cost", "function": "Sum"}}},
        **more,
    }
    return Wire(sandbox).arm("POST", "/providers/Microsoft.CostManagement/forecast", body)


def budget(amount: float = 100, **more: Any) -> dict[str, Any]:
    period = {"startDate": "2026-09-01T00:00:00Z", "endDate": "2027-09-01T00:00:00Z"}
    return {"properties": {"category": "Cost", "amount": amount, "timeGrain": "Monthly", "timePeriod": period, **more}}


def test_forecast_shows_what_is_known_and_then_the_mean_of_four_weeks(sandbox: Sandbox) -> None:
    host(sandbox, 40)

    answer = forecast(sandbox, START + 30 * DAY, START + 60 * DAY)

    properties = answer.body["properties"]
    assert [column["name"] for column in properties["columns"]] == ["Cost", "UsageDate", "CostStatus", "Currency"]
    assert {tuple(row[2:]) for row in properties["rows"]} == {("Actual", "USD"), ("Forecast", "USD")}
    assert {row[0] for row in properties["rows"]} == {40.8}
    assert len(properties["rows"]) == 31


def test_forecast_alone_when_actual_costs_are_not_wanted(sandbox: Sandbox) -> None:
    host(sandbox, 40)

    rows = forecast(sandbox, START + 30 * DAY, START + 60 * DAY, includeActualCost=False).body["properties"]["rows"]

    assert {row[2] for row in rows} == {"Forecast"}


def test_forecast_needs_28_days_of_history(sandbox: Sandbox) -> None:
    host(sandbox, 20)

    assert forecast(sandbox, START, START + 60 * DAY).status == 424


def test_the_past_cannot_be_forecast(sandbox: Sandbox) -> None:
    host(sandbox, 40)

    assert forecast(sandbox, START, START + 10 * DAY).status == 400


def test_forecasts_and_queries_share_one_quota(sandbox: Sandbox) -> None:
    host(sandbox, 1)
    statuses = [forecast(sandbox, START, START + 60 * DAY).status for _ in range(5)]

    assert statuses == [424, 424, 424, 424, 429]


def test_budget_is_kept_told_under_both_names_and_removed(sandbox: Sandbox) -> None:
    host(sandbox, 10)
    wire = Wire(sandbox)

    made = wire.arm("PUT", f"{BUDGETS}/monthly", budget())
    listed = wire.arm("GET", "/providers/Microsoft.CostManagement/budgets").body["value"]

    assert made.status == 201
    assert [one["name"] for one in listed] == ["monthly"]
    assert 300 < listed[0]["properties"]["currentSpend"]["amount"] < 408
    assert wire.arm("DELETE", f"{BUDGETS}/monthly").status == 200
    assert wire.arm("GET", f"{BUDGETS}/monthly").status == 404


def test_budget_is_changed_only_by_who_knows_its_last_version(sandbox: Sandbox) -> None:
    wire = Wire(sandbox)
    made = wire.arm("PUT", f"{BUDGETS}/monthly", budget()).body

    assert wire.arm("PUT", f"{BUDGETS}/monthly", budget(200)).status == 409
    changed = wire.arm("PUT", f"{BUDGETS}/monthly", {**budget(200), "eTag": made["eTag"]})
    assert (changed.status, changed.body["properties"]["amount"]) == (200, 200)


def test_budget_of_a_group_is_not_that_of_the_subscription(sandbox: Sandbox) -> None:
    wire = Wire(sandbox)
    wire.arm("PUT", f"/resourceGroups/{GROUP}{BUDGETS}/group", budget())

    assert wire.arm("GET", BUDGETS).body["value"] == []
    assert [one["name"] for one in wire.arm("GET", f"/resourceGroups/{GROUP}{BUDGETS}").body["value"]] == ["group"]


@pytest.mark.parametrize(
    "wrong",
    [
        budget(0),
        budget(timeGrain="Hourly"),
        budget(category="Usage"),
        budget(timePeriod={"startDate": "2026-09-15T00:00:00Z"}),
        budget(timePeriod={}),
    ],
)
def test_wrong_budgets_are_refused(sandbox: Sandbox, wrong: dict[str, Any]) -> None:
    assert Wire(sandbox).arm("PUT", f"{BUDGETS}/wrong", wrong).status == 400
