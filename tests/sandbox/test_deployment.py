"""Deployments: their life as ARM shows it, through the vendor's client and on the wire."""

from datetime import timedelta

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.cognitiveservices.models import Deployment, DeploymentModel, DeploymentProperties, Sku

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import (
    DEV,
    GROUP,
    PROD,
    TUNED,
    Wire,
    account_id,
    account_path,
    deployment_body,
    resource_manager,
)

BASE = Deployment(
    sku=Sku(name="Standard", capacity=10),
    properties=DeploymentProperties(model=DeploymentModel(format="OpenAI", name="gpt-4.1-mini", version="2025-04-14")),
)


def make_tuned(sandbox: Sandbox, name: str = "support", **more: object) -> None:
    sandbox.client.create_deployments([{"account": DEV, "name": name, "model": TUNED, **more}])


def events(sandbox: Sandbox) -> list[tuple[str, str]]:
    return [(event["event"], event["deployment"]) for event in sandbox.client.deployment_events()]


def test_the_vendors_client_creates_lists_and_deletes(sandbox: Sandbox) -> None:
    with resource_manager(sandbox) as client:
        made = client.deployments.begin_create_or_update(GROUP, DEV, "base", BASE).result()
        listed = [item.name for item in client.deployments.list(GROUP, DEV)]
        client.deployments.begin_delete(GROUP, DEV, "base").result()
        left = list(client.deployments.list(GROUP, DEV))
    assert made.properties is not None
    assert (made.properties.provisioning_state, listed, left) == ("Succeeded", ["base"], [])
    assert events(sandbox) == [("created", "base"), ("deleted", "base")]


def test_a_put_is_created_then_runs_for_seven_looks_then_succeeds(sandbox: Sandbox) -> None:
    wire = Wire(sandbox)
    made = wire.deployment("PUT", "base", deployment_body("gpt-4.1-mini"))
    assert (made.status, made.body["properties"]["provisioningState"]) == (201, "Creating")
    looks = [wire.send("GET", made.headers["azure-asyncoperation"]).body for _ in range(8)]
    assert [look["status"] for look in looks] == ["Running"] * 7 + ["Succeeded"]
    assert {look["percentComplete"] for look in looks[:7]} == {0.0}


def test_a_delete_is_accepted_then_shows_deleting_then_is_not_found(sandbox: Sandbox) -> None:
    make_tuned(sandbox)
    wire = Wire(sandbox)
    accepted = wire.deployment("DELETE", "support")
    assert accepted.status == 202
    assert {"azure-asyncoperation", "location"} <= set(accepted.headers)
    looks = [wire.deployment("GET", "support") for _ in range(8)]
    assert [look.body["properties"]["provisioningState"] for look in looks[:7]] == ["Deleting"] * 7
    assert (looks[7].status, looks[7].code) == (404, "ResourceNotFound")


def test_an_operation_that_nobody_looks_at_ends_after_a_minute(sandbox: Sandbox) -> None:
    make_tuned(sandbox)
    Wire(sandbox).deployment("DELETE", "support")
    sandbox.client.advance(seconds=59)
    assert Wire(sandbox).deployment("GET", "support").status == 200
    sandbox.client.advance(seconds=1)
    assert Wire(sandbox).deployment("GET", "support").status == 404


def test_deleting_what_does_not_exist_answers_204(sandbox: Sandbox) -> None:
    assert Wire(sandbox).deployment("DELETE", "nothing").status == 204


