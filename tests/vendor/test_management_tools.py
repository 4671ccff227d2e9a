"""What command-line tools ask of Resource Manager beside the models: groups, locks, tags, keys, everything there is.

Each was first seen from Azure's own command line or typed clients, and is repeated here request by request.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, PROD, TUNED, account_path
from tests.vendor.tool import Tool, resources, told

GROUP = "/resourceGroups/rg-models"
LOCK = "/providers/Microsoft.Authorization/locks/keep"
TAGS = "/providers/Microsoft.Resources/tags/default"


class Shell:
    """A tool that is signed in."""

    def __init__(self, tool: Tool) -> None:
        self.tool, self.headers = tool, tool.bearer

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        url = path if path.startswith("https:") else resources(self.tool, *split(path))
        return self.tool.send(method, url, headers=self.headers, json=body)


def split(path: str) -> tuple[str, str]:
    """Path and query, with an api-version when it names none."""
    path, _, query = path.partition("?")
    return path, f"api-version=2024-10-01&{query}"


@pytest.fixture
def shell(sandbox: Sandbox) -> Iterator[Shell]:
    made = Tool(sandbox)
    with made.session:
        yield Shell(made)


def names(answer: Any) -> list[str]:
    return [one["name"] for one in answer.json()["value"]]


def test_a_group_is_made_tagged_and_keeps_its_place(shell: Shell) -> None:
    made = shell.ask("PUT", "/resourcegroups/new", {"location": "West Europe", "tags": {"a": "b"}})
    assert (made.status_code, made.json()["location"], made.json()["tags"]) == (201, "westeurope", {"a": "b"})
    changed = shell.ask("PATCH", "/resourceGroups/NEW", {"tags": {"a": "c"}}).json()
    assert (changed["name"], changed["tags"]) == ("new", {"a": "c"})
    moved = shell.ask("PUT", "/resourceGroups/new", {"location": "eastus"})
    assert told(moved) == (409, "InvalidResourceGroupLocation")
    assert names(shell.ask("GET", "/resourcegroups?$filter=tagName eq 'a' and tagValue eq 'c'")) == ["new"]
    assert names(shell.ask("GET", "/resourcegroups?$top=1")) == ["new"]


def test_a_group_goes_with_all_that_it_holds(shell: Shell) -> None:
    sandbox = shell.tool.sandbox
    sandbox.client.create_deployments([{"account": DEV, "name": "support", "model": TUNED}])
    accepted = shell.ask("DELETE", GROUP)
    assert (accepted.status_code, accepted.headers["retry-after"]) == (202, "15")
    assert shell.ask("GET", GROUP).json()["properties"]["provisioningState"] == "Deleting"
    looks = [shell.ask("GET", accepted.headers["location"]).status_code for _ in range(8)]
    assert looks == [202] * 7 + [200]
    assert told(shell.ask("GET", GROUP)) == (404, "ResourceGroupNotFound")
    assert [event["event"] for event in sandbox.client.deployment_events()] == ["created", "deleted"]
    kept = shell.ask("GET", "/providers/Microsoft.CognitiveServices/deletedAccounts")
    assert sorted(names(kept)) == [DEV, PROD]


def test_a_groups_deletion_ends_by_itself(shell: Shell) -> None:
    shell.ask("DELETE", GROUP)
    shell.tool.sandbox.client.advance(seconds=60)
    assert shell.ask("HEAD", GROUP).status_code == 404


@pytest.mark.parametrize("scope", ["", GROUP, account_path(DEV)])
def test_a_lock_keeps_what_is_below_from_being_deleted_until_it_is_taken_away(shell: Shell, scope: str) -> None:
    shell.tool.sandbox.client.create_deployments([{"account": DEV, "name": "support", "model": TUNED}])
    body = {"properties": {"level": "CanNotDelete", "notes": "production"}}
    assert shell.ask("PUT", scope + LOCK, body).status_code == 201
    assert shell.ask("GET", scope + LOCK).json()["properties"] == body["properties"]
    deployment = f"{account_path(DEV)}/deployments/support"
    for path in (deployment, account_path(DEV), GROUP):
        assert told(shell.ask("DELETE", path)) == (409, "ScopeLocked")
    assert shell.ask("PATCH", deployment, {"tags": {"a": "b"}}).status_code == 200
    assert names(shell.ask("GET", "/providers/Microsoft.Authorization/locks")) == ["keep"]
    assert names(
        shell.ask("GET", f"{account_path(DEV)}/providers/Microsoft.Authorization/locks?$filter=atScope()")
    ) == ["keep"]
    assert shell.ask("DELETE", scope + LOCK).status_code == 200
    assert shell.ask("DELETE", deployment).status_code == 202
    assert told(shell.ask("GET", scope + LOCK)) == (404, "LockNotFound")


def test_a_read_only_lock_keeps_everything_as_it_is(shell: Shell) -> None:
    shell.ask("PUT", GROUP + LOCK, {"properties": {"level": "ReadOnly"}})
    assert told(shell.ask("PATCH", account_path(DEV), {"tags": {}})) == (409, "ScopeLocked")
    assert told(shell.ask("POST", f"{account_path(DEV)}/listKeys")) == (409, "ScopeLocked")
    assert shell.ask("GET", account_path(DEV)).status_code == 200
    assert told(shell.ask("PUT", GROUP + LOCK, {"properties": {"level": "Never"}})) == (400, "InvalidLockLevel")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [DEV, PROD]),
        ("?$top=1", [DEV]),
        ("?$filter=resourceType eq 'Microsoft.CognitiveServices/accounts'", [DEV, PROD]),
        ("?$filter=resourceType eq 'Microsoft.Web/sites'", []),
        ("?$filter=location eq 'eastus2'", [DEV]),
        ("?$filter=substringof('prod', name)", [PROD]),
        ("?$filter=tagName eq 'env' and tagValue eq 'prod'", [PROD]),
        (f"?$filter=name eq '{DEV}' or name eq '{PROD}'", [DEV, PROD]),
    ],
)
def test_all_resources_are_listed_and_filtered(shell: Shell, query: str, expected: list[str]) -> None:
    assert names(shell.ask("GET", f"/resources{query}")) == expected
    assert names(shell.ask("GET", f"{GROUP}/resources{query}")) == expected


def test_a_filter_that_is_none_is_refused(shell: Shell) -> None:
    assert told(shell.ask("GET", "/resources?$filter=colour eq 'red'")) == (400, "InvalidFilterInQueryString")
    assert told(shell.ask("GET", "/resources?$filter=name is red")) == (400, "InvalidFilterInQueryString")
    assert told(shell.ask("GET", "/resources?$skiptoken=x")) == (400, "InvalidSkiptokenParameter")


def test_tags_are_merged_replaced_and_taken_away_at_a_scope(shell: Shell) -> None:
    path = account_path(DEV) + TAGS

    def tags(answer: Any) -> dict[str, str]:
        found: dict[str, str] = answer.json()["properties"]["tags"]
        return found

    assert tags(shell.ask("GET", path)) == {"env": "dev"}
    given = {"properties": {"tags": {"team": "care"}}}
    assert tags(shell.ask("PATCH", path, {"operation": "Merge", **given})) == {"env": "dev", "team": "care"}
    listed = shell.ask("GET", "/tagNames").json()["value"]
    assert [(one["tagName"], one["count"]["value"]) for one in listed] == [("env", 2), ("team", 1)]
    assert tags(shell.ask("PATCH", path, {"operation": "Delete", **given})) == {"env": "dev"}
    assert tags(shell.ask("PUT", path, given)) == {"team": "care"}
    assert shell.ask("GET", account_path(DEV)).json()["tags"] == {"team": "care"}


def test_each_key_is_another_and_a_new_one_ends_the_old_one(shell: Shell) -> None:
    keys = shell.ask("POST", f"{account_path(DEV)}/listKeys").json()
    assert keys["key1"] != keys["key2"]
    renewed = shell.ask("POST", f"{account_path(DEV)}/regenerateKey", {"keyName": "Key1"}).json()
    assert (renewed["key1"] != keys["key1"], renewed["key2"]) == (True, keys["key2"])

    def status(key: str) -> int:
        path = f"/accounts/{DEV}/openai/models?api-version=2024-10-21"
        return shell.tool.send("GET", path, headers={"api-key": key}).status_code

    assert [status(key) for key in (keys["key1"], renewed["key1"], keys["key2"])] == [401, 200, 200]
    assert told(shell.ask("POST", f"{account_path(DEV)}/regenerateKey", {"keyName": "Key3"})) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("kind", "gone"),
    [
        ("raiPolicies", 204),
        ("commitmentPlans", 200),
        ("raiBlocklists", 204),
        ("raiBlocklists/mine/raiBlocklistItems", 204),
    ],
)
def test_what_else_an_account_holds_is_kept_as_given(shell: Shell, kind: str, gone: int) -> None:
    every = f"{account_path(DEV)}/{kind}"
    before = names(shell.ask("GET", every))
    made = shell.ask("PUT", f"{every}/one", {"properties": {"mode": "Blocking"}})
    assert (made.status_code, made.json()["properties"]) == (201, {"mode": "Blocking"})
    assert shell.ask("PUT", f"{every}/ONE", {"properties": {}}).status_code == 200
    assert len(names(shell.ask("GET", every))) == len(before) + 1
    assert shell.ask("GET", f"{every}/one").json()["id"].startswith(f"{shell.tool.scope}{account_path(DEV)}/{kind}/")
    assert shell.ask("DELETE", f"{every}/one").status_code == gone
    assert shell.ask("DELETE", f"{every}/one").status_code == 204
    assert told(shell.ask("GET", f"{every}/one")) == (404, "ResourceNotFound")
    assert names(shell.ask("GET", every)) == before


def test_the_vendors_content_policies_stand_on_every_account(shell: Shell) -> None:
    assert names(shell.ask("GET", f"{account_path(PROD)}/raiPolicies")) == ["Microsoft.Default", "Microsoft.DefaultV2"]
    found = shell.ask("GET", f"{account_path(PROD)}/raiPolicies/microsoft.default").json()
    assert found["properties"]["type"] == "SystemManaged"


ROLES = "/providers/Microsoft.Authorization/role"


def test_a_role_is_made_found_by_its_name_and_given(shell: Shell) -> None:
    role = "11111111-2222-4333-8444-555555555555"
    wanted = {"roleName": "Reaper", "permissions": [{"actions": ["*/read"]}]}
    made = shell.ask("PUT", f"{ROLES}Definitions/{role}", {"properties": wanted}).json()
    assert (made["properties"]["type"], made["properties"]["assignableScopes"]) == ("CustomRole", [shell.tool.scope])
    assert names(shell.ask("GET", f"{ROLES}Definitions?$filter=roleName eq 'Reaper'")) == [role]
    assert names(shell.ask("GET", f"{ROLES}Definitions?$filter=type eq 'CustomRole'")) == [role]
    assert len(names(shell.ask("GET", f"{GROUP}{ROLES}Definitions"))) > 5
    given = {"properties": {"roleDefinitionId": made["id"], "principalId": "somebody"}}
    assert shell.ask("PUT", f"{GROUP}{ROLES}Assignments/{role}", given).json()["properties"]["scope"].endswith(GROUP)
    first, second = shell.ask("GET", f"{ROLES}Assignments").json()["value"]
    assert (first["properties"]["principalType"], second["name"]) == ("ServicePrincipal", role)
    assert shell.ask("DELETE", f"{GROUP}{ROLES}Assignments/{role}").status_code == 200
    assert shell.ask("DELETE", f"{ROLES}Definitions/{role}").status_code == 200
    assert told(shell.ask("GET", f"{ROLES}Definitions/{role}")) == (404, "RoleDefinitionNotFound")
    assert told(shell.ask("PUT", f"{ROLES}Assignments/{role}", {"properties": {}})) == (400, "InvalidRoleAssignment")


def test_an_account_keeps_what_its_maker_chose(shell: Shell) -> None:
    path = account_path("other")
    wish = {"location": "eastus", "kind": "OpenAI", "sku": {"name": "S0"}, "identity": {"type": "SystemAssigned"}}
    made = shell.ask("PUT", path, {**wish, "properties": {"publicNetworkAccess": "Disabled", "endpoint": "x"}}).json()
    assert made["properties"]["publicNetworkAccess"] == "Disabled"
    assert made["properties"]["endpoint"].endswith("/accounts/other/")
    assert made["identity"]["principalId"]
    moved = shell.ask("PUT", path, {**wish, "location": "westus"})
    assert told(moved) == (409, "InvalidResourceLocation")
    assert told(shell.ask("PUT", account_path("face"), {**wish, "kind": "Face"})) == (400, "InvalidApiSetId")
    key = shell.ask("POST", f"{path}/listKeys").json()["key1"]
    shell.ask("PATCH", path, {"properties": {"disableLocalAuth": True}})
    assert told(shell.ask("POST", f"{path}/listKeys")) == (400, "BadRequest")
    asked = "/accounts/other/openai/models?api-version=2024-10-21"
    refused = shell.tool.send("GET", asked, headers={"api-key": key})
    assert told(refused) == (403, "AuthenticationTypeDisabled")
    token = shell.tool.bearer_for("https://cognitiveservices.azure.com/.default")
    assert shell.tool.send("GET", asked, headers=token).status_code == 200
