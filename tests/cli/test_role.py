"""Each role that `doctor --role` prints is enough for its work, and holds nothing that the work does not use.

Azure refuses, in the sandbox, every request that the role does not cover; what is left over after the work is
compared with what the role grants. Which action a request needs: Microsoft's lists of permissions
(learn.microsoft.com/azure/role-based-access-control/permissions/ai-machine-learning and its neighbours).
"""

import json
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from deployer.sandbox.process import Sandbox
from tests.datasets.files import chat, write

Run = Callable[..., Any]
SERVICE = "Microsoft.CognitiveServices"
OPENAI = f"{SERVICE}/accounts/OpenAI"
CONTROL = {
    "subscriptions.list": "Microsoft.Resources/subscriptions/read",
    "graph.resources": "Microsoft.ResourceGraph/resources/read",
    "accounts.list": f"{SERVICE}/accounts/read",
    "accounts.get": f"{SERVICE}/accounts/read",
    "deployments.list": f"{SERVICE}/accounts/deployments/read",
    "deployments.get": f"{SERVICE}/accounts/deployments/read",
    "deployments.put": f"{SERVICE}/accounts/deployments/write",
    "deployments.patch": f"{SERVICE}/accounts/deployments/write",
    "deployments.delete": f"{SERVICE}/accounts/deployments/delete",
    "deployments.pause": f"{SERVICE}/accounts/deployments/pause/action",
    "deployments.resume": f"{SERVICE}/accounts/deployments/resume/action",
    "operations.get": f"{SERVICE}/locations/operationresults/read",
    "capacities.list": f"{SERVICE}/modelCapacities/read",
    "models.list": f"{SERVICE}/locations/models/read",
    "usages.list": f"{SERVICE}/locations/usages/read",
    "locks.list": "Microsoft.Authorization/locks/read",
    "permissions.list": "Microsoft.Authorization/permissions/read",
    "metrics.batch": "Microsoft.Insights/metrics/read",
    "metrics.single": "Microsoft.Insights/metrics/read",
    "costs.query": "Microsoft.CostManagement/query/read",
    "costs.forecast": "Microsoft.CostManagement/forecast/read",
    "budgets.list": "Microsoft.Consumption/budgets/read",
}
DATA = {
    "azure.jobs.list": f"{OPENAI}/fine-tunes/read",
    "azure.jobs.get": f"{OPENAI}/fine-tunes/read",
    "azure.jobs.events": f"{OPENAI}/fine-tunes/read",
    "azure.jobs.checkpoints": f"{OPENAI}/fine-tunes/read",
    "azure.jobs.create": f"{OPENAI}/fine-tunes/write",
    "azure.jobs.cancel": f"{OPENAI}/fine-tunes/write",
    "azure.jobs.pause": f"{OPENAI}/fine-tunes/write",
    "azure.jobs.resume": f"{OPENAI}/fine-tunes/write",
    "azure.files.list": f"{OPENAI}/files/read",
    "azure.files.get": f"{OPENAI}/files/read",
    "azure.files.content": f"{OPENAI}/files/read",
    "azure.files.create": f"{OPENAI}/files/write",
    "azure.files.delete": f"{OPENAI}/files/delete",
    "azure.models.get": f"{OPENAI}/models/read",
    "azure.models.list": f"{OPENAI}/models/read",
    "azure.chat": f"{OPENAI}/deployments/chat/completions/action",
    "azure.completions": f"{OPENAI}/deployments/completions/action",
}
NEEDS = CONTROL | DATA
DEV = "aoai-dev-eastus2"
TUNED = "gpt-4.1-mini-2025-04-14.ft-0123456789abcdef0123456789abcdef-bot"
POLICY = """version: 1
mode: enforce
policies:
  - name: all
    match: {provider: azure}
    budget: {amount: 100000 USD, period: month}
    retirement: {warn: 60d}
  - name: fine-tunes
    match: {fine_tuned: true}
    idle: {after: 24h, warn: 0h, then: undeploy, grace: 1h}
"""
HOUR = 3600


