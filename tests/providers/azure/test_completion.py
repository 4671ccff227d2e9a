"""Deployments of models older than chat are called by the same command."""

import pytest

from deployer.domain.deployment import Account
from deployer.errors import CloudError
from deployer.ports.cloud import Provider
from deployer.sandbox.process import Sandbox

HASH = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("model", [f"babbage-002.ft-{HASH}-bot", f"davinci-002.ft-{HASH}", "davinci-002"])
def test_a_model_older_than_chat_completes_the_text(
    sandbox: Sandbox, azure: Provider, account: Account, model: str
) -> None:
    sandbox.client.create_deployments([{"account": account.name, "name": "old", "model": model}])

    assert azure.deployments.call(account, "old", "Once upon a time")

    calls = {line["operation"]: line["status"] for line in sandbox.client.log() if line["method"] == "POST"}
    assert (calls["azure.chat"], calls["azure.completions"]) == (400, 200)


def test_a_fine_tune_of_one_pays_hosting_like_others(sandbox: Sandbox, azure: Provider, account: Account) -> None:
    model = f"babbage-002.ft-{HASH}-bot"
    sandbox.client.create_deployments([{"account": account.name, "name": "old", "model": model}])
    sandbox.client.advance(seconds=36_000)

    (found,) = azure.inventory.observe().deployments
    [line] = sandbox.client.invoice()["lines"]

    assert (found.base_model, found.fine_tuned, line["amount"]) == ("babbage-002", True, "17")


def test_another_400_is_not_answered_by_a_completion(sandbox: Sandbox, azure: Provider, account: Account) -> None:
    sandbox.client.create_deployments([{"account": account.name, "name": "base", "model": "gpt-4o-mini"}])
    body = {"error": {"code": "content_filter", "message": "The response was filtered."}}
    sandbox.client.fault({"operation": "azure.chat", "kind": "status", "status": 400, "body": body})

    with pytest.raises(CloudError, match="filtered"):
        azure.deployments.call(account, "base", "hello")
    assert "azure.completions" not in sandbox.client.requests()["by_operation"]


def test_a_model_that_neither_chats_nor_completes_is_told_in_the_first_refusals_words(
    sandbox: Sandbox, azure: Provider, account: Account
) -> None:
    sandbox.client.create_deployments([{"account": account.name, "name": "speech", "model": "gpt-4o-mini"}])
    words = "The chatCompletion operation does not work with the specified model, whisper."
    body = {"error": {"code": "OperationNotSupported", "message": words}}
    sandbox.client.fault({"operation": "azure.chat", "kind": "status", "status": 400, "body": body})

    with pytest.raises(CloudError, match="chatCompletion operation does not work with the specified model, whisper"):
        azure.deployments.call(account, "speech", "hello")
