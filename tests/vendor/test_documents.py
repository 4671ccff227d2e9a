"""What our client sends and what the sandbox answers, held against the vendors' own API documents.

The real providers run against the sandbox, which records every exchange; each is then checked
both ways. The vendors' own clients do all the rest, and what they are answered is checked. Where
the wire departs from a document on purpose, `deviation.py` says so and why.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

from deployer.clock import Clock
from deployer.sandbox.process import Sandbox
from tests.conftest import BEGINNING, SandboxTestClock
from tests.vendor.deviation import DEVIATIONS, UNDOCUMENTED
from tests.vendor.document import FOLDER, Operation, available, find_operation
from tests.vendor.exchange import Exchange, Finding, check_answer, check_request
from tests.vendor.journey import travel_azure, travel_openai
from tests.vendor.visit import visit_azure, visit_openai

pytestmark = pytest.mark.skipif(not available(), reason=f"the reference data folder is absent: {FOLDER}")

USED = {
    # Resource Manager, metrics and costs
    "Deployments_List", "Deployments_Get", "Deployments_CreateOrUpdate", "Deployments_Update", "Deployments_Delete",
    "Budgets_List", "MetricsBatch_Batch", "Metrics_List", "ModelCapacities_List", "Models_List", "Query_Usage",
    "Usages_List",
    # Azure OpenAI's data plane
    "ChatCompletions_Create", "Completions_Create", "Files_Get", "Files_GetContent", "Files_List", "Files_Upload",
    "FineTuning_Cancel", "FineTuning_Create", "FineTuning_Get", "FineTuning_GetCheckpoints", "FineTuning_GetEvents",
    "FineTuning_List", "Models_Get",
    # OpenAI
    "createChatCompletion", "listModels", "retrieveModel", "createFile", "listFiles", "retrieveFile", "downloadFile",
    "createFineTuningJob", "retrieveFineTuningJob", "listPaginatedFineTuningJobs", "listFineTuningEvents",
    "listFineTuningJobCheckpoints", "cancelFineTuningJob", "pauseFineTuningJob", "resumeFineTuningJob",
    "usage-completions", "usage-costs", "list-projects", "list-users",
    "Getorganizationspendlimit", "Updateorganizationspendlimit", "Deleteorganizationspendlimit",
    "Getprojectspendlimit", "Updateprojectspendlimit", "Deleteprojectspendlimit",
    "list-organization-spend-alerts", "create-organization-spend-alert", "update-organization-spend-alert",
    "delete-organization-spend-alert", "list-project-spend-alerts", "create-project-spend-alert",
    "update-project-spend-alert", "delete-project-spend-alert", "list-project-rate-limits",
    "update-project-rate-limits", "retrieve-project-model-permissions", "update-project-model-permissions",
    "delete-project-model-permissions",
}  # fmt: skip
SERVED = {
    # Resource Manager: what only other people's tools ask
    "Accounts_Create", "Accounts_Delete", "Accounts_Get", "Accounts_List", "Accounts_ListByResourceGroup",
    "Accounts_ListKeys", "Accounts_ListModels", "Accounts_ListSkus", "Accounts_ListUsages", "Accounts_Update",
    "CheckDomainAvailability", "CheckSkuAvailability", "CommitmentTiers_List", "DeletedAccounts_Get",
    "DeletedAccounts_List", "DeletedAccounts_Purge", "Deployments_ListSkus", "Forecast_Usage",
    "RaiPolicies_List", "RaiPolicies_Get", "RaiPolicies_CreateOrUpdate", "RaiBlocklists_CreateOrUpdate",
    "RaiBlocklistItems_CreateOrUpdate", "CommitmentPlans_CreateOrUpdate", "CommitmentPlans_Delete",
    "CommitmentPlans_ListPlansBySubscription", "EncryptionScopes_List", "PrivateEndpointConnections_CreateOrUpdate",
    "PrivateLinkResources_List", "DefenderForAISettings_Get", "calculateModelCapacity",
    "NetworkSecurityPerimeterConfigurations_List", "Accounts_RegenerateKey",
    "Alerts_Dismiss", "Alerts_Get", "Alerts_List", "Budgets_CreateOrUpdate",
    "Budgets_Delete", "Budgets_Get", "Dimensions_List", "Metrics_ListAtSubscriptionScope",
    "Metrics_ListAtSubscriptionScopePost", "UsageDetails_List",
    "LocationBasedModelCapacities_List", "MetricDefinitions_List", "Operations_List", "ResourceSkus_List",
    # the data planes and OpenAI's administration
    "createResponse", "getResponse", "deleteResponse", "listInputItems", "Getinputtokencounts", "createCompletion",
    "admin-api-keys-create", "admin-api-keys-delete", "admin-api-keys-get", "admin-api-keys-list",
    "createFineTuningCheckpointPermission", "create-project-service-account", "delete-project-api-key",
    "deleteFineTuningCheckpointPermission", "delete-project-service-account", "list-project-api-keys",
    "list-project-service-accounts", "list-project-users", "listFineTuningCheckpointPermissions", "modify-project",
    "retrieve-project-api-key", "retrieve-project-service-account", "retrieve-project-user", "retrieve-user",
    "usage-embeddings", "usage-file-search-calls", "usage-images", "usage-moderations", "usage-vector-stores",
    "usage-web-search-calls",
    "UploadFile_Start", "UploadFile_Part", "UploadFile_Complete", "UploadFile_Cancel", "createUpload",
    "addUploadPart", "completeUpload", "cancelUpload",
    "Files_Delete", "archive-project", "create-project", "deleteFile", "deleteModel", "retrieve-project",
}  # fmt: skip
LEAST = 200
"""Exchanges that each kind of travel makes at least: fewer mean that something was not travelled."""


@pytest.fixture(scope="module")
def exchanges(running_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> list[Exchange]:
    """Everything that our client did over the wire; lists come in pages of one, so that links are followed."""
    travels = (travel_azure, travel_openai)
    return [each for travel in travels for each in record(travel, running_sandbox, tmp_path_factory.mktemp("ours"))]


@pytest.fixture(scope="module")
def others(running_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> list[Exchange]:
    """Everything that the vendors' own clients did."""
    visits = (visit_azure, visit_openai)
    return [each for visit in visits for each in record(visit, running_sandbox, tmp_path_factory.mktemp("theirs"))]


