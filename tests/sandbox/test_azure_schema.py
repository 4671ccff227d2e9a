"""What the sandbox answers for Azure satisfies Microsoft's own API documents."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, TUNED, Answer, Wire, account_id, account_path, deployment_body, query

FOLDER = Path(__file__).parents[3] / "shared" / "specs" / "azure"
RESOURCES = "cognitiveservices/resource-manager/Microsoft.CognitiveServices/stable/2024-10-01/cognitiveservices.json"
COSTS = "cost-management/resource-manager/Microsoft.CostManagement/stable/2024-08-01/costmanagement.json"
BATCH = "monitor/data-plane/Microsoft.Insights/stable/2024-02-01/metricBatch.json"
SINGLE = "monitor/resource-manager/Microsoft.Insights/stable/2024-02-01/metrics_API.json"
START = datetime(2026, 9, 1, tzinfo=UTC)
PROVIDER = "/providers/Microsoft.CognitiveServices"

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the reference data folder is absent")


ABSENT: dict[str, Any] = {"definitions": {"Metric": {}, "ErrorResponse": {}}}
"""In place of Monitor's common types, which the folder lacks: a metric may then be anything."""


def retrieve(uri: str) -> "Resource[Any]":
    file = Path(uri.removeprefix("file://"))
    content = ABSENT if file.name == "commonMonitoringTypes.json" else json.loads(file.read_text())
    return Resource.from_contents(content, DRAFT4)


REGISTRY: "Registry[Any]" = Registry(retrieve=retrieve)  # type: ignore[call-arg]  # its types leave the argument out


def wrong(answer: Answer, document: str, definition: str) -> list[str]:
    """What the document has against an answer; null is how the services leave a field out."""
    schema = {"$ref": f"file://{FOLDER / document}#/definitions/{definition}"}
    validator = jsonschema.Draft4Validator(schema, registry=REGISTRY)
    errors = validator.iter_errors(without_nulls(answer.body))
    return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in errors]


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def wire(sandbox: Sandbox) -> Wire:
    """A sandbox where a fine-tune has been called for three days."""
    sandbox.client.create_deployments([{"account": DEV, "name": "support", "model": TUNED, "tags": {"team": "care"}}])
    stream = {"account": DEV, "deployment": "support", "requests_per_hour": 5, "input_tokens": 9, "output_tokens": 3}
    sandbox.client.traffic([stream | {"start": START, "end": START + timedelta(days=3)}])
    sandbox.client.advance(to=START + timedelta(days=3))
    return Wire(sandbox)


@pytest.mark.parametrize(
    ("path", "definition"),
    [
        (f"{PROVIDER}/accounts", "AccountListResult"),
        (account_path(DEV), "Account"),
        (f"{account_path(DEV)}/deployments", "DeploymentListResult"),
        (f"{account_path(DEV)}/deployments/support", "Deployment"),
        (f"{account_path(DEV)}/deployments/support/skus", "DeploymentSkuListResult"),
        (f"{account_path(DEV)}/models", "AccountModelListResult"),
        (f"{account_path(DEV)}/usages", "UsageListResult"),
        (f"{PROVIDER}/locations/eastus2/models", "ModelListResult"),
        (f"{PROVIDER}/locations/eastus2/usages", "UsageListResult"),
        (f"{PROVIDER}/modelCapacities?modelName=gpt-4.1-mini", "ModelCapacityListResult"),
        (f"{PROVIDER}/locations/eastus2/modelCapacities?modelName=gpt-4.1-mini", "ModelCapacityListResult"),
        (f"{PROVIDER}/skus", "ResourceSkuListResult"),
    ],
)
def test_resources_satisfy_the_document(wire: Wire, path: str, definition: str) -> None:
    assert wrong(wire.arm("GET", path), RESOURCES, definition) == []


def test_writes_satisfy_the_document(wire: Wire) -> None:
    assert wrong(wire.deployment("PUT", "base", deployment_body("gpt-4.1-mini")), RESOURCES, "Deployment") == []
    assert wrong(wire.arm("POST", f"{account_path(DEV)}/listKeys"), RESOURCES, "ApiKeys") == []


def test_costs_satisfy_the_document(wire: Wire) -> None:
    dataset = {"granularity": "Daily", "aggregation": {"totalCost": {"name": "Cost", "function": "Sum"}}}
    body = {"type": "ActualCost", "timeframe": "MonthToDate", "dataset": dataset}
    assert wrong(wire.arm("POST", "/providers/Microsoft.CostManagement/query", body), COSTS, "QueryResult") == []


def asked(**more: str) -> str:
    split = {"filter": "ModelDeploymentName eq '*'", "$filter": "ModelDeploymentName eq '*'"}
    return query(interval="PT6H", metricnames="ModelRequests", metricnamespace="x", **split, **more)


def test_metrics_satisfy_the_documents(wire: Wire, sandbox: Sandbox) -> None:
    start, end = "2026-09-01T00:00:00Z", "2026-09-03T00:00:00Z"
    subscription, version = sandbox.env["AZURE_SUBSCRIPTION_ID"], {"api-version": "2024-02-01"}
    batch = f"/metrics/eastus2/subscriptions/{subscription}/metrics:getBatch?"
    single = f"{account_id(sandbox)}/providers/Microsoft.Insights/metrics?"
    body = {"resourceids": [account_id(sandbox)]}
    many = wire.send("POST", batch + asked(starttime=start, endtime=end, **version), body)
    one = wire.send("GET", single + asked(timespan=f"{start}/{end}", **version))
    assert many.body["values"][0]["value"][0]["timeseries"]
    assert wrong(many, BATCH, "MetricResultsResponse") == []
    assert wrong(one, SINGLE, "Response") == []