def test_two_writes_on_one_account_conflict_and_on_two_do_not(sandbox: Sandbox) -> None:
    wire, body = Wire(sandbox), deployment_body("gpt-4.1-mini")
    assert wire.deployment("PUT", "one", body).status == 201
    second = wire.deployment("PUT", "two", body)
    assert (second.status, second.code) == (409, "RequestConflict")
    assert wire.deployment("PUT", "two", body, account=PROD).status == 201


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (deployment_body("gpt-9"), "DeploymentModelNotSupported"),
        (deployment_body(TUNED), "DeploymentModelNotSupported"),
        (deployment_body("gpt-4.1-mini", "DeveloperTier"), "InvalidResourceProperties"),
        (deployment_body("gpt-4.1-mini", capacity=100_000), "InsufficientQuota"),
    ],
)
def test_what_cannot_be_deployed_is_refused(sandbox: Sandbox, body: object, code: str) -> None:
    refused = Wire(sandbox).deployment("PUT", "base", body)
    assert (refused.status, refused.code) == (400, code)
    assert events(sandbox) == []


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"sku": 5},
        deployment_body("gpt-4.1-mini") | {"sku": {"capacity": "many"}},
        {"properties": {"model": "gpt"}},
        "{",
    ],
)
def test_a_body_of_the_wrong_kind_is_refused(sandbox: Sandbox, body: object) -> None:
    refused = Wire(sandbox).deployment("PUT", "base", body)
    assert (refused.status, refused.code) == (400, "InvalidRequestContent")


def test_a_deleted_fine_tune_can_be_deployed_again_from_its_own_body(sandbox: Sandbox) -> None:
    make_tuned(sandbox, tags={"team": "care"})
    wire = Wire(sandbox)
    body = wire.deployment("GET", "support").body
    wire.deployment("DELETE", "support")
    sandbox.client.advance(seconds=60)
    kept = {key: body[key] for key in ("sku", "properties", "tags")}
    assert wire.deployment("PUT", "support", kept).status == 201
    sandbox.client.advance(seconds=60)
    restored = wire.deployment("GET", "support").body
    assert restored["properties"] == body["properties"]
    assert restored["tags"] == {"team": "care"}
    assert restored["systemData"]["createdAt"] > body["systemData"]["createdAt"]


def test_a_locked_account_refuses_deletions(sandbox: Sandbox) -> None:
    sandbox.client.create_accounts([{"name": "locked", "region": "eastus2", "locked": True}])
    sandbox.client.create_deployments([{"account": "locked", "name": "kept", "model": TUNED}])
    refused = Wire(sandbox).deployment("DELETE", "kept", account="locked")
    assert (refused.status, refused.code) == (409, "ScopeLocked")
    locks = Wire(sandbox).arm("GET", "/providers/Microsoft.Authorization/locks").body["value"]
    assert [lock["properties"]["level"] for lock in locks] == ["CanNotDelete"]


def test_the_developer_tier_goes_after_a_day(sandbox: Sandbox) -> None:
    make_tuned(sandbox, sku="DeveloperTier")
    sandbox.client.advance(seconds=timedelta(hours=24).total_seconds() - 1)
    assert Wire(sandbox).deployment("GET", "support").status == 200
    sandbox.client.advance(seconds=1)
    assert Wire(sandbox).deployment("GET", "support").status == 404
    assert events(sandbox)[-1] == ("expired", "support")


def test_a_fine_tune_goes_fifteen_days_after_its_last_call(sandbox: Sandbox) -> None:
    make_tuned(sandbox)
    now = sandbox.client.now()
    called = {"start": now, "end": now + timedelta(days=2), "requests_per_hour": 1}
    sandbox.client.traffic([{"account": DEV, "deployment": "support", **called}])
    last_call = now + timedelta(hours=47)
    sandbox.client.advance(to=last_call + timedelta(days=15, seconds=-1))
    assert ("expired", "support") not in events(sandbox)
    sandbox.client.advance(seconds=1)
    assert events(sandbox)[-1] == ("expired", "support")


def test_a_base_deployment_is_never_expired(sandbox: Sandbox) -> None:
    sandbox.client.create_deployments([{"account": DEV, "name": "base", "model": "gpt-4.1-mini"}])
    sandbox.client.advance(seconds=timedelta(days=90).total_seconds())
    assert Wire(sandbox).deployment("GET", "base").status == 200


