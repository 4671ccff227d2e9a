"""Changes of what is deployed: waited for, one at a time, and honest about what is not known."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from deployer.domain.deployment import Account, Tier
from deployer.domain.sku import tier_of
from deployer.errors import CloudError, Conflict, Forbidden, NotFound, Unreachable
from deployer.ports.cloud import DeploymentRequest, Provider
from deployer.sandbox.process import Sandbox
from tests.conftest import BEGINNING
from tests.providers.opening import Connect

Fault = Callable[..., None]
BUSY = {"error": {"code": "RequestConflict", "message": "Another operation is in progress."}}


def request(account: Account, name: str = "triage", **changes: Any) -> DeploymentRequest:
    given: dict[str, Any] = {
        "model": "gpt-4o-mini",
        "model_version": "2024-07-18",
        "sku": "GlobalStandard",
        "capacity": 10,
    }
    return DeploymentRequest(account, name, **(given | changes))


@pytest.fixture
def fault(sandbox: Sandbox) -> Fault:
    """`fault("deployments.delete", "status", status=409)`: ordered once unless `times` says otherwise."""

    def order(operation: str, kind: str, times: int = 1, **rest: Any) -> None:
        sandbox.client.fault({"operation": operation, "kind": kind, "times": times, **rest})

    return order


def deletions(sandbox: Sandbox) -> int:
    return sum(event["event"] == "deleted" for event in sandbox.client.deployment_events())


def gone(azure: Provider, account: Account, name: str) -> bool:
    """Whether it goes within the looks that the operation takes."""
    return any(azure.inventory.read(account, name) is None for _ in range(20))


def test_creation_returns_when_the_deployment_serves(sandbox: Sandbox, azure: Provider, account: Account) -> None:
    created = azure.deployments.create(request(account))

    assert created.state == "Succeeded"
    assert (created.model, created.sku, created.capacity) == ("gpt-4o-mini", "GlobalStandard", 10)
    assert created.managed
    assert sandbox.client.now() - BEGINNING <= timedelta(minutes=2)


def test_restore_sends_the_stored_body_as_it_is(azure: Provider, account: Account) -> None:
    model = {"format": "OpenAI", "name": "gpt-4o-mini", "version": "2024-07-18"}
    properties = {"model": model, "versionUpgradeOption": "NoAutoUpgrade", "previewField": {"kept": True}}
    body = {"sku": {"name": "Standard", "capacity": 7}, "properties": properties, "tags": {"env": "dev"}}

    created = azure.deployments.create(request(account, body=body))

    assert (created.sku, created.capacity, created.tags) == ("Standard", 7, {"env": "dev"})
    assert created.body["properties"]["versionUpgradeOption"] == "NoAutoUpgrade"
    assert created.body["properties"]["previewField"] == {"kept": True}


def test_creation_refused_by_azure_is_an_error_in_its_words(azure: Provider, account: Account) -> None:
    with pytest.raises(CloudError, match=r"cannot create deployment triage in aoai-dev-eastus2: 400"):
        azure.deployments.create(request(account, model="no-such-model"))


def test_deletion_is_asked_for_and_not_waited_for(sandbox: Sandbox, azure: Provider, account: Account) -> None:
    azure.deployments.create(request(account))

    assert azure.deployments.delete(account, "triage")

    shown = azure.inventory.read(account, "triage")
    assert shown is not None
    assert not shown.serving
    assert gone(azure, account, "triage")
    assert deletions(sandbox) == 1


def test_deletion_of_what_is_not_there_says_so(azure: Provider, account: Account) -> None:
    assert not azure.deployments.delete(account, "never-was")


def test_deletion_waits_while_the_account_is_busy(
    sandbox: Sandbox, azure: Provider, account: Account, fault: Fault
) -> None:
    azure.deployments.create(request(account))
    fault("deployments.delete", "status", status=409, body=BUSY, times=3)
    before = sandbox.client.now()

    assert azure.deployments.delete(account, "triage")

    assert sandbox.client.now() > before
    assert gone(azure, account, "triage")


def test_account_that_stays_busy_is_a_conflict_in_the_end(azure: Provider, account: Account, fault: Fault) -> None:
    fault("deployments.delete", "status", status=409, body=BUSY, times=1000)

    with pytest.raises(Conflict, match="RequestConflict"):
        azure.deployments.delete(account, "triage")


def test_locked_scope_is_not_waited_for(sandbox: Sandbox, azure: Provider, account: Account, fault: Fault) -> None:
    body = {"error": {"code": "ScopeLocked", "message": "The scope is locked."}}
    fault("deployments.delete", "status", status=409, body=body, times=1000)

    with pytest.raises(Conflict, match="ScopeLocked"):
        azure.deployments.delete(account, "triage")

    assert sandbox.client.now() == BEGINNING


def test_deletion_whose_answer_was_cut_is_done_once_and_said_to_be_done(
    sandbox: Sandbox, connect_azure: Connect, account: Account, fault: Fault
) -> None:
    sandbox.client.create_deployments([{"account": account.name, "name": "triage", "model": "gpt-4o-mini"}])
    fault("deployments.delete", "cut_after")

    assert connect_azure().deployments.delete(account, "triage")

    assert gone(connect_azure(), account, "triage")
    assert deletions(sandbox) == 1


def test_what_is_gone_after_a_cut_was_deleted_by_that_call(
    sandbox: Sandbox, connect_azure: Connect, account: Account, fault: Fault
) -> None:
    sandbox.client.create_deployments([{"account": account.name, "name": "triage", "model": "gpt-4o-mini"}])
    fault("deployments.delete", "cut_after")
    fault("deployments.delete", "status", status=429, headers={"Retry-After": "90"})

    assert connect_azure().deployments.delete(account, "triage")

    answers = [line["status"] for line in sandbox.client.log() if line["operation"] == "deployments.delete"]
    assert answers[-1] == 204


def test_deletion_that_is_always_cut_may_have_been_done(connect_azure: Connect, account: Account, fault: Fault) -> None:
    fault("deployments.delete", "cut_after", times=1000)

    with pytest.raises(Unreachable) as caught:
        connect_azure(retries=1).deployments.delete(account, "triage")

    assert caught.value.maybe_done


def test_creation_whose_answer_was_cut_is_finished(azure: Provider, account: Account, fault: Fault) -> None:
    fault("deployments.put", "cut_after")
    fault("operations.get", "cut_before")

    assert azure.deployments.create(request(account)).state == "Succeeded"


def test_missing_right_is_named(azure: Provider, account: Account, fault: Fault) -> None:
    fault("deployments.delete", "status", status=403)

    with pytest.raises(Forbidden) as caught:
        azure.deployments.delete(account, "triage")

    assert "role" in caught.value.next_step


def test_writers_of_one_account_queue(sandbox: Sandbox, azure: Provider, account: Account) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda name: azure.deployments.create(request(account, name)), ["a", "b", "c", "d"]))

    assert [deployment.state for deployment in made] == ["Succeeded"] * 4
    puts = [line for line in sandbox.client.log() if line["operation"] == "deployments.put"]
    assert [line["status"] for line in puts] == [201] * 4


def test_refused_sign_in_never_escapes_as_the_sdks_own_error(connect_azure: Connect, account: Account) -> None:
    azure = connect_azure(AZURE_CLIENT_SECRET="canary-wrong")

    with pytest.raises(Forbidden, match="sign-in failed") as caught:
        azure.deployments.create(request(account))

    assert "canary-wrong" not in str(caught.value)


def test_unknown_name_is_not_found_when_called(azure: Provider, account: Account) -> None:
    with pytest.raises(NotFound):
        azure.deployments.call(account, "never-was", "hello")


# --- changes ------------------------------------------------------------------------------------


def test_capacity_is_changed_and_shown(sandbox: Sandbox, azure: Provider, account: Account) -> None:
    made = azure.deployments.create(request(account))

    scaled = azure.deployments.scale(made, 20)

    assert (scaled.sku, scaled.capacity, scaled.created_at) == ("GlobalStandard", 20, made.created_at)


def test_paused_deployment_says_so_and_refuses_calls_in_words(azure: Provider, account: Account) -> None:
    made = azure.deployments.create(request(account))

    assert azure.deployments.pause(made, True).state == "Paused"
    assert azure.deployments.pause(made, True).state == "Paused"
    with pytest.raises(CloudError) as caught:
        azure.deployments.call(account, "triage", "hello")

    assert caught.value.status == 423
    assert azure.deployments.pause(made, False).state == "Succeeded"
    assert azure.deployments.call(account, "triage", "hello")


def test_pause_waits_while_the_account_is_busy(azure: Provider, account: Account, fault: Fault) -> None:
    made = azure.deployments.create(request(account))
    fault("deployments.pause", "status", status=409, body=BUSY, times=2)

    assert azure.deployments.pause(made, True).state == "Paused"


@pytest.mark.parametrize(
    "sku",
    [
        "Standard", "GlobalStandard", "DataZoneStandard", "GlobalBatch", "DataZoneBatch",
        "ProvisionedManaged", "GlobalProvisionedManaged", "DataZoneProvisionedManaged",
    ],
)  # fmt: skip
def test_every_sku_is_created_and_listed_with_its_tier(azure: Provider, account: Account, sku: str) -> None:
    made = azure.deployments.create(request(account, sku=sku, capacity=50))

    [listed] = azure.inventory.observe().deployments

    assert (made.sku, listed.sku, listed.tier) == (sku, sku, tier_of(sku))
    assert listed.tier is not Tier.UNKNOWN


# --- operations that outlive their process --------------------------------------------------------


def test_a_creation_tells_its_continuation_token_and_is_picked_up_with_it(
    sandbox: Sandbox, connect_azure: Connect, account: Account
) -> None:
    class Killed(BaseException):
        pass

    tokens: list[str] = []

    def begun(token: str) -> None:
        tokens.append(token)
        raise Killed

    with pytest.raises(Killed):
        connect_azure().deployments.create(request(account, begun=begun))
    made = connect_azure().deployments.create(request(account, continuation=tokens[0]))

    assert made.state == "Succeeded"
    assert sandbox.client.requests()["by_operation"]["deployments.put"] == 1


def test_a_continuation_token_holds_no_secret(sandbox: Sandbox, azure: Provider, account: Account) -> None:
    import base64

    tokens: list[str] = []
    azure.deployments.create(request(account, begun=tokens.append))

    state = base64.b64decode(tokens[0] + "==").decode("utf-8", "replace")

    assert "azure-asyncoperation" in state.lower()
    assert "authorization" not in state.lower()
    assert sandbox.env["AZURE_CLIENT_SECRET"] not in state


def test_a_change_that_azure_only_accepts_is_waited_for(
    sandbox: Sandbox, azure: Provider, account: Account, fault: Fault
) -> None:
    made = azure.deployments.create(request(account))
    [operation] = {line["path"] for line in sandbox.client.log() if line["operation"] == "operations.get"}
    looks = sandbox.client.requests()["by_operation"]["operations.get"]
    url = f"{sandbox.env['DEPLOYER_AZURE_RESOURCE_MANAGER_URL']}{operation}?api-version=2025-09-01"
    fault("deployments.patch", "status", status=202, headers={"azure-asyncoperation": url}, body={})

    azure.deployments.scale(made, 20)

    assert sandbox.client.requests()["by_operation"]["operations.get"] == looks + 1


# --- room ---------------------------------------------------------------------------------------


def test_a_quota_is_read_by_its_name(azure: Provider, account: Account) -> None:
    azure.deployments.create(request(account))

    found = azure.quotas.quota(account, "openai.globalstandard.GPT-4o-mini")

    assert found is not None
    assert (found.used, found.limit) == (10, 5_000)
    assert azure.quotas.quota(account, "OpenAI.NoSuchQuota") is None


def test_places_with_room_are_found_for_base_models_and_fine_tunes_apart(azure: Provider, account: Account) -> None:
    places = azure.quotas.places

    assert places(account, "gpt-4o-mini", "2024-07-18", "Standard", tuned=True) == (
        "eastus2", "northcentralus", "swedencentral",
    )  # fmt: skip
    assert "japaneast" in places(account, "gpt-4o-mini", "2024-07-18", "DeveloperTier", tuned=True)
    assert places(account, "gpt-4o-mini", "2024-07-18", "DeveloperTier", tuned=False) == ()
