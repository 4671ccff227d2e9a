"""Resource Graph through the vendor's client."""

from typing import cast

from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, PROD, credential

ACCOUNTS = "resources | where type =~ 'microsoft.cognitiveservices/accounts' | project id, name, location"
OTHER = "/subscriptions/00000000-0000-4000-8000-000000000002"


def ask(sandbox: Sandbox, query: str = ACCOUNTS, top: int | None = None) -> list[str]:
    """All names, page by page."""
    names: list[str] = []
    with (
        credential(sandbox) as signed_in,
        ResourceGraphClient(signed_in, base_url=sandbox.url, connection_verify=sandbox.ca_file) as client,
    ):
        token = None
        while True:
            wanted = QueryRequestOptions(skip_token=token, result_format="objectArray", top=top)
            answer = client.resources(QueryRequest(query=query, options=wanted))
            names += [row["name"] for row in cast(list[dict[str, str]], answer.data)]
            token = answer.skip_token
            if not token:
                return names


def test_the_graph_holds_all_accounts_of_all_subscriptions(sandbox: Sandbox) -> None:
    other = OTHER.rpartition("/")[2]
    sandbox.client.create_accounts([{"name": "elsewhere", "region": "westus3", "subscription": other}])
    assert sorted(ask(sandbox)) == [DEV, PROD, "elsewhere"]


def test_pages_are_followed_by_the_skip_token(sandbox: Sandbox) -> None:
    sandbox.client.create_accounts([{"name": f"a{number}", "region": "eastus2"} for number in range(5)])
    assert len(ask(sandbox, top=3)) == 7
    assert sandbox.client.requests()["by_operation"]["graph.resources"] == 3


def test_deployments_are_not_in_the_graph(sandbox: Sandbox) -> None:
    assert ask(sandbox, "resources | where type =~ 'microsoft.cognitiveservices/accounts/deployments'") == []


def test_subscriptions_and_groups_are_containers(sandbox: Sandbox) -> None:
    assert sorted(ask(sandbox, "ResourceContainers | project name")) == ["Models", "rg-models"]
    joined = (
        "Resources | join kind=leftouter (ResourceContainers | where type =~ 'microsoft.resources/subscriptions' "
        "| project subscription = name, subscriptionId) on subscriptionId | project name = subscription"
    )
    assert ask(sandbox, joined) == ["Models", "Models"]
    assert ask(sandbox, "AdvisorResources | project name") == []


def test_an_answer_may_be_a_table_of_columns(sandbox: Sandbox) -> None:
    with (
        credential(sandbox) as signed_in,
        ResourceGraphClient(signed_in, base_url=sandbox.url, connection_verify=sandbox.ca_file) as client,
    ):
        query = QueryRequest(query="Resources | project name, tags", options=QueryRequestOptions(result_format="table"))
        table = cast(dict[str, list[object]], client.resources(query).data)
    assert table["columns"] == [{"name": "name", "type": "string"}, {"name": "tags", "type": "object"}]
    assert table["rows"] == [[DEV, {"env": "dev"}], [PROD, {"env": "prod"}]]