@pytest.fixture
def employ(sandbox: Sandbox, run: Run, tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    """Azure grants what the role says, and nothing else, from here on; the role is given back."""
    (tmp_path / "work" / "policies").mkdir(parents=True)
    (tmp_path / "work" / "policies" / "p.yaml").write_text(POLICY)
    sandbox.client.create_deployments(
        [
            {"account": DEV, "name": "forgotten", "model": TUNED},
            {"account": DEV, "name": "used", "model": TUNED, "sku": "GlobalStandard"},
            {"account": DEV, "name": "words", "model": "davinci-002"},
        ]
    )
    calls = {"account": DEV, "deployment": "used", "requests_per_hour": 60, "input_tokens": 9, "output_tokens": 9}
    sandbox.client.traffic([{**calls, "start": "2026-09-01T00:00:00Z", "end": "2026-09-30T00:00:00Z"}])
    sandbox.client.advance(seconds=30 * HOUR)

    def grant(role: str) -> dict[str, Any]:
        definition: dict[str, Any] = json.loads(run("doctor", "--role", role).stdout)
        for operation, action in NEEDS.items():
            if not allowed(definition, operation):
                message = f"The client does not have authorization to perform action '{action}'."
                body = {"error": {"code": "AuthorizationFailed", "message": message}}
                sandbox.client.fault({"operation": operation, "kind": "status", "status": 403, "body": body})
        return definition

    return grant


def allowed(definition: dict[str, Any], operation: str) -> bool:
    patterns = definition["DataActions" if operation in DATA else "Actions"]
    return any(fits(pattern, NEEDS[operation]) for pattern in patterns)


def fits(pattern: str, action: str) -> bool:
    return fnmatchcase(action.lower(), pattern.lower())


def unused(definition: dict[str, Any], sandbox: Sandbox) -> set[str]:
    """What the role grants and no request needed."""
    asked = [NEEDS[name] for name in sandbox.client.requests()["by_operation"] if name in NEEDS]
    asked += [NEEDS["accounts.list"]]  # the graph shows only what the caller may read by itself
    granted: Iterable[str] = [*definition["Actions"], *definition["DataActions"]]
    return {pattern for pattern in granted if not any(fits(pattern, action) for action in asked)}


def unknown(sandbox: Sandbox) -> set[str]:
    """Requests to Azure of which this table does not say what they need."""
    ours = set(sandbox.client.requests()["by_operation"]) - set(NEEDS)
    return {name for name in ours if not name.startswith(("openai.", "entra.", "sandbox."))}


def watch(run: Run) -> None:
    for command in (
        ("doctor",),
        ("deployment", "list"),
        ("deployment", "show", "used"),
        ("spend", "show", "--billed"),
        ("finetune", "list", "--provider", "azure"),
    ):
        run(*command)
    run("spend", "forecast", "--vendor")
    run("guard", "plan")


def test_watcher_reads_everything_that_rules_and_reports_stand_on_and_no_more(
    sandbox: Sandbox, run: Run, employ: Callable[[str], dict[str, Any]]
) -> None:
    role = employ("watcher")

    watch(run)

    assert sandbox.client.requests()["faults"] == 0
    assert unknown(sandbox) == set()
    refused = run("deployment", "delete", "used", "--yes", expect=1)
    assert "Microsoft.CognitiveServices/accounts/deployments/delete" in refused.stderr
    run("deployment", "list", env={"AZURE_SUBSCRIPTION_ID": ""})
    assert unused(role, sandbox) == set()


def test_reaper_undeploys_what_is_idle_and_can_do_nothing_else(
    sandbox: Sandbox, run: Run, employ: Callable[[str], dict[str, Any]]
) -> None:
    employ("reaper")

    run("guard", "apply")

    assert sandbox.client.requests()["faults"] == 0
    assert [one["deployment"] for one in sandbox.client.deployment_events() if one["event"] == "deleted"] == [
        "forgotten"
    ]
    refused = run("deployment", "restore", "forgotten", expect=1)
    assert "Microsoft.CognitiveServices/accounts/deployments/write" in refused.stderr


def test_operator_does_everything_and_needs_all_that_it_has(
    sandbox: Sandbox, run: Run, employ: Callable[[str], dict[str, Any]], tmp_path: Path
) -> None:
    role = employ("operator")
    rows = [chat(f"is {n} even?", ("yes", "no")[n % 2]) for n in range(20)]
    data = str(write(tmp_path / "train.jsonl", rows))
    azure = ("--provider", "azure", "--account", DEV)

    watch(run)
    run("guard", "apply")
    run("deployment", "restore", "forgotten")
    run("deployment", "create", "new", "--account", DEV, "--model", "gpt-4.1-mini")
    run("deployment", "scale", "new", "--capacity", "3")
    run("deployment", "pause", "new")
    run("deployment", "resume", "new")
    run("deployment", "call", "new", "hello")
    run("deployment", "call", "words", "hello")
    started = run("finetune", "start", data, "--model", "gpt-4.1-mini-2025-04-14", *azure, "-o", "json")
    job = json.loads(started.stdout)["job"]
    run("finetune", "watch", job, *azure)
    run("finetune", "show", job, *azure)
    again = json.loads(
        run("finetune", "start", data, "--model", "gpt-4.1-mini-2025-04-14", *azure, "-o", "json").stdout
    )["job"]
    run("finetune", "cancel", again, *azure)
    run("deployment", "list", env={"AZURE_SUBSCRIPTION_ID": ""})

    assert sandbox.client.requests()["faults"] == 0
    assert unknown(sandbox) == set()
    assert unused(role, sandbox) == set()