def record(travel: Callable[[Sandbox, Clock, Path], None], sandbox: Sandbox, folder: Path) -> list[Exchange]:
    client = sandbox.client
    client.reset(start=BEGINNING, page_size=1, graph_page_size=1, cost_page_size=2)
    client.record()
    travel(sandbox, SandboxTestClock(client), folder)
    return [Exchange(**exchange) for exchange in client.recorded()]


@cache
def operation_of(method: str, path: str) -> Operation | None:
    return find_operation(method, path)


def findings(exchanges: Sequence[Exchange], *checks: Callable[..., set[Finding]]) -> set[Finding]:
    """All that the documents have against the exchanges that they describe."""
    described = [(each, operation_of(each.method, each.path)) for each in exchanges]
    return set(chain.from_iterable(check(each, found) for each, found in described if found for check in checks))


def unexplained(found: set[Finding]) -> list[str]:
    return sorted(str(each) for each in found if not any(deviation.covers(each) for deviation in DEVIATIONS))


def test_what_our_client_sends_is_as_documented(exchanges: list[Exchange]) -> None:
    assert unexplained(findings(exchanges, check_request)) == []


def test_what_the_sandbox_answers_is_as_documented(exchanges: list[Exchange], others: list[Exchange]) -> None:
    assert unexplained(findings([*exchanges, *others], check_answer)) == []


def test_every_departure_in_the_table_is_one_that_happens(exchanges: list[Exchange], others: list[Exchange]) -> None:
    found = findings(exchanges, check_request, check_answer) | findings(others, check_answer)
    assert [one for one in DEVIATIONS if not any(one.covers(each) for each in found)] == []


def test_all_operations_that_we_use_were_checked(exchanges: list[Exchange]) -> None:
    assert seen(exchanges) == USED


def test_what_the_sandbox_serves_beyond_that_was_checked(others: list[Exchange]) -> None:
    assert SERVED - seen(others) == set()


def seen(exchanges: Sequence[Exchange]) -> set[str]:
    """The documents' names of the operations that were made."""
    found = [operation for each in exchanges if (operation := operation_of(each.method, each.path))]
    assert len(found) >= LEAST
    return {operation.name for operation in found}


def test_what_no_document_describes_is_named(exchanges: list[Exchange]) -> None:
    unknown = {each.operation for each in exchanges if operation_of(each.method, each.path) is None}
    assert sorted(name for name in unknown if not name.startswith(tuple(UNDOCUMENTED))) == []
    assert [name for name in UNDOCUMENTED if not any(each.startswith(name) for each in unknown)] == []


CHAT = '{"messages": [{"role": "user", "content": "hi"}], "model": "gpt-4.1"}'
ASKED = Exchange("POST", "/v1/chat/completions", "", {"content-type": "application/json"}, CHAT, 400, {}, "", "")


@pytest.mark.parametrize(
    ("spoiled", "expected"),
    [
        (replace(ASKED, body=CHAT.replace('"hi"', "7")), "body.messages.*"),
        (replace(ASKED, body=CHAT.replace("model", "mdoel")), "body"),
        (replace(ASKED, body=CHAT.replace('"model"', '"modle": 1, "model"')), "body.modle"),
        (replace(ASKED, query="top=3"), "query.top"),
        (replace(ASKED, body=""), "body"),
        (replace(ASKED, headers={"content-type": "text/plain"}), "header.content-type"),
    ],
)
def test_a_request_that_departs_is_found(spoiled: Exchange, expected: str) -> None:
    operation = operation_of(spoiled.method, spoiled.path)
    assert operation is not None
    assert (operation.name, check_request(ASKED, operation)) == ("createChatCompletion", set())
    assert [each.at for each in check_request(spoiled, operation) if each.at.startswith(expected)]


def test_every_kind_of_lie_in_an_answer_is_found(exchanges: list[Exchange]) -> None:
    told = next(each for each in exchanges if each.operation == "deployments.get" and each.status == 200)
    operation = operation_of(told.method, told.path)
    assert operation is not None
    truth, answer = check_answer(told, operation), json.loads(told.answer)
    lies = {
        "status": replace(told, status=299),
        "body.sku.capacity": replace(told, answer=json.dumps(answer | {"sku": {"name": "Standard", "capacity": "1"}})),
        "body.systemData.createdAt": replace(told, answer=json.dumps(answer | {"systemData": {"createdAt": "soon"}})),
        "body.modle": replace(told, answer=json.dumps(answer | {"modle": "x"})),
        "body": replace(told, answer="[]"),
        "header.content-type": replace(told, answer_headers={"content-type": "text/html"}),
    }
    found = {at: {each.at for each in check_answer(lie, operation) - truth} for at, lie in lies.items()}
    assert [at for at in lies if at not in found[at]] == []
