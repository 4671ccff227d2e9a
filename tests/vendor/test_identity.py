"""Signing in as other tools do: by certificate, federation, managed identity, for one audience at a time."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.identity import ClientAssertionCredential

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, SCOPE, account_path
from tests.vendor.tool import Tool, resources, told

MODELS = "https://cognitiveservices.azure.com/.default"
METRICS = "https://metrics.monitor.azure.com/.default"


@pytest.fixture
def tool(sandbox: Sandbox) -> Iterator[Tool]:
    made = Tool(sandbox)
    with made.session:
        yield made


def test_an_assertion_is_as_good_as_a_secret(sandbox: Sandbox) -> None:
    with ClientAssertionCredential(
        sandbox.env["AZURE_TENANT_ID"],
        sandbox.env["AZURE_CLIENT_ID"],
        lambda: "header.claims.signature",
        authority=sandbox.url,
        disable_instance_discovery=True,
        connection_verify=sandbox.ca_file,
    ) as credential:
        assert credential.get_token(SCOPE).expires_on > datetime.now(UTC).timestamp()


def test_a_managed_identity_needs_no_secret(tool: Tool) -> None:
    env = tool.sandbox.client.environment(tools=True)
    url = f"{env['IDENTITY_ENDPOINT']}?api-version=2019-08-01&resource=https://management.azure.com"
    header = {"x-identity-header": env["IDENTITY_HEADER"]}
    granted = tool.send("GET", url, headers=header).json()
    assert (granted["token_type"], granted["resource"]) == ("Bearer", "https://management.azure.com")
    assert int(granted["expires_on"]) > datetime.now(UTC).timestamp()
    bearer = {"authorization": f"Bearer {granted['access_token']}"}
    assert tool.send("GET", resources(tool), headers=bearer).status_code == 200
    assert tool.send("GET", url).status_code == 401


def test_the_metadata_service_of_a_machine_answers_who_says_that_it_is_meant(tool: Tool) -> None:
    url = "/metadata/identity/oauth2/token?api-version=2018-02-01"
    wanted, meant = f"{url}&resource=https://management.azure.com", {"metadata": "true"}
    assert tool.send("GET", wanted, headers=meant).json()["access_token"]
    assert told(tool.send("GET", wanted)) == (400, "invalid_request")
    assert told(tool.send("GET", url, headers=meant)) == (400, "invalid_request")
    assert told(tool.send("GET", f"{wanted}&client_id=other", headers=meant)) == (400, "invalid_request")


def test_the_older_endpoint_takes_a_resource_and_tells_instants(tool: Tool) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": tool.env["AZURE_CLIENT_ID"],
        "client_secret": tool.env["AZURE_CLIENT_SECRET"],
    }
    url = f"/{tool.env['AZURE_TENANT_ID']}/oauth2/token"
    granted = tool.send("POST", url, data=form | {"resource": "https://management.azure.com/"}).json()
    assert granted["expires_in"] == "3599"
    assert int(granted["expires_on"]) - int(granted["not_before"]) == 3599
    assert told(tool.send("POST", url, data=form)) == (400, "invalid_request")


def test_nobody_signs_in_by_a_devices_code(tool: Tool) -> None:
    answer = tool.send("POST", f"/{tool.env['AZURE_TENANT_ID']}/oauth2/v2.0/devicecode", data={"client_id": "x"})
    assert told(answer) == (401, "invalid_client")


def test_a_token_for_another_service_is_refused_by_each(tool: Tool) -> None:
    models = f"/accounts/{DEV}/openai/models?api-version=2024-10-21"
    manage = resources(tool, account_path(DEV))

    def ask(path: str, scope: str) -> tuple[int, str]:
        answer = tool.send("GET", path, headers=tool.bearer_for(scope))
        return (200, "") if answer.status_code == 200 else told(answer)

    assert ask(manage, MODELS) == (401, "InvalidAuthenticationTokenAudience")
    assert ask(manage, METRICS) == (401, "InvalidAuthenticationTokenAudience")
    assert ask(models, SCOPE) == (401, "Unauthorized")
    assert [ask(manage, SCOPE), ask(models, MODELS)] == [(200, ""), (200, "")]
    assert ask(models, "https://ai.azure.com/.default") == (200, "")
    own = f"{tool.sandbox.url}/.default"
    assert [ask(manage, own), ask(models, own)] == [(200, ""), (200, "")]


def test_the_default_credential_needs_nothing_but_the_settings(sandbox: Sandbox) -> None:
    """In a process of its own, for it reads the environment."""

    code = f"from azure.identity import DefaultAzureCredential as D; print(len(D().get_token('{SCOPE}').token) > 40)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=dict(os.environ) | sandbox.client.environment(tools=True),
        capture_output=True,
        text=True,
        timeout=30,
    )
    answer: Any = done.stdout.strip()
    assert answer == "True", done.stderr[-500:]
