"""`deployment scale`, `pause` and `resume` on the real wire."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from deployer.sandbox.process import Sandbox

Run = Callable[..., Any]
DEV = "aoai-dev-eastus2"
TUNED = "gpt-4.1-mini-2025-04-14.ft-0123456789abcdef0123456789abcdef-bot"
POLICIES = """\
version: 1
mode: enforce
policies:
  - name: dev
    match: {account: "aoai-dev-*"}
    budget: {amount: 3000 USD, period: month}
"""


@pytest.fixture
def deployed(sandbox: Sandbox) -> Sandbox:
    sandbox.client.create_deployments(
        [
            {"account": DEV, "name": "bot", "model": TUNED, "capacity": 10},
            {"account": DEV, "name": "fast", "model": "gpt-4.1", "sku": "GlobalProvisionedManaged", "capacity": 50},
        ]
    )
    return sandbox


@pytest.fixture
def policies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    path = tmp_path_factory.mktemp("policies") / "dev.yaml"
    path.write_text(POLICIES)
    return {"DEPLOYER_POLICIES": str(path)}


def test_scale_says_what_it_costs_now_and_did_before(deployed: Sandbox, run: Run, policies: dict[str, str]) -> None:
    result = run("deployment", "scale", "fast", "--capacity", "60", env=policies)

    assert f"Scaled azure:{DEV}/fast (GlobalProvisionedManaged) from 50 to 60 units" in result.stdout
    assert "costs $60.00 an hour even when unused, before $50.00" in result.stdout


def test_scale_over_budget_is_refused(deployed: Sandbox, run: Run, policies: dict[str, str]) -> None:
    result = run("deployment", "scale", "fast", "--capacity", "500", env=policies, expect=3)

    assert "$10,800.00" in result.stderr
    assert json.loads(run("deployment", "show", "fast", "-o", "json").stdout)["capacity"] == 50


def test_scale_over_quota_is_refused(deployed: Sandbox, run: Run, policies: dict[str, str]) -> None:
    result = run("deployment", "scale", "bot", "--capacity", "6000", env=policies, expect=3)

    assert "used 10 + this 5,990 = 6,000 is over 5,000 by 1,000" in result.stderr


def test_scale_can_be_taken_back_from_the_journal(deployed: Sandbox, run: Run) -> None:
    act = json.loads(run("deployment", "scale", "bot", "--capacity", "20", "-o", "json").stdout)["act"]

    undo = json.loads(run("journal", "show", str(act), "-o", "json").stdout)["undo"]
    run(*undo.split()[1:])

    assert json.loads(run("deployment", "show", "bot", "-o", "json").stdout)["capacity"] == 10


def test_pause_says_that_hosting_goes_on(deployed: Sandbox, run: Run) -> None:
    result = run("deployment", "pause", "bot")

    assert f"Paused azure:{DEV}/bot: calls are answered 423, and no tokens are spent" in result.stdout
    assert "Pausing is not known to stop the hosting fee" in result.stdout
    assert "$1.70 an hour is taken to go on" in result.stdout


def test_a_paused_deployment_says_how_to_resume_it(deployed: Sandbox, run: Run) -> None:
    run("deployment", "pause", "bot")
    refused = run("deployment", "call", "bot", "hello", expect=1)
    resumed = run("deployment", "resume", "bot")

    assert f"`deployer deployment resume azure:{DEV}/bot`" in refused.stderr
    assert f"Resumed azure:{DEV}/bot: it answers calls again" in resumed.stdout
    assert run("deployment", "call", "bot", "hello").stdout.strip()


def test_documents_never_claim_that_pausing_stops_hosting(deployed: Sandbox, run: Run) -> None:
    paused = json.loads(run("deployment", "pause", "bot", "-o", "json").stdout)

    assert (paused["kind"], paused["state"], paused["stops_hosting"]) == ("pause", "Paused", False)
    assert paused["hourly"] == {"amount": "1.70", "currency": "USD"}


def test_a_sku_that_cannot_be_paused_is_an_error_in_azures_words(deployed: Sandbox, run: Run) -> None:
    result = run("deployment", "pause", "fast", expect=1)

    assert "does not support pause and resume" in result.stderr


def test_a_region_without_the_sku_names_those_that_have_it(sandbox: Sandbox, run: Run) -> None:
    sandbox.client.create_accounts([{"name": "far", "region": "japaneast"}])
    create = ("deployment", "create", "base", "--account", "far", "--model", "gpt-4.1-mini", "--unguarded")

    refused = run(*create, expect=3)
    run(*create, "--sku", "globalstandard")

    assert "japaneast does not offer gpt-4.1-mini with Standard" in refused.stderr
    assert "regions that do: eastus2, northcentralus, swedencentral" in refused.stderr


def test_help_says_that_pausing_is_not_known_to_stop_hosting(run: Run) -> None:
    assert "NOT known to stop the hosting fee" in " ".join(run("deployment", "pause", "--help").stdout.split())


def test_show_says_who_pays_by_the_hour_and_who_says_so(deployed: Sandbox, run: Run) -> None:
    tuned = json.loads(run("deployment", "show", "bot", "-o", "json").stdout)
    base = json.loads(run("deployment", "show", "fast", "-o", "json").stdout)

    assert tuned["pays_by_the_hour"] is True
    assert tuned["hosting_source"] == "Azure Resource Manager, list of models of eastus2 (2026-09-01)"
    assert (base["pays_by_the_hour"], base["hosting_source"][:7]) == (True, "its SKU")


def test_a_paused_deployment_is_listed_and_shown_as_paused_and_still_costing(deployed: Sandbox, run: Run) -> None:
    run("deployment", "pause", "bot")

    listed, shown = run("deployment", "list", "-o", "json"), run("deployment", "show", "bot", "-o", "json")

    states = {row["name"]: (row["state"], row["hourly"]["amount"]) for row in json.loads(listed.stdout)}
    assert states == {"bot": ("Paused", "1.70"), "fast": ("Succeeded", "50.00")}
    assert json.loads(shown.stdout)["state"] == "Paused"
    for result in (listed, shown):
        assert f"1 paused (azure:{DEV}/bot): no calls are answered, but what it costs by the hour" in result.stderr


def test_the_guard_says_of_a_paused_deployment_that_it_goes_on_costing(
    deployed: Sandbox, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("idle") / "dev.yaml"
    path.write_text(POLICIES.replace("budget: {amount: 3000 USD, period: month}", "idle: {after: 24h, grace: 6h}"))
    env = {"DEPLOYER_POLICIES": str(path)}
    run("deployment", "pause", "bot")
    deployed.client.advance(seconds=7 * 3600)
    paused = run("guard", "plan", "-o", "json", env=env, expect=5).stdout
    run("deployment", "resume", "bot")
    resumed = run("guard", "plan", "-o", "json", env=env, expect=5).stdout

    assert "it is paused, which is not undeployed: what it costs by the hour is taken to go on" in paused
    assert "resumed 0 h ago, within its grace of 6 h" in resumed


def test_what_was_paused_is_restored_paused_and_says_so(deployed: Sandbox, run: Run) -> None:
    run("deployment", "pause", "bot")
    run("deployment", "delete", "bot", "--yes")

    restored = run("deployment", "restore", "bot", "--unguarded").stdout

    assert f"it is paused, as it was: `deployer deployment resume azure:{DEV}/bot` lets it answer" in restored
    assert json.loads(run("deployment", "show", "bot", "-o", "json").stdout)["state"] == "Paused"
    run("deployment", "resume", "bot")
    assert run("deployment", "call", "bot", "hello").stdout.strip()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("create", "ptu", "--account", DEV, "--model", "gpt-4.1-mini", "--capacity", "17"),
            "of gpt-4.1-mini in eastus2: it takes steps of 5 units: 15 or 20, not 17",
        ),
        (("scale", "fast", "--capacity", "14"), "it takes at least 15 units, not 14"),
    ],
)
def test_a_size_that_the_sku_does_not_have_is_refused_before_anything_is_asked_for(
    deployed: Sandbox, run: Run, arguments: tuple[str, ...], words: str
) -> None:
    more = ("--sku", "GlobalProvisionedManaged", "--unguarded") if arguments[0] == "create" else ()
    assert words in run("deployment", *arguments, *more, expect=3).stderr
    asked = deployed.client.requests()["by_operation"]
    assert not {"deployments.put", "deployments.patch"} & set(asked)


def test_what_retires_soon_is_made_with_a_warning(deployed: Sandbox, run: Run) -> None:
    deployed.client.advance(seconds=40 * 86_400)
    arguments = ("--account", DEV, "--model", "gpt-4", "--version", "0613", "--unguarded")
    warned = " ".join(run("deployment", "create", "old", *arguments).stderr.split())
    assert "gpt-4 0613 with Standard stops answering in eastus2 on 2026-12-31, in 81 days" in warned
    assert "gpt-4 0613 is Deprecated in eastus2: the vendor may take no new deployments of it" in warned


def test_a_pause_that_cannot_be_put_back_is_said(deployed: Sandbox, run: Run) -> None:
    run("deployment", "pause", "bot")
    run("deployment", "delete", "bot", "--yes")
    unknown = {"error": {"code": "NoRegisteredProviderFound", "message": "No registered resource provider found."}}
    path = "deployments.*api-version=2026-09-15-preview"
    deployed.client.fault({"path": path, "kind": "status", "status": 400, "body": unknown})

    warned = run("deployment", "restore", "bot", "--unguarded").stderr

    assert f"azure:{DEV}/bot was paused when it was undeployed; it was put back running" in warned
