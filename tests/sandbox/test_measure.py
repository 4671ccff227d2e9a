"""What beside calls is measured, and how it is asked for: aggregations, regions, provisioned units, training."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, PROD, TUNED, Wire, account_id, query
from tests.sandbox.learning_data import as_jsonl, tickets
from tests.vendor.visit import azure_openai_client

START = datetime(2026, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPAN = f"{START:%Y-%m-%dT%H:%M:%SZ}/{START + 2 * HOUR:%Y-%m-%dT%H:%M:%SZ}"


def call(sandbox: Sandbox, account: str = DEV, name: str = "support", per_hour: float = 4) -> None:
    stream = {"account": account, "deployment": name, "requests_per_hour": per_hour}
    tokens = {"input_tokens": 90, "output_tokens": 10}
    sandbox.client.traffic([stream | tokens | {"start": START, "end": START + HOUR}])


def ask(sandbox: Sandbox, scope: str = "", **more: Any) -> dict[str, Any]:
    given = {"timespan": SPAN, "interval": "PT1H", "api-version": "2024-02-01"} | more
    path = f"{scope or account_id(sandbox)}/providers/Microsoft.Insights/metrics?{query(**given)}"
    answer: dict[str, Any] = Wire(sandbox).send("GET", path).body
    return answer


def points(answer: dict[str, Any], series: int = 0) -> list[dict[str, Any]]:
    found = answer["value"][0]["timeseries"][series]["data"]
    return [{name: value for name, value in point.items() if name != "timeStamp"} for point in found]


@pytest.fixture
def called(sandbox: Sandbox) -> Sandbox:
    sandbox.client.create_deployments([{"account": DEV, "name": "support", "model": TUNED}])
    call(sandbox)
    sandbox.client.advance(to=START + 3 * HOUR)
    return sandbox


def test_every_aggregation_is_told_that_was_asked_for(called: Sandbox) -> None:
    asked = ask(called, metricnames="ProcessedPromptTokens", aggregation="total,Average,count")
    assert points(asked) == [
        {"total": 360, "average": 90, "count": 4},
        {"total": 0, "average": 0, "count": 0},
    ]
    assert ask(called, metricnames="ProcessedPromptTokens", aggregation="Median")["error"]["code"] == "BadRequest"


def test_without_names_the_first_metric_is_told(called: Sandbox) -> None:
    assert ask(called)["value"][0]["name"]["value"] == "AzureOpenAIRequests"


def test_a_window_may_be_one_grain(called: Sandbox) -> None:
    whole = ask(called, interval="FULL", metricnames="AzureOpenAIRequests")
    assert (whole["interval"], points(whole)) == ("FULL", [{"total": 4}])


def test_a_timespan_that_was_escaped_twice_is_read(called: Sandbox) -> None:
    """Azure's own command line sends it so."""
    assert points(ask(called, timespan=quote(SPAN, safe=""))) == [{"total": 4}, {"total": 0}]


def test_a_regions_accounts_are_told_in_one_or_apart(called: Sandbox) -> None:
    called.client.create_accounts([{"name": "second", "region": "eastus2"}])
    called.client.create_deployments(
        [{"account": name, "name": "support", "model": TUNED, "created_at": START} for name in ("second", PROD)]
    )
    call(called, "second", per_hour=2)
    call(called, PROD)
    scope = f"/subscriptions/{called.env['AZURE_SUBSCRIPTION_ID']}"
    wide: dict[str, Any] = {"region": "eastus2", "metricnames": "AzureOpenAIRequests"}
    assert points(ask(called, scope, **wide)) == [{"total": 6}, {"total": 0}]
    apart = ask(called, scope, **wide, orderby="sum asc", **{"$filter": "Microsoft.ResourceId eq '*'"})
    assert [points(apart, number)[0]["total"] for number in (0, 1)] == [2, 4]
    assert ask(called, scope)["error"]["code"] == "BadRequest"
    path = f"{scope}/providers/Microsoft.Insights/metrics?{query(region='eastus2', **{'api-version': '2024-02-01'})}"
    body = {"timeSpan": SPAN, "interval": "PT1H", "metricNames": "AzureOpenAIRequests", "filter": None}
    assert points(Wire(called).send("POST", path, body).body) == [{"total": 6}, {"total": 0}]


def test_provisioned_units_are_told_as_percent_of_what_they_serve(sandbox: Sandbox) -> None:
    ptu = {"account": DEV, "name": "ptu", "model": "gpt-4.1-mini", "sku": "ProvisionedManaged", "capacity": 50}
    sandbox.client.create_deployments([ptu])
    call(sandbox, name="ptu", per_hour=3600)  # 60 calls of 100 tokens a minute: 6,000 of 50,000
    sandbox.client.advance(to=START + 3 * HOUR)
    for name in ("AzureOpenAIProvisionedManagedUtilizationV2", "ProvisionedUtilization"):
        told = ask(sandbox, metricnames=name)
        assert (told["value"][0]["unit"], points(told)) == ("Percent", [{"average": 12}, {"average": 0}])


def test_hours_of_training_are_told_once_they_are_charged(sandbox: Sandbox) -> None:
    with azure_openai_client(sandbox) as client:
        file = client.files.create(file=("t.jsonl", as_jsonl(tickets(20, 1))), purpose="fine-tune").id
        sandbox.client.advance(seconds=60)
        job = client.fine_tuning.jobs.create(model="gpt-4.1-mini-2025-04-14", training_file=file).id
        sandbox.client.advance(to=START + 3 * HOUR)
        assert client.fine_tuning.jobs.retrieve(job).status == "succeeded"
    told = points(ask(sandbox, metricnames="FineTunedTrainingHours"))
    assert 0 < sum(point["total"] for point in told) < 2
