"""Microsoft's own typed clients on the sandbox, with nothing but settings: every operation as its types read it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.costmanagement import CostManagementClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest
from azure.monitor.querymetrics import MetricsClient

from deployer.sandbox.process import Sandbox
from tests.conftest import BEGINNING
from tests.sandbox.azure_wire import DEV, GROUP, SCOPE, TUNED, account_id, credential, resource_manager

Client = Any
"""Its types want its own classes where it takes plain mappings too."""
BODY: dict[str, Any] = {
    "sku": {"name": "Standard", "capacity": 1},
    "properties": {"model": {"format": "OpenAI", "name": "gpt-4.1-mini", "version": "2025-04-14"}},
}
ACCOUNT: dict[str, Any] = {"location": "eastus2", "kind": "OpenAI", "sku": {"name": "S0"}, "properties": {}}
DOMAIN = {"subdomain_name": "free-name", "type": "Microsoft.CognitiveServices/accounts"}
SKUS: dict[str, Any] = {"skus": ["S0"], "kind": "OpenAI", "type": "Microsoft.CognitiveServices/accounts"}
MODEL = ("OpenAI", "gpt-4.1-mini", "2025-04-14")


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    sandbox.client.create_deployments([{"account": DEV, "name": "support", "model": TUNED}])
    with resource_manager(sandbox) as made:
        yield made


READS: dict[str, tuple[Callable[[Client], Any], Any]] = {
    "accounts": (lambda c: [one.name for one in c.accounts.list()], [DEV, "aoai-prod-swedencentral"]),
    "accounts of a group": (lambda c: len(list(c.accounts.list_by_resource_group(GROUP))), 2),
    "an account": (lambda c: c.accounts.get(GROUP, DEV).properties.provisioning_state, "Succeeded"),
    "keys": (lambda c: len(c.accounts.list_keys(GROUP, DEV).key1), 64),
    "skus of an account": (lambda c: c.accounts.list_skus(GROUP, DEV).value[0].sku.name, "S0"),
    "models of an account": (lambda c: {one.format for one in c.accounts.list_models(GROUP, DEV)}, {"OpenAI"}),
    "usages of an account": (lambda c: c.accounts.list_usages(GROUP, DEV).value[0].current_value, 1),
    "deployments": (lambda c: [one.name for one in c.deployments.list(GROUP, DEV)], ["support"]),
    "a deployment": (lambda c: c.deployments.get(GROUP, DEV, "support").properties.model.name, TUNED),
    "a deployment, in capitals": (lambda c: c.deployments.get(GROUP.upper(), DEV.upper(), "SUPPORT").name, "support"),
    "skus of a deployment": (lambda c: next(c.deployments.list_skus(GROUP, DEV, "support")).sku.name, "Standard"),
    "models of a region": (lambda c: {one.kind for one in c.models.list("eastus2")}, {"OpenAI"}),
    "usages of a region": (lambda c: {one.unit for one in c.usages.list("eastus2")}, {"Count"}),
    "resource skus": (lambda c: {one.name for one in c.resource_skus.list()}, {"S0"}),
    "capacities": (lambda c: {one.properties.model.name for one in c.model_capacities.list(*MODEL)}, {MODEL[1]}),
    "deleted accounts": (lambda c: list(c.deleted_accounts.list()), []),
    "operations": (lambda c: {one.name.split("/")[0] for one in c.operations.list()}, {"Microsoft.CognitiveServices"}),
    "a free name": (lambda c: c.check_domain_availability(**DOMAIN).is_subdomain_available, True),
    "a sku": (lambda c: c.check_sku_availability("eastus2", **SKUS).value[0].sku_available, True),
    "commitment tiers": (lambda c: list(c.commitment_tiers.list("eastus2")), []),
}


@pytest.mark.parametrize("name", READS)
def test_the_typed_client_reads(client: Client, name: str) -> None:
    read, expected = READS[name]
    assert read(client) == expected


def test_a_deployment_is_made_changed_and_deleted_with_default_polling(client: Client, sandbox: Sandbox) -> None:
    made = client.deployments.begin_create_or_update(GROUP, DEV, "x", BODY).result()
    assert made.properties.provisioning_state == "Succeeded"
    changed = client.deployments.begin_update(GROUP, DEV, "x", {"tags": {"a": "b"}, "sku": {"capacity": 2}}).result()
    assert (changed.sku.capacity, changed.tags) == (2, {"a": "b"})
    client.deployments.begin_delete(GROUP, DEV, "x").result()
    assert [one.name for one in client.deployments.list(GROUP, DEV)] == ["support"]
    assert sandbox.client.log()[-2]["operation"] in ("operations.get", "operations.result")


def test_a_poller_is_taken_up_again_from_its_token(client: Client) -> None:
    token = client.deployments.begin_create_or_update(GROUP, DEV, "x", BODY).continuation_token()
    again = client.deployments.begin_create_or_update(GROUP, DEV, "x", BODY, continuation_token=token)
    assert again.result().properties.provisioning_state == "Succeeded"


def test_an_account_is_made_changed_deleted_put_back_and_purged(client: Client) -> None:
    accounts = client.accounts
    assert accounts.begin_create(GROUP, "new", ACCOUNT).result().properties.provisioning_state == "Succeeded"
    assert accounts.begin_update(GROUP, "new", {"tags": {"a": "b"}}).result().tags == {"a": "b"}
    accounts.begin_delete(GROUP, "new").result()
    assert [one.name for one in client.deleted_accounts.list()] == ["new"]
    with pytest.raises(HttpResponseError, match="FlagMustBeSetForRestore"):
        accounts.begin_create(GROUP, "new", ACCOUNT)
    back = accounts.begin_create(GROUP, "new", {**ACCOUNT, "properties": {"restore": True}}).result()
    assert back.tags == {"a": "b"}
    accounts.begin_delete(GROUP, "new").result()
    assert client.deleted_accounts.get("eastus2", GROUP, "new").properties.scheduled_purge_date
    client.deleted_accounts.begin_purge("eastus2", GROUP, "new").result()
    assert list(client.deleted_accounts.list()) == []


def test_the_name_of_a_deleted_account_is_free_again_after_two_days(client: Client, sandbox: Sandbox) -> None:
    client.accounts.begin_create(GROUP, "new", ACCOUNT).result()
    client.accounts.begin_delete(GROUP, "new").result()
    taken = {"subdomain_name": "new", "type": "Microsoft.CognitiveServices/accounts"}
    assert client.check_domain_availability(**taken).is_subdomain_available is False
    sandbox.client.advance(seconds=48 * 3600)
    assert client.check_domain_availability(**taken).is_subdomain_available is True


def test_the_typed_clients_of_costs_read_query_forecast_and_budgets(client: Client, sandbox: Sandbox) -> None:
    assert client is not None
    sandbox.client.advance(to=BEGINNING + timedelta(days=35))
    scope = f"/subscriptions/{sandbox.env['AZURE_SUBSCRIPTION_ID']}"
    total = {"granularity": "Daily", "aggregation": {"totalCost": {"name": "Cost", "function": "Sum"}}}
    asked: dict[str, Any] = {"type": "ActualCost", "timeframe": "TheLastMonth", "dataset": total}
    ahead = {"from": "2026-10-06T00:00:00Z", "to": "2026-10-31T00:00:00Z"}
    with credential(sandbox) as made:
        costs: Any = CostManagementClient(
            made, base_url=sandbox.url, credential_scopes=[SCOPE], connection_verify=sandbox.ca_file
        )
        told = costs.query.usage(scope, asked)
        assert [column.name for column in told.columns] == ["Cost", "UsageDate", "Currency"]
        assert told.rows[0] == [pytest.approx(40.8), 20260901, "USD"]
        assert costs.forecast.usage(scope, {**asked, "timeframe": "Custom", "timePeriod": ahead}).rows
        assert list(costs.budgets.list(scope)) == []
        assert next(iter(costs.operations.list())).name.startswith("Microsoft.CostManagement/")


def test_the_typed_client_of_the_graph_gets_the_columns_it_asked_for(sandbox: Sandbox) -> None:
    query = "Resources | where type =~ 'microsoft.cognitiveservices/accounts' | project name, location"
    with credential(sandbox) as made:
        graph: Any = ResourceGraphClient(
            made, base_url=sandbox.url, credential_scopes=[SCOPE], connection_verify=sandbox.ca_file
        )
        rows = graph.resources(QueryRequest(query=query)).data
    assert rows[0] == {"name": DEV, "location": "eastus2"}


def test_the_typed_client_of_metrics_reads_a_series(client: Client, sandbox: Sandbox) -> None:
    assert client is not None
    end = BEGINNING + timedelta(days=1)
    stream = {"account": DEV, "deployment": "support", "requests_per_hour": 6, "input_tokens": 9, "output_tokens": 3}
    sandbox.client.traffic([stream | {"start": BEGINNING, "end": end}])
    sandbox.client.advance(to=end + timedelta(hours=1))
    with credential(sandbox) as made:
        metrics: Any = MetricsClient(
            f"{sandbox.url}/metrics/eastus2", made, audience="https://x.test", connection_verify=sandbox.ca_file
        )
        found = metrics.query_resources(
            resource_ids=[account_id(sandbox)],
            metric_namespace="Microsoft.CognitiveServices/accounts",
            metric_names=["AzureOpenAIRequests"],
            timespan=(BEGINNING, end),
            granularity=timedelta(hours=1),
        )
    points = found[0].metrics[0].timeseries[0].data
    assert [point.total for point in points] == [6.0] * 24
