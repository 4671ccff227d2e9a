"""Tools nobody here wrote: plain HTTP by `requests` and `curl`, with nothing but the sandbox's settings.

Whatever goes wrong is told in the words of the vendor who owns the path, with its status, code and headers.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, PROD, TUNED, account_path, deployment_body
from tests.vendor.tool import ARM, Tool, resources, told

DATA = f"/accounts/{DEV}/openai"


@pytest.fixture
def tool(sandbox: Sandbox) -> Iterator[Tool]:
    made = Tool(sandbox)
    with made.session:
        yield made


def test_a_cloud_is_found_by_its_description_alone(tool: Tool) -> None:
    cloud = tool.send("GET", "/metadata/endpoints?api-version=2022-09-01").json()
    older = tool.send("GET", "/metadata/endpoints?api-version=2019-05-01").json()
    assert older == [cloud]
    login, audience = cloud["authentication"]["loginEndpoint"], cloud["authentication"]["audiences"][0]
    document = tool.send("GET", f"{login}{tool.env['AZURE_TENANT_ID']}/v2.0/.well-known/openid-configuration").json()
    form = {
        "grant_type": "client_credentials",
        "client_id": tool.env["AZURE_CLIENT_ID"],
        "scope": f"{audience}.default",
    }
    secret = {"client_secret": tool.env["AZURE_CLIENT_SECRET"]}
    token = tool.send("POST", document["token_endpoint"], data=form | secret).json()["access_token"]
    listed = tool.send(
        "GET",
        f"{cloud['resourceManager']}subscriptions?api-version=2022-12-01",
        headers={"authorization": f"Bearer {token}"},
    )
    assert [one["state"] for one in listed.json()["value"]] == ["Enabled"]


def test_a_deployment_is_made_polled_read_and_deleted_as_command_line_tools_do(tool: Tool) -> None:
    headers = tool.bearer
    url = resources(tool, f"{account_path(DEV)}/deployments/base")
    made = tool.send("PUT", url, headers=headers, json=deployment_body("gpt-4.1-mini"))
    assert (made.status_code, made.json()["properties"]["provisioningState"]) == (201, "Creating")
    assert poll(tool, made.headers["azure-asyncoperation"], headers) == "Succeeded"
    final = tool.send("GET", url, headers=headers).json()
    assert final["properties"]["provisioningState"] == "Succeeded"
    assert final.keys() >= made.json().keys()
    gone = tool.send("DELETE", url, headers=headers)
    assert gone.status_code == 202
    place = gone.headers["location"]
    while (answer := tool.send("GET", place, headers=headers)).status_code == 202:
        place = answer.headers["location"]
    assert answer.status_code in (200, 204)
    assert told(tool.send("GET", url, headers=headers)) == (404, "ResourceNotFound")


def poll(tool: Tool, url: str, headers: dict[str, str]) -> str:
    for _ in range(20):
        status = str(tool.send("GET", url, headers=headers).json()["status"])
        if status not in ("Running", "Creating", "InProgress"):
            return status
    return "endless"


@pytest.mark.parametrize("version", ["2021-10-01", "2024-10-01", "2025-09-01", "2029-01-01-preview"])
def test_any_plausible_version_is_taken_and_paths_have_no_case(tool: Tool, version: str) -> None:
    path = f"{tool.scope}/RESOURCEGROUPS/RG-MODELS/providers/MICROSOFT.cognitiveservices/Accounts".upper()
    found = tool.send("GET", f"{path}?API-VERSION={version}", headers=tool.bearer).json()["value"]
    assert [one["name"] for one in found] == [DEV, PROD]


def test_links_lead_through_all_pages_and_ask_the_same(tool: Tool) -> None:
    tool.sandbox.client.reset(page_size=1)
    headers, names = tool.bearer, []
    url = resources(tool, "/providers/Microsoft.CognitiveServices/accounts", "api-version=2023-05-01&x=y")
    while url:
        page = tool.send("GET", url, headers=headers).json()
        names += [one["name"] for one in page["value"]]
        url = page.get("nextLink", "")
        assert not url or ("api-version=2023-05-01" in url and "x=y" in url)
    assert names == [DEV, PROD]


@pytest.mark.parametrize(
    ("changed", "expected", "number"),
    [
        ({"grant_type": ""}, (400, "invalid_request"), 900144),
        ({"grant_type": "magic"}, (400, "unsupported_grant_type"), 70003),
        ({"grant_type": "password"}, (400, "invalid_grant"), 50034),
        ({"grant_type": "refresh_token"}, (400, "invalid_grant"), 70008),
        ({"client_id": "nobody"}, (400, "unauthorized_client"), 700016),
        ({"client_secret": ""}, (401, "invalid_client"), 7000218),
        ({"client_secret": "wrong"}, (401, "invalid_client"), 7000215),
        ({"client_secret": "", "client_assertion": "nothing"}, (401, "invalid_client"), 50027),
        ({"scope": ""}, (400, "invalid_request"), 900144),
        ({"scope": "https://management.azure.com"}, (400, "invalid_scope"), 1002012),
    ],
)
def test_entra_says_what_is_wrong(tool: Tool, changed: dict[str, str], expected: tuple[int, str], number: int) -> None:
    answer = tool.token(**changed)
    assert told(answer) == expected
    assert answer.json()["error_codes"] == [number]
    assert answer.json()["error_description"].startswith(f"AADSTS{number}: ")


JSON = {"content-type": "application/json"}
DEPLOYMENT = f"{account_path(DEV)}/deployments/x?{ARM}"
REFUSED: dict[str, tuple[str, str, dict[str, Any], tuple[int, str]]] = {
    "no version": ("GET", "/resourceGroups", {}, (400, "MissingApiVersionParameter")),
    "a wrong version": ("GET", "/resourceGroups?api-version=soon", {}, (400, "InvalidApiVersionParameter")),
    "an unknown group": ("GET", f"/resourceGroups/none?{ARM}", {}, (404, "ResourceGroupNotFound")),
    "an unknown account": ("GET", f"{account_path('none')}?{ARM}", {}, (404, "ResourceNotFound")),
    "an unknown deployment": ("GET", DEPLOYMENT, {}, (404, "ResourceNotFound")),
    "an unknown namespace": ("GET", f"/providers/Microsoft.Nope/x?{ARM}", {}, (404, "InvalidResourceNamespace")),
    "an unknown type": (
        "GET", f"/providers/Microsoft.CognitiveServices/x?{ARM}", {}, (404, "InvalidResourceType")
    ),
    "an unknown path": ("GET", f"/nothing?{ARM}", {}, (404, "NotFound")),
    "a wrong method": ("POST", DEPLOYMENT, {"json": {}}, (405, "MethodNotAllowed")),
    "bad JSON": ("PUT", DEPLOYMENT, {"data": "{", "headers": JSON}, (400, "InvalidRequestContent")),
    "a list": ("PUT", DEPLOYMENT, {"json": []}, (400, "InvalidRequestContent")),
    "a form": ("PUT", DEPLOYMENT, {"data": {"a": "b"}}, (415, "UnsupportedMediaType")),
    "an unknown model": ("PUT", DEPLOYMENT, {"json": deployment_body("none")}, (400, "DeploymentModelNotSupported")),
    "a query of costs that is none": (
        "POST", f"/providers/Microsoft.CostManagement/query?{ARM}", {"json": {}}, (400, "BadRequest")
    ),
    "an unknown metric": (
        "GET", f"{account_path(DEV)}/providers/Microsoft.Insights/metrics?{ARM}&metricnames=x", {}, (400, "BadRequest")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_resource_manager_says_what_is_wrong(tool: Tool, name: str) -> None:
    method, path, options, expected = REFUSED[name]
    headers = tool.bearer | options.get("headers", {})
    answer = tool.send(method, tool.scope + path, **{**options, "headers": headers})
    assert told(answer) == expected
    assert answer.json()["error"]["message"]
    assert {"x-ms-request-id", "x-ms-correlation-request-id", "x-ms-routing-request-id"} <= answer.headers.keys()


@pytest.mark.parametrize("path", ["/resourceGroups", DEPLOYMENT, "/nothing", "/providers/Microsoft.Nope/x"])
@pytest.mark.parametrize(
    ("headers", "code"),
    [({}, "AuthenticationFailed"), ({"authorization": "Bearer x.y.z"}, "InvalidAuthenticationToken")],
)
def test_who_asks_is_looked_at_first(tool: Tool, path: str, headers: dict[str, str], code: str) -> None:
    answer = tool.send("GET", tool.scope + path, headers=headers)
    assert told(answer) == (401, code)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_query_of_the_graph_that_is_none_is_refused_with_details(tool: Tool) -> None:
    url = "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01"
    answer = tool.send("POST", url, headers=tool.bearer, json={"query": "| where"})
    assert told(answer) == (400, "BadRequest")
    assert [one["code"] for one in answer.json()["error"]["details"]] == ["InvalidQuery", "ParserFailure"]
    counted = tool.send("POST", url, headers=tool.bearer, json={"query": "Resources | count"})
    assert counted.json()["data"] == [{"Count": 2}]


def test_the_clients_own_ids_come_back(tool: Tool) -> None:
    sent = {
        "x-ms-client-request-id": "mine",
        "x-ms-return-client-request-id": "true",
        "x-ms-correlation-request-id": "ours",
    }
    answer = tool.send("GET", resources(tool), headers=tool.bearer | sent)
    assert answer.headers["x-ms-client-request-id"] == "mine"
    assert answer.headers["x-ms-correlation-request-id"] == "ours"
    assert answer.headers["cache-control"] == "no-cache"


def test_the_price_list_is_public_and_says_what_is_wrong(tool: Tool) -> None:
    assert tool.send("GET", "/api/retail/prices").json()["Items"]
    assert told(tool.send("GET", "/api/retail/prices?$filter=x like y")) == (400, "BadRequest")
    assert tool.send("GET", "/api/retail/none").status_code == 404
    assert tool.send("POST", "/api/retail/prices").status_code == 405


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", f"{DATA}/models", (404, "404")),
        ("GET", f"{DATA}/nothing?api-version=2024-10-21", (404, "404")),
        ("GET", "/accounts/none/openai/models?api-version=2024-10-21", (404, "404")),
        ("GET", f"{DATA}/files/none?api-version=2024-10-21", (404, "notFound")),
        ("POST", f"{DATA}/deployments/none/chat/completions?api-version=2024-10-21", (404, "DeploymentNotFound")),
        ("POST", f"{DATA}/files?api-version=2024-10-21", (400, "invalidPayload")),
    ],
)
def test_azures_data_plane_says_what_is_wrong(tool: Tool, method: str, path: str, expected: tuple[int, str]) -> None:
    key = tool.send("POST", resources(tool, f"{account_path(DEV)}/listKeys"), headers=tool.bearer).json()["key1"]
    answer = tool.send(method, path, headers={"api-key": key}, json={} if method == "POST" else None)
    assert told(answer) == expected
    assert answer.headers["apim-request-id"]
    assert told(tool.send("GET", f"{DATA}/models?api-version=2024-10-21", headers={"api-key": "x"})) == (401, "401")


OPENAI: dict[str, tuple[str, str, dict[str, Any], tuple[int, str]]] = {
    "an unknown path": ("GET", "/v1/nothing", {}, (404, "None")),
    "an unknown model": ("GET", "/v1/models/none", {}, (404, "model_not_found")),
    "an unknown job": ("GET", "/v1/fine_tuning/jobs/none", {}, (404, "fine_tune_not_found")),
    "a wrong method": ("DELETE", "/v1/models", {}, (405, "method_not_supported")),
    "bad JSON": ("POST", "/v1/chat/completions", {"data": "{", "headers": JSON}, (400, "None")),
    "a form": ("POST", "/v1/chat/completions", {"data": {"a": "b"}}, (400, "unsupported_content_type")),
    "no file": ("POST", "/v1/files", {"json": {}}, (400, "None")),
    "not an administrator": ("GET", "/v1/organization/projects", {}, (403, "insufficient_permissions")),
}


@pytest.mark.parametrize("name", OPENAI)
def test_openai_says_what_is_wrong(tool: Tool, name: str) -> None:
    method, path, options, expected = OPENAI[name]
    headers = {"authorization": f"Bearer {tool.env['OPENAI_API_KEY']}"} | options.get("headers", {})
    answer = tool.send(method, path, **{**options, "headers": headers})
    assert told(answer) == expected
    assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
    assert {"x-request-id", "openai-organization", "openai-version", "openai-processing-ms"} <= answer.headers.keys()


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer sk-wrong-0123456789abcdef"}])
def test_openai_knows_its_keys(tool: Tool, headers: dict[str, str]) -> None:
    assert tool.send("GET", "/v1/models", headers=headers).status_code == 401


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_curl_gets_a_token_and_lists_deployments(tool: Tool) -> None:
    tool.sandbox.client.create_deployments([{"account": DEV, "name": "support", "model": TUNED}])
    url = tool.sandbox.url + resources(tool, f"{account_path(DEV)}/deployments")
    header = f"authorization: {tool.bearer['authorization']}"
    command = ["curl", "--silent", "--fail", "--cacert", tool.sandbox.ca_file, "--header", header, url]
    done = subprocess.run(command, capture_output=True, check=True, timeout=10)
    assert [one["name"] for one in json.loads(done.stdout)["value"]] == ["support"]
