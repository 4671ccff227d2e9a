"""Metrics are derived from calls, and are as incomplete as the real ones."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.monitor.querymetrics import MetricsClient

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, PROD, TUNED, Answer, Wire, account_id, credential, query

START = datetime(2026, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPLIT = "ModelDeploymentName eq '*'"
NAMESPACE = "Microsoft.CognitiveServices/accounts"


def deploy(sandbox: Sandbox, *names: str) -> None:
    sandbox.client.create_deployments([{"account": DEV, "name": name, "model": TUNED} for name in names])


def call(sandbox: Sandbox, name: str, hours: float, per_hour: float = 4, status: int = 200) -> None:
    """Traffic from the beginning on: 10 tokens in, 3 out."""
    stream = {"account": DEV, "deployment": name, "requests_per_hour": per_hour, "status": status}
    tokens = {"input_tokens": 10, "output_tokens": 3}
    sandbox.client.traffic([stream | tokens | {"start": START, "end": START + hours * HOUR}])


def ask(sandbox: Sandbox, hours: int, names: str = "AzureOpenAIRequests", **more: Any) -> Answer:
    """The batch service over the first `hours`."""
    given: dict[str, Any] = {
        "starttime": START.isoformat(),
        "endtime": (START + hours * HOUR).isoformat(),
        "interval": "PT1H",
    }
    given |= {"metricnames": names, "metricnamespace": NAMESPACE, "filter": SPLIT, "top": 1000} | more
    given = {key: value for key, value in given.items() if value is not None}
    subscription = sandbox.env["AZURE_SUBSCRIPTION_ID"]
    path = f"/metrics/eastus2/subscriptions/{subscription}/metrics:getBatch?api-version=2024-02-01&{query(**given)}"
    return Wire(sandbox).send("POST", path, {"resourceids": [account_id(sandbox)]})


def series(answer: Answer, metric: int = 0) -> dict[str, list[float | None]]:
    """Totals by the values of the dimensions."""
    rows = answer.body["values"][0]["value"][metric]["timeseries"]
    return {
        "/".join(item["value"] for item in row["metadatavalues"]): [point.get("total") for point in row["data"]]
        for row in rows
    }


def test_the_vendors_client_reads_what_was_called(sandbox: Sandbox) -> None:
    deploy(sandbox, "support")
    call(sandbox, "support", hours=2)
    sandbox.client.advance(to=START + 5 * HOUR)
    with (
        credential(sandbox) as signed_in,
        MetricsClient(f"{sandbox.url}/metrics/eastus2", signed_in, connection_verify=sandbox.ca_file) as client,
    ):
        results = client.query_resources(
            resource_ids=[account_id(sandbox)],
            metric_namespace=NAMESPACE,
            metric_names=["AzureOpenAIRequests"],
            timespan=(START, START + 4 * HOUR),
            granularity=HOUR,
            filter=SPLIT,
        )
    shown = results[0].metrics[0].timeseries[0]
    assert shown.metadata_values == {"modeldeploymentname": "support"}
    assert [point.total for point in shown.data] == [4, 4, 0, 0]


def test_both_families_tell_the_same(sandbox: Sandbox) -> None:
    deploy(sandbox, "support")
    call(sandbox, "support", hours=1)
    sandbox.client.advance(to=START + 2 * HOUR)
    names = "AzureOpenAIRequests,ModelRequests,ProcessedPromptTokens,InputTokens,GeneratedTokens,OutputTokens"
    answer = ask(sandbox, 1, f"{names},TokenTransaction,TotalTokens")
    assert [series(answer, number) for number in range(8)] == [
        {"support": [total]} for total in (4, 4, 40, 40, 12, 12, 52, 52)
    ]


def test_a_deployment_that_was_not_called_is_absent(sandbox: Sandbox) -> None:
    deploy(sandbox, "support", "quiet")
    call(sandbox, "support", hours=1)
    sandbox.client.advance(to=START + 2 * HOUR)
    assert set(series(ask(sandbox, 1))) == {"support"}


def test_a_platform_that_fills_gaps_shows_zeros(sandbox: Sandbox) -> None:
    sandbox.client.reset(metric_fill="zero")
    deploy(sandbox, "quiet")
    sandbox.client.advance(to=START + 3 * HOUR)
    assert series(ask(sandbox, 2)) == {"quiet": [0, 0]}


def test_without_top_only_ten_series_come_back_without_a_word(sandbox: Sandbox) -> None:
    names = [f"d{number:02}" for number in range(12)]
    deploy(sandbox, *names)
    for name in names:
        call(sandbox, name, hours=1)
    sandbox.client.advance(to=START + 2 * HOUR)
    answer = ask(sandbox, 1, top=None)
    assert (answer.status, len(series(answer))) == (200, 10)
    assert len(series(ask(sandbox, 1))) == 12


def test_the_newest_minutes_are_null(sandbox: Sandbox) -> None:
    deploy(sandbox, "support")
    call(sandbox, "support", hours=1, per_hour=60)
    sandbox.client.advance(to=START + timedelta(minutes=10))
    minutes = series(ask(sandbox, 1, interval="PT1M", endtime=(START + timedelta(minutes=10)).isoformat()))
    assert minutes == {"support": [1] * 7 + [None] * 3}


def test_failing_calls_count_as_requests_without_tokens(sandbox: Sandbox) -> None:
    deploy(sandbox, "support")
    call(sandbox, "support", hours=1, status=404)
    sandbox.client.advance(to=START + 2 * HOUR)
    answer = ask(sandbox, 1, "AzureOpenAIRequests,ProcessedPromptTokens", filter=f"{SPLIT} and StatusCode eq '*'")
    assert (series(answer, 0), series(answer, 1)) == ({"support/404": [4]}, {})


def test_calls_of_a_deleted_deployment_are_not_counted(sandbox: Sandbox) -> None:
    deploy(sandbox, "support")
    call(sandbox, "support", hours=10)
    sandbox.client.advance(to=START + 2 * HOUR)
    Wire(sandbox).deployment("DELETE", "support")
    sandbox.client.advance(to=START + 5 * HOUR)
    assert series(ask(sandbox, 4)) == {"support": [4, 4, 0, 0]}


def test_one_resource_is_read_through_arm(sandbox: Sandbox) -> None:
    deploy(sandbox, "support")
    call(sandbox, "support", hours=2)
    sandbox.client.advance(to=START + 4 * HOUR)
    span = f"{START:%Y-%m-%dT%H:%M:%SZ}/{START + 3 * HOUR:%Y-%m-%dT%H:%M:%SZ}"
    given = query(timespan=span, interval="PT1H", metricnames="azureopenairequests", **{"api-version": "2024-02-01"})
    answer = Wire(sandbox).send("GET", f"{account_id(sandbox)}/providers/Microsoft.Insights/metrics?{given}")
    shown = answer.body["value"][0]
    assert [point["total"] for point in shown["timeseries"][0]["data"]] == [4, 4, 0]
    assert (shown["name"]["value"], shown["errorCode"]) == ("AzureOpenAIRequests", "Success")


@pytest.mark.parametrize(
    "wrong",
    [
        {"metricnames": "TotalCalls"},
        {"interval": "PT7M"},
        {"filter": "Colour eq '*'"},
        {"endtime": START.isoformat()},
        {"starttime": "yesterday"},
    ],
)
def test_a_question_that_makes_no_sense_is_refused(sandbox: Sandbox, wrong: dict[str, str]) -> None:
    answer = ask(sandbox, 1, **({"names": wrong["metricnames"]} if "metricnames" in wrong else wrong))
    assert (answer.status, answer.code) == (400, "BadRequest")


def test_an_account_of_another_region_is_refused(sandbox: Sandbox) -> None:
    subscription = sandbox.env["AZURE_SUBSCRIPTION_ID"]
    given = query(starttime=START.isoformat(), endtime=(START + HOUR).isoformat(), metricnames="ModelRequests")
    path = f"/metrics/eastus2/subscriptions/{subscription}/metrics:getBatch?api-version=2024-02-01&{given}"
    answer = Wire(sandbox).send("POST", path, {"resourceids": [account_id(sandbox, PROD)]})
    assert answer.status == 400


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("metrics_null", {"support": [None] * 4}), ("metrics_empty", {}), ("metrics_error_code", {})],
)
def test_ordered_faults_hide_the_numbers_inside_a_200(
    sandbox: Sandbox, kind: str, expected: dict[str, list[None]]
) -> None:
    deploy(sandbox, "support")
    call(sandbox, "support", hours=4)
    sandbox.client.advance(to=START + 5 * HOUR)
    sandbox.client.fault({"kind": kind})
    answer = ask(sandbox, 4)
    assert (answer.status, series(answer)) == (200, expected)
    code = "InternalServerError" if kind == "metrics_error_code" else "Success"
    assert answer.body["values"][0]["value"][0]["errorCode"] == code


def test_a_truncated_answer_covers_half_of_the_window(sandbox: Sandbox) -> None:
    deploy(sandbox, "support")
    call(sandbox, "support", hours=4)
    sandbox.client.advance(to=START + 5 * HOUR)
    sandbox.client.fault({"kind": "metrics_truncated"})
    answer = ask(sandbox, 4)
    assert series(answer) == {"support": [4, 4]}
    assert answer.body["values"][0]["endtime"] == "2026-09-01T02:00:00Z"
