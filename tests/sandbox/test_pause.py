"""Pausing, scaling and where there is room: as Microsoft's preview and stable documents describe them."""

import json

import pytest

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, TUNED, Answer, Wire, account_path, deployment_body

PREVIEW = "2026-09-15-preview"
PROVIDER = "/providers/Microsoft.CognitiveServices"


def made(sandbox: Sandbox, **more: object) -> Wire:
    sandbox.client.create_deployments([{"account": DEV, "name": "support", "model": TUNED, **more}])
    return Wire(sandbox)


def act(wire: Wire, verb: str, version: str = PREVIEW) -> Answer:
    subscription = wire.sandbox.env["AZURE_SUBSCRIPTION_ID"]
    path = f"/subscriptions/{subscription}{account_path(DEV)}/deployments/support/{verb}"
    return wire.send("POST", f"{path}?api-version={version}")


def call(wire: Wire) -> Answer:
    body = json.dumps({"model": "support", "messages": [{"role": "user", "content": "hello"}]})
    token = wire.token_for("https://cognitiveservices.azure.com/.default")
    return wire.send("POST", f"/accounts/{DEV}/openai/v1/chat/completions", body, token=token)


def test_a_paused_deployment_answers_423_until_it_is_resumed(sandbox: Sandbox) -> None:
    wire = made(sandbox)
    paused = act(wire, "pause")
    assert (paused.status, paused.body["properties"]["deploymentState"]) == (200, "Paused")
    assert call(wire).status == 423
    assert act(wire, "resume").body["properties"]["deploymentState"] == "Running"
    assert call(wire).status == 200


def test_a_put_of_the_preview_pauses_and_one_of_a_stable_version_leaves_that_alone(sandbox: Sandbox) -> None:
    wire = made(sandbox)
    subscription = sandbox.env["AZURE_SUBSCRIPTION_ID"]
    path = f"/subscriptions/{subscription}{account_path(DEV)}/deployments/support?api-version="
    body = deployment_body(TUNED)
    body["properties"]["deploymentState"] = "Paused"
    wire.send("PUT", f"{path}2025-09-01", json.dumps(body))
    assert call(wire).status == 200
    wire.send("PUT", f"{path}{PREVIEW}", json.dumps(body))
    assert call(wire).status == 423
    del body["properties"]["deploymentState"]
    wire.send("PUT", f"{path}{PREVIEW}", json.dumps(body))
    assert call(wire).status == 423


def test_pausing_twice_changes_nothing(sandbox: Sandbox) -> None:
    wire = made(sandbox)
    assert act(wire, "pause").body == act(wire, "pause").body


def test_hosting_is_billed_while_paused(sandbox: Sandbox) -> None:
    act(made(sandbox), "pause")
    sandbox.client.advance(seconds=36_000)
    [line] = sandbox.client.invoice()["lines"]
    assert (line["meter"], line["amount"]) == ("hosting", "17")


def test_a_stable_api_version_does_not_know_pausing(sandbox: Sandbox) -> None:
    wire = made(sandbox)
    assert act(wire, "pause", "2025-09-01").status == 404
    assert "deploymentState" not in wire.deployment("GET", "support").body["properties"]


def test_provisioned_deployments_cannot_be_paused(sandbox: Sandbox) -> None:
    refused = act(made(sandbox, sku="ProvisionedManaged", capacity=50), "pause")
    assert (refused.status, refused.code) == (400, "OperationNotSupported")


@pytest.mark.parametrize(
    ("sku", "code"),
    [({"capacity": 100_000}, "InsufficientQuota"), ({"name": "NoSuchSku"}, "InvalidResourceProperties")],
)
def test_a_patch_that_cannot_be_is_refused_and_changes_nothing(sandbox: Sandbox, sku: object, code: str) -> None:
    wire = made(sandbox, capacity=10)
    refused = wire.deployment("PATCH", "support", {"sku": sku, "tags": {"new": "yes"}})
    assert (refused.status, refused.code) == (400, code)
    kept = wire.deployment("GET", "support").body
    assert (kept["sku"], kept["tags"]) == ({"name": "Standard", "capacity": 10}, {})


@pytest.mark.parametrize(
    ("sku", "units", "status"),
    [
        ("GlobalProvisionedManaged", 10, 400),
        ("GlobalProvisionedManaged", 17, 400),
        ("GlobalProvisionedManaged", 20, 201),
        ("ProvisionedManaged", 30, 400),
        ("ProvisionedManaged", 25, 201),
    ],
)
def test_provisioned_units_come_in_blocks(sandbox: Sandbox, sku: str, units: int, status: int) -> None:
    answer = Wire(sandbox).deployment("PUT", "block", deployment_body("gpt-4.1-mini", sku, capacity=units))
    assert answer.status == status
    assert answer.status == 201 or answer.code == "InvalidCapacity"


def test_units_are_billed_from_the_change_on(sandbox: Sandbox) -> None:
    wire = made(sandbox, sku="GlobalProvisionedManaged", capacity=100)
    sandbox.client.advance(seconds=3600)
    assert wire.deployment("PATCH", "support", {"sku": {"capacity": 50}}).status == 200
    sandbox.client.advance(seconds=3600)
    assert [line["quantity"] for line in sandbox.client.invoice()["lines"]] == ["100", "50"]


def test_a_region_without_a_sku_neither_lists_nor_takes_it(sandbox: Sandbox) -> None:
    sandbox.client.create_accounts([{"name": "far", "region": "japaneast"}])
    wire = Wire(sandbox)
    rows = wire.arm("GET", f"{PROVIDER}/locations/japaneast/models").body["value"]
    assert {sku["name"] for row in rows for sku in row["model"]["skus"]} >= {"GlobalStandard", "DeveloperTier"}
    assert all(sku["name"] != "Standard" for row in rows for sku in row["model"]["skus"])
    refused = wire.deployment("PUT", "base", deployment_body("gpt-4.1-mini"), account="far")
    assert (refused.status, refused.code) == (400, "InvalidResourceProperties")
    assert wire.deployment("PUT", "base", deployment_body("gpt-4.1-mini", "DataZoneBatch"), account="far").status == 201


def test_capacities_say_where_there_is_room(sandbox: Sandbox) -> None:
    wire = made(sandbox, capacity=5_000)
    path = f"{PROVIDER}/modelCapacities?modelFormat=OpenAI&modelName=gpt-4.1-mini&modelVersion=2025-04-14"
    rows = wire.arm("GET", path).body["value"]
    standard = {row["location"]: row["properties"] for row in rows if row["name"] == "Standard"}
    assert set(standard) == {"eastus2", "northcentralus", "swedencentral"}
    room = [standard[region]["availableFinetuneCapacity"] for region in ("eastus2", "swedencentral")]
    assert room == [0, 5_000]
    assert standard["eastus2"]["availableCapacity"] == 5_000
