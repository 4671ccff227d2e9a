"""Paused deployments show themselves, whatever version of the API a service knows, and come back as they were."""

import pytest

from deployer.domain.deployment import Account, Deployment
from deployer.errors import CloudError
from deployer.ports.cloud import DeploymentRequest, Provider
from deployer.providers.azure.deployments import body_of
from deployer.sandbox.process import Sandbox
from tests.providers.opening import Connect

TUNED = "gpt-4.1-mini-2025-04-14.ft-0e208cf33a6a466994aff31a08aba678-triage"
UNKNOWN_VERSION = {
    "error": {
        "code": "NoRegisteredProviderFound",
        "message": "No registered resource provider found for location 'eastus2' and API version '2026-09-15-preview'.",
    }
}
PREVIEW = "deployments.*api-version=2026-09-15-preview"


@pytest.fixture
def bot(sandbox: Sandbox, azure: Provider, account: Account) -> Deployment:
    sandbox.client.create_deployments([{"account": account.name, "name": "bot", "model": TUNED, "capacity": 3}])
    found = azure.inventory.read(account, "bot")
    assert found is not None
    return azure.deployments.pause(found, True)


def listed(provider: Provider) -> list[tuple[str, str]]:
    return [(one.name, one.state) for one in provider.inventory.observe().deployments]


def test_a_paused_deployment_is_listed_and_read_as_paused(azure: Provider, bot: Deployment) -> None:
    assert listed(azure) == [("bot", "Paused")]
    again = azure.inventory.read(bot.account, "bot")
    assert again is not None
    assert (again.state, again.paused, again.serving) == ("Paused", True, True)
    azure.deployments.pause(bot, False)
    assert listed(azure) == [("bot", "Succeeded")]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, UNKNOWN_VERSION),
        (400, {"error": {"code": "InvalidApiVersionParameter", "message": "The api-version is invalid."}}),
        (404, {"error": {"code": "InvalidResourceType", "message": "The resource type could not be found."}}),
    ],
)
def test_where_the_preview_is_refused_the_stable_version_is_asked_and_asked_alone_from_then_on(
    sandbox: Sandbox, connect_azure: Connect, bot: Deployment, status: int, body: object
) -> None:
    sandbox.client.fault({"path": PREVIEW, "kind": "status", "status": status, "body": body})
    azure = connect_azure()
    assert listed(azure) == [("bot", "Succeeded")]
    before = sandbox.client.requests()["by_operation"]["deployments.list"]
    assert listed(azure) == [("bot", "Succeeded")]
    assert azure.inventory.read(bot.account, "bot") is not None
    assert sandbox.client.requests()["by_operation"]["deployments.list"] == before + 2
    sandbox.client.clear_faults()
    assert listed(azure) == [("bot", "Succeeded")]
    sandbox.client.advance(seconds=86_400)
    assert listed(azure) == [("bot", "Paused")]


@pytest.mark.parametrize("status", [403, 500])
def test_a_failure_that_is_not_about_the_version_is_told_as_it_is(
    sandbox: Sandbox, connect_azure: Connect, bot: Deployment, status: int
) -> None:
    sandbox.client.fault({"path": PREVIEW, "kind": "status", "status": status})
    reading = connect_azure(retries=0).inventory.observe()
    assert (reading.deployments, len(reading.unread)) == ((), 2)


def test_a_sweep_asks_each_account_once(sandbox: Sandbox, azure: Provider, bot: Deployment) -> None:
    before = sandbox.client.requests()["by_operation"]["deployments.list"]
    azure.inventory.observe()
    assert sandbox.client.requests()["by_operation"]["deployments.list"] == before + 2


@pytest.mark.parametrize("paused", [True, False])
def test_what_is_put_back_is_paused_if_it_was(sandbox: Sandbox, azure: Provider, bot: Deployment, paused: bool) -> None:
    was = azure.deployments.pause(bot, paused)
    azure.deployments.delete(bot.account, "bot")
    sandbox.client.advance(seconds=120)
    body = {key: was.body[key] for key in ("sku", "properties", "tags")}

    made = azure.deployments.create(DeploymentRequest(bot.account, "bot", was.model, body=body))

    assert (made.state, made.capacity) == (was.state, 3)


@pytest.mark.parametrize(
    ("key", "state", "sent"), [("deploymentState", "Running", False), ("deploymentstate", "paused", True)]
)
def test_only_a_pause_is_sent_since_running_is_what_a_stable_version_makes(key: str, state: str, sent: bool) -> None:
    body = {"sku": {"name": "Standard"}, "properties": {key: state, "raiPolicyName": "strict", "unheardOf": 1}}
    request = DeploymentRequest(Account("azure", "a", "/a"), "bot", TUNED, body=body)

    properties = body_of(request)["properties"]

    assert properties == {"raiPolicyName": "strict", "unheardOf": 1} | ({key: state} if sent else {})


def test_where_no_version_knows_a_pause_what_was_paused_is_put_back_running(
    sandbox: Sandbox, connect_azure: Connect, azure: Provider, bot: Deployment
) -> None:
    azure.deployments.delete(bot.account, "bot")
    sandbox.client.advance(seconds=120)
    sandbox.client.fault({"path": PREVIEW, "kind": "status", "status": 400, "body": UNKNOWN_VERSION})

    made = connect_azure().deployments.create(DeploymentRequest(bot.account, "bot", bot.model, body=bot.body))

    assert (made.state, made.capacity) == ("Succeeded", 3)
    sandbox.client.clear_faults()
    assert listed(azure) == [("bot", "Succeeded")]


def test_another_refusal_of_a_paused_one_is_no_reason_to_try_without_the_pause(
    sandbox: Sandbox, azure: Provider, bot: Deployment
) -> None:
    azure.deployments.delete(bot.account, "bot")
    sandbox.client.advance(seconds=120)
    body = {"error": {"code": "InsufficientQuota", "message": "No room."}}
    sandbox.client.fault({"operation": "deployments.put", "kind": "status", "status": 400, "body": body})

    with pytest.raises(CloudError, match="No room"):
        azure.deployments.create(DeploymentRequest(bot.account, "bot", bot.model, body=bot.body))
    assert sandbox.client.requests()["by_operation"]["deployments.put"] == 1
