"""What other people's tools do with the sandbox, once, for the record: the vendors' typed clients, all operations.

Their requests are their own affair; what they are answered must be as documented.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.mgmt.costmanagement import CostManagementClient
from openai import APIStatusError, AzureOpenAI, DefaultHttpxClient, OpenAI

from deployer.clock import Clock
from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, GROUP, SCOPE, TUNED, Wire, account_path, credential, resource_manager
from tests.sandbox.learning_data import as_jsonl, tickets

PROJECT = "proj_default"
HELLO: Any = [{"role": "user", "content": "hello"}]
BODY: dict[str, Any] = {
    "sku": {"name": "Standard", "capacity": 1},
    "properties": {"model": {"format": "OpenAI", "name": "gpt-4.1-mini", "version": "2025-04-14"}},
}
ACCOUNT: dict[str, Any] = {"location": "eastus2", "kind": "OpenAI", "sku": {"name": "S0"}, "properties": {}}
KIND = "Microsoft.CognitiveServices/accounts"


@contextmanager
def openai_client(sandbox: Sandbox, **options: Any) -> Iterator[OpenAI]:
    """OpenAI's own client with the sandbox's settings."""
    env = sandbox.env
    with OpenAI(
        base_url=env["OPENAI_BASE_URL"],
        api_key=env["OPENAI_API_KEY"],
        admin_api_key=env["OPENAI_ADMIN_KEY"],
        max_retries=0,
        http_client=DefaultHttpxClient(verify=ssl.create_default_context(cafile=sandbox.ca_file)),
        **options,
    ) as made:
        yield made


@contextmanager
def azure_openai_client(sandbox: Sandbox) -> Iterator[AzureOpenAI]:
    """The same for an Azure account, on the older surface with an api-version."""
    key = Wire(sandbox).arm("POST", f"{account_path(DEV)}/listKeys").body["key1"]
    with AzureOpenAI(
        azure_endpoint=f"{sandbox.url}/accounts/{DEV}",
        api_key=key,
        api_version="2024-10-21",
        max_retries=0,
        http_client=DefaultHttpxClient(verify=ssl.create_default_context(cafile=sandbox.ca_file)),
    ) as made:
        yield made


def visit_azure(sandbox: Sandbox, clock: Clock, folder: Path) -> None:
    sandbox.client.create_deployments([{"account": DEV, "name": "support", "model": TUNED}])
    with resource_manager(sandbox) as client:
        _read_all(client)
        _change_all(client)
    _read_metrics(Wire(sandbox))
    _hold_children(Wire(sandbox))
    clock.sleep(timedelta(days=35).total_seconds())
    _read_costs(sandbox)
    with azure_openai_client(sandbox) as client:
        client.chat.completions.create(model="base", messages=HELLO)
        call(client, "base")
        train(client, clock)


def _read_all(client: Any) -> None:
    model = ("OpenAI", "gpt-4.1-mini", "2025-04-14")
    for pages in (
        client.accounts.list(), client.accounts.list_by_resource_group(GROUP), client.operations.list(),
        client.accounts.list_models(GROUP, DEV), client.models.list("eastus2"), client.usages.list("eastus2"),
        client.resource_skus.list(), client.model_capacities.list(*model), client.deleted_accounts.list(),
        client.location_based_model_capacities.list("eastus2", *model), client.commitment_tiers.list("eastus2"),
        client.deployments.list(GROUP, DEV), client.deployments.list_skus(GROUP, DEV, "support"),
    ):  # fmt: skip
        list(pages)
    client.accounts.get(GROUP, DEV)
    client.accounts.list_keys(GROUP, DEV)
    client.accounts.regenerate_key(GROUP, DEV, key_name="Key2")
    client.accounts.list_skus(GROUP, DEV)
    client.accounts.list_usages(GROUP, DEV)
    client.check_domain_availability(subdomain_name=DEV, type=KIND)
    client.check_sku_availability("eastus2", skus=["S0", "F0"], kind="OpenAI", type=KIND)


def _change_all(client: Any) -> None:
    accounts, deployments = client.accounts, client.deployments
    accounts.begin_create(GROUP, "new", ACCOUNT).result()
    accounts.begin_update(GROUP, "new", {"tags": {"a": "b"}}).result()
    accounts.begin_delete(GROUP, "new").result()
    with suppress(HttpResponseError):
        accounts.begin_create(GROUP, "new", ACCOUNT)
    client.deleted_accounts.get("eastus2", GROUP, "new")
    client.deleted_accounts.begin_purge("eastus2", GROUP, "new").result()
    deployments.begin_create_or_update(GROUP, DEV, "base", BODY).result()
    deployments.begin_update(GROUP, DEV, "base", {"tags": {"a": "b"}}).result()
    deployments.begin_create_or_update(GROUP, DEV, "y", BODY).result()
    deployments.begin_delete(GROUP, DEV, "y").result()


def _held(kind: str) -> dict[str, Any]:
    state = {"privateLinkServiceConnectionState": {"status": "Approved"}}
    return {"properties": state if "private" in kind else {}}


def _hold_children(wire: Wire) -> None:
    for kind in (
        "raiPolicies", "raiBlocklists", "raiBlocklists/mine/raiBlocklistItems", "commitmentPlans", "encryptionScopes",
        "privateEndpointConnections", "defenderForAISettings",
    ):  # fmt: skip
        every = f"{account_path(DEV)}/{kind}"
        for method, path, body in (
            ("GET", every, None), ("PUT", f"{every}/one", _held(kind)), ("PUT", f"{every}/one", _held(kind)),
            ("GET", f"{every}/one", None), ("GET", every, None), ("DELETE", f"{every}/one", None),
        ):  # fmt: skip
            wire.arm(method, path, body)
    wire.arm("GET", f"{account_path(DEV)}/privateLinkResources")
    wire.arm("GET", f"{account_path(DEV)}/networkSecurityPerimeterConfigurations")
    wire.arm("GET", "/providers/Microsoft.CognitiveServices/commitmentPlans")
    wanted = {"model": {"format": "OpenAI", "name": "gpt-4.1-mini"}, "skuName": "ProvisionedManaged", "workloads": []}
    wire.arm("POST", "/providers/Microsoft.CognitiveServices/calculateModelCapacity", wanted)


def _read_metrics(wire: Wire) -> None:
    insights = f"{account_path(DEV)}/providers/Microsoft.Insights"
    wire.arm("GET", f"{insights}/metricDefinitions")
    wire.arm("GET", f"{insights}/metrics?metricnames=ModelRequests&aggregation=Total,Average")
    wire.arm("GET", "/providers/Microsoft.Insights/metrics?region=eastus2&metricnames=ModelRequests")
    wire.arm("POST", "/providers/Microsoft.Insights/metrics?region=eastus2", {"metricNames": "ModelRequests"})


def _read_costs(sandbox: Sandbox) -> None:
    scope = f"/subscriptions/{sandbox.env['AZURE_SUBSCRIPTION_ID']}"
    total = {"granularity": "Daily", "aggregation": {"totalCost": {"name": "Cost", "function": "Sum"}}}
    asked: dict[str, Any] = {"type": "ActualCost", "timeframe": "TheLastMonth", "dataset": total}
    ahead = {"from": "2026-10-06T00:00:00Z", "to": "2026-10-31T00:00:00Z"}
    with credential(sandbox) as made:
        costs: Any = CostManagementClient(
            made, base_url=sandbox.url, credential_scopes=[SCOPE], connection_verify=sandbox.ca_file
        )
        costs.query.usage(scope, asked)
        costs.forecast.usage(scope, {**asked, "timeframe": "Custom", "timePeriod": ahead})
        list(costs.budgets.list(scope))
        list(costs.operations.list())
    _read_alerts(Wire(sandbox))


def _read_alerts(wire: Wire) -> None:
    costs, consumption = "/providers/Microsoft.CostManagement", "/providers/Microsoft.Consumption"
    notified = {
        "enabled": True,
        "operator": "GreaterThanOrEqualTo",
        "threshold": 0.0,
        "contactEmails": ["a@example.com"],
    }
    period = {"startDate": "2026-09-01T00:00:00Z", "endDate": "2027-09-01T00:00:00Z"}
    budget = {"category": "Cost", "amount": 100, "timeGrain": "Monthly", "timePeriod": period}
    for provider in (costs, consumption):
        path = f"{provider}/budgets/visited"
        made = wire.arm("PUT", path, {"properties": budget | {"notifications": {"any": notified}}}).body
        wire.arm("PUT", path, {"eTag": made["eTag"], "properties": budget | {"notifications": {"any": notified}}})
        wire.arm("GET", path)
        wire.arm("GET", f"{provider}/budgets")
        for alert in wire.arm("GET", f"{costs}/alerts").body["value"]:
            wire.arm("GET", f"{costs}/alerts/{alert['name']}")
            wire.arm("PATCH", f"{costs}/alerts/{alert['name']}", {"properties": {"status": "Dismissed"}})
        wire.arm("DELETE", path)
    wire.arm("GET", f"{costs}/dimensions?$expand=properties/data")
    wire.arm("GET", f"{consumption}/usageDetails?$filter=properties/usageStart%20ge%20'2026-09-01'")


def visit_openai(sandbox: Sandbox, clock: Clock, folder: Path) -> None:
    with openai_client(sandbox) as client:
        model = train(client, clock)
        client.chat.completions.create(model=model, messages=HELLO, max_tokens=5)
        call(client, model)
        list(client.completions.create(model="davinci-002", prompt=["once", "twice"], stream=True, n=2))
        client.completions.create(model="davinci-002", prompt="once", echo=True)
        converse(client, model)
        with suppress(APIStatusError):
            client.chat.completions.create(model="nothing", messages=HELLO)
        _administer(client)
        admin = client.with_options(api_key=sandbox.env["OPENAI_ADMIN_KEY"])
        permissions: Any = admin.fine_tuning.checkpoints.permissions
        given = list(permissions.create(model, project_ids=[PROJECT]))
        list(permissions.list(model))
        permissions.delete(given[0].id, fine_tuned_model_checkpoint=model)
        client.models.delete(model)


def call(client: OpenAI, model: str) -> None:
    """A model with everything that it can be asked for, whole and streamed."""
    function = {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
    tools: Any = [{"type": "function", "function": function}]
    usage: Any = {"include_usage": True}
    chat: Any = client.chat.completions
    chat.create(model=model, messages=HELLO, n=2, logprobs=True, top_logprobs=1, stop=["message"])
    chat.create(model=model, messages=HELLO, tools=tools, tool_choice="required")
    list(chat.create(model=model, messages=HELLO, stream=True, stream_options=usage))
    list(chat.create(model=model, messages=HELLO, stream=True, tools=tools, tool_choice="required"))
    with suppress(APIStatusError):
        chat.create(model=model, messages=HELLO, temperature=3)


def converse(client: OpenAI, model: str) -> None:
    """The Responses API: kept, streamed, gone on with, counted, forgotten."""
    responses: Any = client.responses
    tools: Any = [{"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": False}]
    first = responses.create(model=model, input="hello", instructions="be kind").id
    list(responses.create(model=model, input="and now?", previous_response_id=first, stream=True))
    list(responses.create(model=model, input="rain?", tools=tools, tool_choice="required", stream=True))
    responses.create(model=model, input="hello", max_output_tokens=16, store=False)
    responses.input_tokens.count(model=model, input="hello")
    responses.retrieve(first)
    list(responses.input_items.list(first))
    responses.delete(first)
    with suppress(APIStatusError):
        responses.retrieve(first)


def upload(client: OpenAI) -> None:
    """A file in two parts, and one that comes to nothing."""
    data: Any = as_jsonl(tickets(20, 2))
    wanted: Any = {"filename": "u.jsonl", "mime_type": "text/jsonl", "purpose": "fine-tune", "bytes": len(data)}
    begun = client.uploads.create(**wanted).id
    parts = [client.uploads.parts.create(begun, data=part).id for part in (data[:99], data[99:])]
    client.uploads.complete(begun, part_ids=parts)
    client.uploads.cancel(client.uploads.create(**wanted).id)


def train(client: OpenAI, clock: Clock) -> str:
    """A fine-tune on either vendor, with everything that can be read and done on the way."""
    file = client.files.create(file=("t.jsonl", as_jsonl(tickets(20, 1))), purpose="fine-tune").id
    clock.sleep(60)
    upload(client)
    jobs = client.fine_tuning.jobs
    job = jobs.create(model="gpt-4.1-mini-2025-04-14", training_file=file, validation_file=file, suffix="care").id
    other = jobs.create(model="gpt-4.1-mini-2025-04-14", training_file=file).id
    jobs.cancel(other)
    clock.sleep(7200)
    done = jobs.retrieve(job)
    list(jobs.list(limit=1))
    list(jobs.list_events(job, limit=100))
    list(jobs.checkpoints.list(job))
    list(client.files.list())
    client.files.retrieve(file)
    client.files.content(done.result_files[0]).read()
    client.files.delete(file)
    client.models.list()
    model = done.fine_tuned_model or ""
    client.models.retrieve(model)
    with suppress(APIStatusError):
        jobs.retrieve("ftjob-nothing")
    return model


def _administer(client: OpenAI) -> None:
    organization: Any = client.admin.organization
    projects = organization.projects
    made = projects.create(name="another").id
    projects.retrieve(made)
    projects.update(made, name="renamed")
    _administer_keys(organization, made)
    projects.archive(made)
    with suppress(APIStatusError):
        projects.retrieve("proj_nothing")
    for owner in ((), (PROJECT,)):
        where = projects if owner else organization
        where.spend_limit.update(*owner, threshold_amount=100, currency="USD", interval="month")
        where.spend_limit.retrieve(*owner)
        where.spend_limit.delete(*owner)
    started = 1_788_220_800
    organization.usage.completions(start_time=started, group_by=["model", "project_id"], bucket_width="1h", limit=2)
    organization.usage.costs(start_time=started, group_by=["line_item"], limit=2)
    for kind in ("embeddings", "images", "moderations", "vector_stores", "web_search_calls", "file_search_calls"):
        getattr(organization.usage, kind)(start_time=started, limit=1)


def _administer_keys(organization: Any, project: str) -> None:
    projects, admin_keys = organization.projects, organization.admin_api_keys
    list(organization.users.list())
    user = next(iter(projects.users.list(project))).id
    projects.users.retrieve(user, project_id=project)
    organization.users.retrieve(user)
    accounts = [projects.service_accounts.create(project, name=name).id for name in ("robot", "other")]
    list(projects.service_accounts.list(project))
    projects.service_accounts.retrieve(accounts[0], project_id=project)
    key = next(iter(projects.api_keys.list(project))).id
    projects.api_keys.retrieve(key, project_id=project)
    projects.api_keys.delete(key, project_id=project)
    projects.service_accounts.delete(accounts[1], project_id=project)
    made = admin_keys.create(name="more").id
    list(admin_keys.list())
    admin_keys.retrieve(made)
    admin_keys.delete(made)
