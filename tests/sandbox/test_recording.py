"""Whole exchanges are kept when asked for, without the secrets in them."""

import json

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, Wire, account_path


def test_nothing_is_recorded_until_asked_for(sandbox: Sandbox) -> None:
    Wire(sandbox).arm("GET", account_path(DEV))
    assert sandbox.client.recorded() == []


def test_an_exchange_shows_both_sides(sandbox: Sandbox) -> None:
    sandbox.client.record()
    wire = Wire(sandbox)
    wire.arm("PUT", f"{account_path(DEV)}/deployments/x?a=b", {"sku": {"name": "Standard"}})
    exchange = sandbox.client.recorded()[-1]
    assert (exchange["method"], exchange["operation"], exchange["status"]) == ("PUT", "deployments.put", 400)
    assert exchange["query"] == "a=b&api-version=2025-09-01"
    assert json.loads(exchange["body"]) == {"sku": {"name": "Standard"}}
    assert json.loads(exchange["answer"])["error"]["code"]


def test_secrets_are_not_recorded(sandbox: Sandbox) -> None:
    sandbox.client.record()
    wire = Wire(sandbox)
    wire.arm("GET", account_path(DEV))
    recorded = json.dumps(sandbox.client.recorded())
    assert wire.token not in recorded
    assert sandbox.env["AZURE_CLIENT_SECRET"] not in recorded


def test_a_stopped_recording_can_still_be_read(sandbox: Sandbox) -> None:
    sandbox.client.record()
    wire = Wire(sandbox)
    wire.arm("GET", account_path(DEV))
    sandbox.client.record(on=False)
    wire.arm("GET", account_path(DEV))
    assert [exchange["operation"] for exchange in sandbox.client.recorded()] == ["entra.token", "accounts.get"]
