"""Signing in, as the vendor's library does it."""

from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import SCOPE, Wire, credential


def test_the_service_principal_gets_a_token(sandbox: Sandbox) -> None:
    with credential(sandbox) as signed_in:
        token = signed_in.get_token(SCOPE)
    assert Wire(sandbox).send("GET", "/subscriptions?api-version=2022-12-01", token=token.token).status == 200


def test_a_wrong_secret_is_refused_in_the_vendors_words(sandbox: Sandbox) -> None:
    with credential(sandbox, secret="wrong") as signed_in, pytest.raises(ClientAuthenticationError) as refused:
        signed_in.get_token(SCOPE)
    assert "AADSTS7000215" in str(refused.value)


def test_an_unknown_tenant_is_refused(sandbox: Sandbox) -> None:
    answer = Wire(sandbox).send("GET", "/nobody/v2.0/.well-known/openid-configuration", token="")
    assert (answer.status, answer.body["error"]) == (400, "invalid_tenant")


def test_a_token_that_was_never_issued_is_refused(sandbox: Sandbox) -> None:
    answer = Wire(sandbox).send("GET", "/subscriptions?api-version=2022-12-01", token="made.up.token")
    assert (answer.status, answer.code) == (401, "InvalidAuthenticationToken")


def test_a_request_without_a_token_is_refused(sandbox: Sandbox) -> None:
    answer = Wire(sandbox).send("GET", "/subscriptions?api-version=2022-12-01", token="")
    assert (answer.status, answer.code) == (401, "AuthenticationFailed")


@pytest.mark.parametrize(("version", "kind"), [("2022-09-01", dict), ("2019-05-01", list)])
def test_the_cloud_describes_itself_in_both_shapes(sandbox: Sandbox, version: str, kind: type) -> None:
    answer = Wire(sandbox).send("GET", f"/metadata/endpoints?api-version={version}", token="")
    body: Any = answer.body
    assert type(body) is kind
    cloud: Any = answer.body if kind is dict else answer.body[0]
    assert cloud["resourceManager"] == f"{sandbox.url}/"
    assert cloud["authentication"]["loginEndpoint"] == f"{sandbox.url}/"


def test_credentials_and_tokens_survive_a_reset(sandbox: Sandbox) -> None:
    wire = Wire(sandbox)
    token = wire.token
    sandbox.client.reset(seed=7)
    assert wire.send("GET", "/subscriptions?api-version=2022-12-01", token=token).status == 200
    assert sandbox.client.environment() == sandbox.env
