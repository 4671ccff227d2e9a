"""Methods, spellings and headers that no operation is written for, as the vendors treat them."""

from collections.abc import Iterator

import pytest

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, account_path
from tests.vendor.tool import Tool, resources, told

ASKING = {"origin": "https://page.example", "access-control-request-method": "POST"}


@pytest.fixture
def tool(sandbox: Sandbox) -> Iterator[Tool]:
    made = Tool(sandbox)
    with made.session:
        yield made


def key(tool: Tool) -> dict[str, str]:
    return {"authorization": f"Bearer {tool.env['OPENAI_API_KEY']}"}


@pytest.mark.parametrize(("name", "status"), [(DEV, 204), ("nothing", 404)])
def test_a_head_says_whether_a_resource_is_there(tool: Tool, name: str, status: int) -> None:
    answer = tool.send("HEAD", resources(tool, account_path(name)), headers=tool.bearer)
    assert (answer.status_code, answer.content) == (status, b"")
    assert answer.headers["x-ms-request-id"]


def test_a_head_of_openais_is_the_get_without_its_body(tool: Tool) -> None:
    answer = tool.send("HEAD", "/v1/models", headers=key(tool))
    assert (answer.status_code, answer.content) == (200, b"")
    assert tool.send("HEAD", "/v1/models").status_code == 401


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/subscriptions?api-version=2022-12-01"])
def test_a_page_may_ask_beforehand_and_read_the_answer(tool: Tool, path: str) -> None:
    asked = tool.send("OPTIONS", path, headers=ASKING | {"access-control-request-headers": "authorization"})
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, "*")
    assert "POST" in asked.headers["access-control-allow-methods"]
    assert asked.headers["access-control-allow-headers"] == "authorization"
    read = tool.send("GET", "/v1/models", headers=key(tool) | {"origin": "https://page.example"})
    assert read.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in tool.send("GET", "/v1/models", headers=key(tool)).headers


@pytest.mark.parametrize("path", ["/v1/models/", "/v1//models", "/V1/models", "/v1/Models", "/v1"])
def test_openai_compares_paths_by_the_letter(tool: Tool, path: str) -> None:
    answer = tool.send("GET", path, headers=key(tool))
    assert told(answer) == (404, "None")
    assert answer.json()["error"]["message"] == f"Invalid URL (GET {path})"


def test_azure_does_not(tool: Tool) -> None:
    url = resources(tool, account_path(DEV).upper() + "/")
    assert tool.send("GET", url, headers=tool.bearer).json()["name"] == DEV


@pytest.mark.parametrize("version", ["2024", "2024-13-45", "latest", "2024-10-01-maybe"])
def test_a_version_that_cannot_be_is_refused(tool: Tool, version: str) -> None:
    answer = tool.send("GET", resources(tool, "", f"api-version={version}"), headers=tool.bearer)
    assert told(answer) == (400, "InvalidApiVersionParameter")


@pytest.mark.parametrize("version", ["2024-10-01-preview", "2024-10-01-privatepreview", "2031-01-01"])
def test_a_version_that_could_be_is_taken(tool: Tool, version: str) -> None:
    assert tool.send("GET", resources(tool, "", f"api-version={version}"), headers=tool.bearer).status_code == 200


def test_who_asks_without_a_token_is_told_where_to_sign_in(tool: Tool) -> None:
    challenge = tool.send("GET", resources(tool)).headers["www-authenticate"]
    assert f'authorization_uri="{tool.sandbox.url}/{tool.env["AZURE_TENANT_ID"]}"' in challenge


def test_the_sign_in_host_has_no_words_for_what_it_does_not_know(tool: Tool) -> None:
    answer = tool.send("GET", f"/{tool.env['AZURE_TENANT_ID']}/oauth2/v2.0/nothing")
    assert (answer.status_code, answer.content) == (404, b"")


def test_openai_names_the_project_that_pays(tool: Tool) -> None:
    assert tool.send("GET", "/v1/models", headers=key(tool)).headers["openai-project"] == "proj_default"


def test_a_body_of_thirty_megabytes_is_read(tool: Tool) -> None:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "a" * 30_000_000}]}
    answer = tool.send("POST", "/v1/chat/completions", headers=key(tool), json=body)
    assert told(answer) == (400, "context_length_exceeded")