def test_lists_come_in_pages_that_the_vendors_client_follows(sandbox: Sandbox) -> None:
    sandbox.client.reset(page_size=2)
    sandbox.client.create_deployments([{"account": DEV, "name": f"d{number}", "model": TUNED} for number in range(5)])
    with resource_manager(sandbox) as client:
        assert [item.name for item in client.deployments.list(GROUP, DEV)] == ["d0", "d1", "d2", "d3", "d4"]
    assert sandbox.client.requests()["by_operation"]["deployments.list"] == 3


def test_names_are_compared_without_case(sandbox: Sandbox) -> None:
    make_tuned(sandbox)
    path = account_path(DEV.upper()).replace("resourceGroups", "RESOURCEGROUPS")
    assert Wire(sandbox).arm("GET", f"{path}/deployments/SUPPORT").body["name"] == "support"


def test_what_is_missing_is_told_apart(sandbox: Sandbox) -> None:
    wire = Wire(sandbox)
    unknown = [
        wire.send("GET", "/subscriptions/nobody?api-version=2022-12-01"),
        wire.arm("GET", "/resourceGroups/nothing"),
        wire.arm("GET", account_path("nothing")),
        wire.arm("GET", "/providers/Microsoft.Nothing/things"),
        wire.arm("GET", "/providers/Microsoft.CognitiveServices/nothing"),
        wire.send("GET", f"{account_id(sandbox)}"),
    ]
    assert [(answer.status, answer.code) for answer in unknown] == [
        (404, "SubscriptionNotFound"),
        (404, "ResourceGroupNotFound"),
        (404, "ResourceNotFound"),
        (404, "InvalidResourceNamespace"),
        (404, "InvalidResourceType"),
        (400, "MissingApiVersionParameter"),
    ]


def test_fine_tuned_skus_say_that_they_pay_hosting(sandbox: Sandbox) -> None:
    answer = Wire(sandbox).arm("GET", "/providers/Microsoft.CognitiveServices/locations/eastus2/models")
    mini = next(item["model"] for item in answer.body["value"] if item["model"]["name"] == "gpt-4.1-mini")
    tuned = [sku for sku in mini["skus"] if sku.get("scope") == "Finetune"]
    assert [sku["name"] for sku in tuned if sku.get("costs") == [{"name": "Hosting", "unit": "1 Hour"}]] == [
        "Standard",
        "GlobalStandard",
        "DataZoneStandard",
    ]


def test_models_tell_when_they_retire(sandbox: Sandbox) -> None:
    with resource_manager(sandbox) as client:
        dates = {
            item.model.name: item.model.deprecation.inference
            for item in client.models.list("eastus2")
            if item.model and item.model.deprecation
        }
    assert str(dates["gpt-4.1-mini"]).startswith("2027-10-14")


def test_usages_count_what_is_deployed(sandbox: Sandbox) -> None:
    make_tuned(sandbox, capacity=30)
    with resource_manager(sandbox) as client:
        used = {item.name.value: item.current_value for item in client.usages.list("eastus2") if item.name}
    assert used["OpenAI.Standard.gpt-4.1-mini-finetune"] == 30
    assert used["OpenAI.Standard.gpt-4.1-mini"] == 0


def test_an_account_takes_ten_fine_tuned_deployments(sandbox: Sandbox) -> None:
    tuned = [{"account": DEV, "name": f"tuned-{number}", "model": TUNED} for number in range(10)]
    sandbox.client.create_deployments(tuned)
    wire = Wire(sandbox)
    refused = wire.deployment("PUT", "eleventh", deployment_body())
    assert (refused.status, refused.code) == (400, "InsufficientQuota")
    assert "OpenAI.FineTunedDeployments" in refused.body["error"]["message"]
    assert wire.deployment("PUT", "tuned-0", deployment_body(capacity=2)).status == 200
    assert wire.deployment("PUT", "base", deployment_body("gpt-4.1-mini")).status == 201


def test_an_account_with_deployments_cannot_be_deleted(sandbox: Sandbox) -> None:
    make_tuned(sandbox)
    with resource_manager(sandbox) as client, pytest.raises(HttpResponseError) as refused:
        client.accounts.begin_delete(GROUP, DEV).result()
    assert refused.value.status_code == 409
