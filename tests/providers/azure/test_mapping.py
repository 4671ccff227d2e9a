"""Deployments as ARM prints them, in our words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from deployer.domain.deployment import Account, Tier
from deployer.providers.azure.mapping import to_account, to_deployment, to_tier

ACCOUNT_ID = "/subscriptions/s-1/resourceGroups/rg-models/providers/Microsoft.CognitiveServices/accounts/Aoai-Dev"
ACCOUNT = Account("azure", "Aoai-Dev", ACCOUNT_ID, subscription="s-1", resource_group="rg-models")


def account_item(**changes: Any) -> dict[str, Any]:
    item = {
        "id": ACCOUNT_ID,
        "name": "Aoai-Dev",
        "kind": "OpenAI",
        "location": "East US 2",
        "tags": {"env": "dev"},
        "properties": {"endpoint": "https://aoai-dev.openai.azure.com/"},
    }
    return item | changes


def deployment_item(**changes: Any) -> dict[str, Any]:
    item = {
        "id": f"{ACCOUNT_ID}/deployments/triage",
        "name": "triage",
        "sku": {"name": "GlobalStandard", "capacity": 50},
        "properties": {
            "model": {
                "format": "OpenAI",
                "name": "gpt-4.1-mini-2025-04-14.ft-0e208cf33a6a466994aff31a08aba678-triage",
                "version": "1",
            },
            "provisioningState": "Succeeded",
            "ratelimits": [{"key": "request", "count": 50}],
        },
        "systemData": {"createdAt": "2026-08-30T10:15:00.1234567Z"},
    }
    return item | changes


def test_account_is_read_with_its_place_in_azure() -> None:
    account = to_account(account_item())

    assert account is not None
    assert (account.name, account.region, account.subscription) == ("Aoai-Dev", "eastus2", "s-1")
    assert (account.resource_group, account.endpoint) == ("rg-models", "https://aoai-dev.openai.azure.com/")
    assert account.tags == {"env": "dev"}


@pytest.mark.parametrize("kind", ["OpenAI", "AIServices", "openai"])
def test_accounts_that_hold_models_are_kept(kind: str) -> None:
    assert to_account(account_item(kind=kind)) is not None


def test_account_of_no_known_kind_may_hold_deployments() -> None:
    assert to_account(account_item(kind="")) is not None


@pytest.mark.parametrize("kind", ["SpeechServices", "CognitiveServices"])
def test_accounts_of_other_kinds_are_left_out(kind: str) -> None:
    assert to_account(account_item(kind=kind)) is None


def test_fine_tuned_deployment_shows_its_family_tier_and_age() -> None:
    deployment = to_deployment(deployment_item(), ACCOUNT)

    assert deployment.id.key == "azure:aoai-dev/triage"
    assert deployment.fine_tuned
    assert deployment.base_model == "gpt-4.1-mini"
    assert (deployment.tier, deployment.capacity) == (Tier.GLOBAL, 50)
    assert deployment.created_at == datetime(2026, 8, 30, 10, 15, 0, 123456, UTC)


def test_keys_in_lower_case_mean_the_same() -> None:
    item = deployment_item(
        systemdata={"createdat": "2026-08-30T10:15:00Z"},
        properties={"MODEL": {"Name": "gpt-4o-2024-08-06"}, "provisioningstate": "Succeeded"},
    )
    del item["systemData"]

    deployment = to_deployment(item, ACCOUNT)

    assert deployment.created_at == datetime(2026, 8, 30, 10, 15, tzinfo=UTC)
    assert (deployment.model, deployment.state) == ("gpt-4o-2024-08-06", "Succeeded")


def test_unknown_creation_time_is_none_and_never_first_sight() -> None:
    assert to_deployment(deployment_item(systemData=None), ACCOUNT).created_at is None


def test_unknown_state_counts_as_serving() -> None:
    item = deployment_item(properties={"provisioningState": "Hibernating"})

    deployment = to_deployment(item, ACCOUNT)

    assert deployment.state == "Hibernating"
    assert deployment.serving


def test_tag_of_deployer_is_recognised_in_any_case() -> None:
    assert to_deployment(deployment_item(tags={"Managed-By": "Deployer"}), ACCOUNT).managed
    assert not to_deployment(deployment_item(tags={"managed-by": "terraform"}), ACCOUNT).managed


def test_body_keeps_every_field_for_a_restore() -> None:
    item = deployment_item()

    assert to_deployment(item, ACCOUNT).body == item


@pytest.mark.parametrize(
    ("sku", "tier"),
    [
        ("Standard", Tier.REGIONAL),
        ("GlobalStandard", Tier.GLOBAL),
        ("DataZoneStandard", Tier.DATA_ZONE),
        ("DeveloperTier", Tier.DEVELOPER),
        ("ProvisionedManaged", Tier.PROVISIONED),
        ("GlobalProvisionedManaged", Tier.GLOBAL_PROVISIONED),
        ("DataZoneProvisionedManaged", Tier.DATA_ZONE_PROVISIONED),
        ("GlobalBatch", Tier.BATCH),
        ("DataZoneBatch", Tier.BATCH),
        ("globalstandard", Tier.GLOBAL),
    ],
)
def test_sku_names_the_tier(sku: str, tier: Tier) -> None:
    assert to_tier(sku) is tier


def test_unknown_sku_has_no_known_tier() -> None:
    assert to_tier("QuantumStandard") is Tier.UNKNOWN


@pytest.mark.parametrize(
    ("provisioning", "own", "state", "paused"),
    [
        ("Succeeded", "Paused", "Paused", True),
        ("Succeeded", "paused", "Paused", True),
        ("Succeeded", "Running", "Succeeded", False),
        ("Succeeded", None, "Succeeded", False),
        ("", "Paused", "Paused", True),
        ("Deleting", "Paused", "Deleting", False),
        ("Succeeded", "Failed", "Succeeded (Failed)", False),
    ],
)
def test_a_pause_is_told_and_no_other_word_ends_a_deployment(
    provisioning: str, own: str | None, state: str, paused: bool
) -> None:
    properties = {"model": {"name": "gpt-4o"}, "provisioningState": provisioning, "deploymentState": own}
    found = to_deployment(deployment_item(properties=properties), ACCOUNT)
    assert (found.state, found.paused, found.serving) == (state, paused, provisioning != "Deleting")
