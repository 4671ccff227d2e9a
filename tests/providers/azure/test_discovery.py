"""An account that is not listed any more: deleted, or hidden? Only the account itself can tell."""

from dataclasses import replace

import pytest

from deployer.domain.deployment import Account
from deployer.ports.cloud import Provider
from deployer.sandbox.process import Sandbox
from tests.providers.opening import Connect

GROUP = "/subscriptions/{}/resourceGroups/rg-models/providers/Microsoft.CognitiveServices/accounts/{}"


def known(account: Account, name: str, subscription: str = "") -> Account:
    place = subscription or account.subscription
    return replace(account, name=name, resource_id=GROUP.format(place, name), subscription=place)


def test_account_that_azure_does_not_know_has_vanished(azure: Provider, account: Account) -> None:
    deleted = known(account, "deleted")

    reading = azure.inventory.observe([deleted])

    assert reading.vanished == {deleted.resource_id.lower()}
    assert (reading.gaps, reading.unread) == ((), frozenset())


def test_account_that_moved_is_called_as_before_by_who_only_looks(connect_azure: Connect, account: Account) -> None:
    before = replace(account, resource_id=account.resource_id.replace("rg-models", "rg-of-old"))

    reading = connect_azure(written=[before]).inventory.observe()

    assert account.name in {one.name for one in reading.accounts}
    assert (reading.vanished, reading.gaps) == (frozenset(), ())


def test_name_of_an_account_that_may_merely_be_hidden_is_not_anothers(
    sandbox: Sandbox, connect_azure: Connect, account: Account
) -> None:
    hidden = known(account, account.name, "11111111-0000")
    sandbox.client.fault({"operation": "accounts.get", "kind": "status", "status": 403})

    reading = connect_azure(written=[hidden]).inventory.observe()

    assert account.name not in {one.name for one in reading.accounts}
    assert reading.gaps == ()


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_account_that_may_merely_be_hidden_is_a_gap_and_unread(
    sandbox: Sandbox, connect_azure: Connect, account: Account, status: int
) -> None:
    hidden = known(account, "hidden")
    sandbox.client.fault({"operation": "accounts.get", "kind": "status", "status": status})

    reading = connect_azure(retries=0).inventory.observe([hidden])

    assert reading.unread == {hidden.resource_id.lower()}
    assert reading.vanished == frozenset()
    (gap,) = reading.gaps
    assert gap.where == "hidden"
    assert "goes on accruing" in gap.cause


def test_account_that_the_graph_forgot_is_read_all_the_same(
    sandbox: Sandbox, azure: Provider, account: Account
) -> None:
    made = {"account": account.name, "name": "d0", "model": "gpt-4o-mini", "version": "2024-07-18"}
    sandbox.client.create_deployments([made])
    body = {"totalRecords": 1, "count": 1, "data": [_row(azure)], "facets": [], "resultTruncated": "false"}
    sandbox.client.fault({"operation": "graph.resources", "kind": "status", "status": 200, "body": body})

    reading = azure.inventory.observe([account])

    assert {one.name for one in reading.accounts} == {"aoai-dev-eastus2", "aoai-prod-swedencentral"}
    assert [one.name for one in reading.deployments] == ["d0"]
    assert reading.gaps == ()


def _row(azure: Provider) -> dict[str, str]:
    prod = next(one for one in azure.inventory.observe().accounts if one.name.startswith("aoai-prod"))
    return {"id": prod.resource_id, "name": prod.name, "kind": "OpenAI", "subscriptionId": prod.subscription}


def test_account_outside_the_subscriptions_of_the_settings_is_told_and_left_alone(
    sandbox: Sandbox, azure: Provider, account: Account
) -> None:
    elsewhere = known(account, "elsewhere", "00000000-0000-0000-0000-00000000beef")
    place = {"region": "eastus2", "subscription": elsewhere.subscription}
    sandbox.client.create_accounts([{"name": "elsewhere", **place}])

    reading = azure.inventory.observe([elsewhere])

    assert reading.unread == {elsewhere.resource_id.lower()}
    assert "AZURE_SUBSCRIPTION_ID" in reading.gaps[0].cause


def test_when_nothing_can_be_listed_every_known_account_is_unread(
    sandbox: Sandbox, connect_azure: Connect, account: Account
) -> None:
    for operation in ("graph.resources", "accounts.list"):
        sandbox.client.fault({"operation": operation, "kind": "status", "status": 403})

    reading = connect_azure(retries=0).inventory.observe([account])

    assert reading.unread == {account.resource_id.lower()}
    assert [gap.what for gap in reading.gaps] == ["accounts", "deployments"]
    assert "accounts.get" not in sandbox.client.requests()["by_operation"]
