"""What the journal keeps, and what a restore sends back."""

import json

from deployer.guard.restoration import cleaned, pack, same, unpack
from tests.fakes import FakeClock, FakeCloud

BODY = {
    "id": "/subscriptions/s/deployments/bot",
    "name": "bot",
    "type": "Microsoft.CognitiveServices/accounts/deployments",
    "etag": '"1"',
    "systemData": {"createdAt": "2026-09-01T00:00:00Z"},
    "tags": {"name": "kept", "type": "kept"},
    "sku": {"name": "Standard", "capacity": 50},
    "properties": {
        "model": {"name": "gpt-4.1-mini", "version": "2025-04-14"},
        "provisioningState": "Succeeded",
        "capabilities": {"chatCompletion": "true"},
        "ratelimits": [{"key": "token", "count": 50000}],
        "currentCapacity": 50,
        "raiPolicyName": "strict",
    },
}


def test_a_restore_sends_only_what_asks_and_not_what_the_vendor_fills_in() -> None:
    assert cleaned(BODY) == {
        "tags": {"name": "kept", "type": "kept"},
        "sku": {"name": "Standard", "capacity": 50},
        "properties": {"model": {"name": "gpt-4.1-mini", "version": "2025-04-14"}, "raiPolicyName": "strict"},
    }


def test_two_documents_are_the_same_when_only_the_vendors_fields_differ() -> None:
    later = {**BODY, "etag": '"2"', "systemData": {}}
    assert same(BODY, later)
    assert not same(BODY, {**BODY, "sku": {"name": "Standard", "capacity": 10}})


def test_a_deployment_survives_the_journal() -> None:
    deployment = FakeCloud(FakeClock()).deploy("bot", body=BODY, tags={"env": "dev"})
    assert unpack(json.loads(json.dumps(pack(deployment)))) == deployment
