"""The invoice is derived from what was done, exactly."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, PROD, TUNED, Wire

START = datetime(2026, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def deploy(sandbox: Sandbox, **more: Any) -> None:
    sandbox.client.create_deployments([{"account": DEV, "name": "support", "model": TUNED} | more])


def lines(sandbox: Sandbox, **window: Any) -> dict[str, tuple[str, str]]:
    """Quantity and amount by meter."""
    found = sandbox.client.invoice(**window)["lines"]
    return {line["meter"]: (line["quantity"], line["amount"]) for line in found}


def test_hosting_is_billed_to_the_second_until_the_deployment_is_really_gone(sandbox: Sandbox) -> None:
    deploy(sandbox)
    sandbox.client.advance(to=START + 10 * HOUR)
    Wire(sandbox).deployment("DELETE", "support")
    sandbox.client.advance(to=START + 20 * HOUR)
    seconds = 10 * 3600 + 60
    invoice = sandbox.client.invoice()
    assert Decimal(invoice["exact"]) == pytest.approx(Decimal("1.7") * seconds / 3600)
    assert invoice["total"] == "17.03"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"model": "gpt-4.1-mini"}, {}),
        ({"sku": "DeveloperTier"}, {}),
        ({"sku": "GlobalStandard"}, {"hosting": ("10", "17")}),
        ({"sku": "ProvisionedManaged", "capacity": 50}, {"provisioned": ("500", "1000")}),
        ({"sku": "GlobalProvisionedManaged", "capacity": 15}, {"provisioned": ("150", "150")}),
        ({"sku": "Standard", "account": PROD}, {"hosting": ("10", "17")}),
    ],
)
def test_an_unused_deployment_costs_what_its_sku_says(
    sandbox: Sandbox, wanted: dict[str, Any], expected: dict[str, tuple[str, str]]
) -> None:
    deploy(sandbox, **wanted)
    sandbox.client.advance(to=START + 10 * HOUR)
    assert lines(sandbox) == expected


def test_tokens_are_billed_while_the_deployment_stands(sandbox: Sandbox) -> None:
    deploy(sandbox, model="gpt-4.1-mini", sku="GlobalStandard")
    stream = {"account": DEV, "deployment": "support", "requests_per_hour": 10, "start": START, "end": START + 9 * HOUR}
    sandbox.client.traffic([stream | {"input_tokens": 1000, "output_tokens": 100, "cached_tokens": 400}])
    sandbox.client.traffic([stream | {"input_tokens": 1000, "output_tokens": 100, "status": 429}])
    sandbox.client.advance(to=START + 5 * HOUR)
    Wire(sandbox).deployment("DELETE", "support")
    sandbox.client.advance(to=START + 9 * HOUR)
    assert lines(sandbox) == {
        "input": ("30", "0.012"),
        "cached-input": ("20", "0.002"),
        "output": ("5", "0.008"),
    }


def test_a_change_of_sku_changes_the_price_from_then_on(sandbox: Sandbox) -> None:
    deploy(sandbox, sku="ProvisionedManaged", capacity=50)
    sandbox.client.advance(to=START + HOUR)
    Wire(sandbox).deployment("PATCH", "support", {"sku": {"name": "ProvisionedManaged", "capacity": 25}})
    sandbox.client.advance(to=START + 2 * HOUR)
    quantities = [line["quantity"] for line in sandbox.client.invoice()["lines"]]
    assert quantities == ["50", "25"]


def test_a_window_is_billed_by_itself(sandbox: Sandbox) -> None:
    deploy(sandbox)
    sandbox.client.advance(to=START + 48 * HOUR)
    parts = [lines(sandbox, start=START + day * 24 * HOUR, end=START + (day + 1) * 24 * HOUR) for day in range(2)]
    assert parts == [{"hosting": ("24", "40.8")}] * 2


def test_hosting_can_be_asked_for_at_another_rate(sandbox: Sandbox) -> None:
    deploy(sandbox)
    sandbox.client.advance(to=START + 10 * HOUR)
    assert sandbox.client.invoice(hosting_rate="3.00")["total"] == "30.00"
    assert sandbox.client.invoice()["total"] == "17.00"


def test_the_unlucky_month_of_two_forgotten_deployments(sandbox: Sandbox) -> None:
    sandbox.client.create_deployments([{"account": DEV, "name": name, "model": TUNED} for name in ("one", "two")])
    for name in ("one", "two"):
        stream = {"account": DEV, "deployment": name, "requests_per_hour": 60, "start": START}
        sandbox.client.traffic([stream | {"end": START + 48 * HOUR + timedelta(seconds=1)}])
    sandbox.client.advance(to=START + timedelta(days=30))
    assert sandbox.client.invoice()["total"] == "1387.20"


def test_a_deployment_that_was_there_before_is_billed_from_its_creation(sandbox: Sandbox) -> None:
    deploy(sandbox, created_at=START - 100 * HOUR)
    sandbox.client.advance(to=START + HOUR)
    assert lines(sandbox, start=START - 100 * HOUR) == {"hosting": ("101", "171.7")}
    assert lines(sandbox) == {"hosting": ("101", "171.7")}
