"""Cost Management through the vendor's client: late, paged, throttled, and right in the end."""

import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.costmanagement import CostManagementClient

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, TUNED, Answer, Wire, credential

START = datetime(2026, 9, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def question(days: int = 30, *grouping: str, **dataset: Any) -> dict[str, Any]:
    last = START + days * DAY - timedelta(seconds=1)
    return {
        "type": "ActualCost",
        "timeframe": "Custom",
        "timePeriod": {"from": START.isoformat(), "to": last.isoformat()},
        "dataset": {
            "granularity": "Daily",
            "aggregation": {"totalCost": {"name": "Cost", "function": "Sum"}},
            "grouping": [{"type": "Dimension", "name": name} for name in grouping],
            **dataset,
        },
    }


def ask(sandbox: Sandbox, body: dict[str, Any]) -> Answer:
    return Wire(sandbox).arm("POST", "/providers/Microsoft.CostManagement/query", body)


def rows(answer: Answer) -> list[list[Any]]:
    found: list[list[Any]] = answer.body["properties"]["rows"]
    return found


def host(sandbox: Sandbox, days: int) -> None:
    """One fine-tune on standard hosting, called once an hour, for some days."""
    sandbox.client.create_deployments([{"account": DEV, "name": "support", "model": TUNED}])
    stream = {"account": DEV, "deployment": "support", "requests_per_hour": 1, "input_tokens": 1000}
    sandbox.client.traffic([stream | {"start": START, "end": START + 365 * DAY}])
    sandbox.client.advance(to=START + days * DAY)


def test_the_vendors_client_reads_daily_rows_by_meter(sandbox: Sandbox) -> None:
    host(sandbox, 4)
    scope = f"/subscriptions/{sandbox.env['AZURE_SUBSCRIPTION_ID']}"
    with (
        credential(sandbox) as signed_in,
        CostManagementClient(signed_in, base_url=sandbox.url, connection_verify=sandbox.ca_file) as client,
    ):
        result = client.query.usage(scope, io.BytesIO(json.dumps(question(2, "ResourceId", "Meter")).encode()))
    assert result is not None
    assert result.columns is not None
    assert [column.name for column in result.columns] == ["Cost", "UsageDate", "ResourceId", "Meter", "Currency"]
    assert result.rows is not None
    assert [(row[0], row[1], row[3]) for row in result.rows] == [
        (0.01056, 20260901, "gpt 4.1 mini Inp regnl Tokens"),
        (40.8, 20260901, "gpt-4.1-mini-ft hosting regional Unit"),
        (0.01056, 20260902, "gpt 4.1 mini Inp regnl Tokens"),
        (40.8, 20260902, "gpt-4.1-mini-ft hosting regional Unit"),
    ]


def test_nothing_is_told_for_eight_hours_and_all_after_a_day(sandbox: Sandbox) -> None:
    host(sandbox, 0)
    sandbox.client.advance(seconds=8 * 3600)
    assert ask(sandbox, question()).status == 204
    sandbox.client.advance(seconds=40 * 3600)
    assert rows(ask(sandbox, question(1)))[0][0] == pytest.approx(40.8 + 0.01056)


def test_what_is_told_never_shrinks(sandbox: Sandbox) -> None:
    host(sandbox, 1)
    told = []
    for _ in range(12):
        sandbox.client.advance(seconds=2 * 3600)
        told.append(sum(row[0] for row in rows(ask(sandbox, question()))))
    assert told == sorted(told)
    assert told[0] < told[-1]


def test_in_the_end_the_bill_equals_the_invoice(sandbox: Sandbox) -> None:
    host(sandbox, 12)
    Wire(sandbox).deployment("DELETE", "support")
    sandbox.client.advance(to=START + 20 * DAY)
    billed = sum(Decimal(str(row[0])) for row in rows(ask(sandbox, question())))
    assert round(billed, 2) == Decimal(sandbox.client.invoice()["total"])


def test_pages_are_followed_by_posting_again(sandbox: Sandbox) -> None:
    sandbox.client.reset(cost_page_size=3)
    host(sandbox, 10)
    body, wire, found = question(8), Wire(sandbox), list[list[Any]]()
    answer = ask(sandbox, body)
    while True:
        found += rows(answer)
        link = answer.body["properties"]["nextLink"]
        if not link:
            break
        answer = wire.send("POST", link, body)
    assert [row[1] for row in found] == [20260901 + number for number in range(8)]


def test_a_scope_that_asks_too_often_gets_only_the_cost_headers(sandbox: Sandbox) -> None:
    host(sandbox, 3)
    answers = [ask(sandbox, question(2)) for _ in range(5)]
    assert [answer.status for answer in answers] == [200] * 4 + [429]
    assert answers[4].headers["x-ms-ratelimit-microsoft.costmanagement-entity-retry-after"] == "60"
    assert "retry-after" not in answers[4].headers
    sandbox.client.advance(seconds=60)
    assert ask(sandbox, question(2)).status == 200


def test_long_periods_use_up_the_units(sandbox: Sandbox) -> None:
    host(sandbox, 3)
    answers = [ask(sandbox, question(365)) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 429]
    assert "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after" in answers[1].headers


def test_the_vendors_client_raises_at_once_on_that(sandbox: Sandbox) -> None:
    for _ in range(4):
        ask(sandbox, question(2))
    scope = f"/subscriptions/{sandbox.env['AZURE_SUBSCRIPTION_ID']}"
    with (
        credential(sandbox) as signed_in,
        CostManagementClient(signed_in, base_url=sandbox.url, connection_verify=sandbox.ca_file) as client,
        pytest.raises(HttpResponseError) as throttled,
    ):
        client.query.usage(scope, io.BytesIO(json.dumps(question(2)).encode()))
    assert throttled.value.status_code == 429


def test_a_filter_keeps_what_it_names(sandbox: Sandbox) -> None:
    host(sandbox, 4)

    def only(kind: str, name: str, value: str) -> int:
        condition = {kind: {"name": name, "operator": "In", "values": [value]}}
        return ask(sandbox, question(2, filter=condition)).status

    assert only("tags", "env", "dev") == 200
    assert only("dimensions", "ResourceLocation", "westus") == 204
    assert only("dimensions", "Deployment", "support") == 400


def test_a_period_that_makes_no_sense_is_refused(sandbox: Sandbox) -> None:
    assert ask(sandbox, question() | {"timeframe": "Sometime"}).status == 400
    assert ask(sandbox, question() | {"timePeriod": {}}).status == 400
