"""`deployment`: the inventory with its costs, and one deployment's life, on the real wire."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployer.sandbox.process import Sandbox

Run = Callable[..., Any]
DEV, PROD = "aoai-dev-eastus2", "aoai-prod-swedencentral"
TUNED = "gpt-4.1-mini-2025-04-14.ft-0123456789abcdef0123456789abcdef-bot"
POLICIES = """\
version: 1
mode: enforce
policies:
  - name: dev
    match: {account: "aoai-dev-*"}
    budget: {amount: 300 USD, period: month}
    over_budget: {at: 100%, then: undeploy, warn: 1h}
    idle: {after: 24h, warn: 2h, then: undeploy, grace: 6h}
"""


@pytest.fixture
def deployed(sandbox: Sandbox) -> Sandbox:
    """A fine-tuned deployment, a base one, and one of the same name in another account."""
    sandbox.client.create_deployments(
        [
            {"account": DEV, "name": "support-bot", "model": TUNED},
            {"account": DEV, "name": "shared", "model": "gpt-4.1-mini"},
            {"account": PROD, "name": "shared", "model": "gpt-4.1-mini"},
        ]
    )
    return sandbox


@pytest.fixture
def policies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    path = tmp_path_factory.mktemp("policies") / "dev.yaml"
    path.write_text(POLICIES)
    return {"DEPLOYER_POLICIES": str(path)}


def rows(run: Run, *options: str, **more: Any) -> dict[str, dict[str, Any]]:
    answer = json.loads(run("deployment", "list", "-o", "json", *options, **more).stdout)
    return {f"{row['account']}/{row['name']}": row for row in answer}


# --- list -------------------------------------------------------------------------------------


def test_list_shows_what_others_deployed_with_its_cost(deployed: Sandbox, run: Run) -> None:
    row = rows(run)[f"{DEV}/support-bot"]

    assert row["hourly"] == {"amount": "1.70", "currency": "USD"}
    assert row["monthly"] == {"amount": "1241.00", "currency": "USD"}
    assert row["managed"] is False
    assert "(2026-" in row["price_source"]


def test_list_puts_the_dearest_first(deployed: Sandbox, run: Run) -> None:
    assert next(iter(rows(run))) == f"{DEV}/support-bot"


def test_list_names_the_policy_or_says_unguarded(deployed: Sandbox, run: Run, policies: dict[str, str]) -> None:
    listed = rows(run, env=policies)

    assert listed[f"{DEV}/support-bot"]["policy"] == "dev"
    assert listed[f"{PROD}/shared"]["policy"] == "UNGUARDED"


def test_list_of_unguarded_leaves_the_guarded_out(deployed: Sandbox, run: Run, policies: dict[str, str]) -> None:
    assert list(rows(run, "--unguarded", env=policies)) == [f"{PROD}/shared"]


def test_list_shows_when_each_stops_answering_and_who_says_so(deployed: Sandbox, run: Run) -> None:
    row = rows(run)[f"{DEV}/support-bot"]

    assert (row["retires"], row["retrain_until"]) == ("2027-10-14T00:00:00Z", "2027-04-14T00:00:00Z")
    assert row["retires_source"].startswith("Azure Resource Manager, list of models (2026-09-01")
    assert "2027-10-14" in run("deployment", "list", "--no-usage").stdout
    assert json.loads(run("deployment", "show", "support-bot", "-o", "json").stdout)["retires"] == row["retires"]


def test_models_of_a_region_are_asked_for_once_a_day_whoever_asks(deployed: Sandbox, run: Run) -> None:
    for _ in range(3):
        run("deployment", "list", "--no-usage")
    deployed.client.advance(seconds=24 * 3600)
    run("deployment", "list", "--no-usage")

    asked = [entry for entry in deployed.client.log() if "/locations/" in entry["path"]]
    assert len(asked) == 4  # two regions, two days


def test_date_that_cannot_be_read_is_unknown_and_only_a_warning(deployed: Sandbox, run: Run) -> None:
    deployed.client.fault({"operation": "models.list", "kind": "status", "status": 403, "path": "eastus2"})

    listed, table = rows(run), run("deployment", "list", "--no-usage")

    assert listed[f"{DEV}/support-bot"]["retires"] is None
    assert "403" in listed[f"{DEV}/support-bot"]["retires_unknown"]
    assert listed[f"{PROD}/shared"]["retires"] == "2027-10-14T00:00:00Z"
    assert "unknown" in table.stdout
    assert "when 2 deployments retire is unknown: cannot list the models of eastus2" in table.stderr


def test_fine_tune_at_openai_ends_on_its_shutdown_date(sandbox: Sandbox, run: Run) -> None:
    body = {"object": "list", "data": [
        {"id": "ft:gpt-4.1-nano-2025-04-14:org::x", "object": "model", "created": 1, "owned_by": "org"},
        {"id": "gpt-4.1-nano-2025-04-14", "object": "model", "created": 1, "owned_by": "system",
         "shutdown_date": "2026-10-23"},
    ]}  # fmt: skip
    sandbox.client.fault({"method": "GET", "path": "/v1/models", "kind": "status", "status": 200, "body": body})

    (row,) = rows(run, "--provider", "openai", "--no-usage").values()

    assert (row["model"], row["retires"]) == ("ft:gpt-4.1-nano-2025-04-14:org::x", "2026-10-23T00:00:00Z")


def test_list_can_be_narrowed_to_accounts(deployed: Sandbox, run: Run) -> None:
    assert list(rows(run, "--account", "aoai-prod-*")) == [f"{PROD}/shared"]
    assert rows(run, "--provider", "openai") == {}


def test_list_tells_use_from_disuse_and_from_not_knowing(deployed: Sandbox, run: Run) -> None:
    deployed.client.advance(seconds=10 * 24 * 3600)
    now = deployed.client.now()
    stream = {"account": DEV, "deployment": "shared", "requests_per_hour": 6, "input_tokens": 9, "output_tokens": 9}
    deployed.client.traffic([stream | {"start": now, "end": now.replace(hour=12)}])
    deployed.client.advance(seconds=24 * 3600)

    listed = rows(run)

    assert listed[f"{DEV}/shared"]["use"] == "active"
    assert listed[f"{DEV}/support-bot"]["use"] == "idle"
    assert listed[f"{PROD}/shared"]["use"] == "unknown"


def test_list_table_sums_up_beside_the_table(deployed: Sandbox, run: Run) -> None:
    result = run("deployment", "list")

    assert result.stderr.splitlines()[-1] == "3 deployments, $1.70 an hour, $1,241.00 a month; 3 unguarded"
    assert "gpt-4.1-mini.ft-01234567…-bot" in result.stdout


def test_account_that_cannot_be_read_is_told_and_ends_with_5(deployed: Sandbox, run: Run) -> None:
    deployed.client.fault({"kind": "status", "status": 403, "path": f"{DEV}/deployments"})

    result = run("deployment", "list", "-o", "json", expect=5)

    assert [row["account"] for row in json.loads(result.stdout)] == [PROD]
    assert "Not observed: deployments of" in result.stderr
    assert DEV in result.stderr


def test_nothing_readable_at_all_is_a_failure(run: Run) -> None:
    result = run("deployment", "list", env={"AZURE_CLIENT_SECRET": "wrong", "OPENAI_ADMIN_KEY": "wrong"}, expect=1)

    assert "Nothing is deployed" not in result.stderr
    assert "Not observed: " in result.stderr


def test_nothing_deployed_is_said(run: Run) -> None:
    result = run("deployment", "list")

    assert result.stdout == ""
    assert "Nothing is deployed." in result.stderr


def test_no_cloud_configured_is_a_warning(run: Run) -> None:
    nothing = dict.fromkeys(("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_SUBSCRIPTION_ID"))
    nothing |= dict.fromkeys(("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "DEPLOYER_AZURE_RESOURCE_MANAGER_URL"))

    result = run("deployment", "list", env=nothing)

    assert "Warning: no cloud is configured" in result.stderr


# --- naming -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["support-bot", f"{DEV}/support-bot", f"azure:{DEV}/support-bot", "SUPPORT-BOT"])
def test_deployment_is_found_by_short_and_long_name(deployed: Sandbox, run: Run, name: str) -> None:
    shown = json.loads(run("deployment", "show", name, "-o", "json").stdout)

    assert shown["id"] == f"azure:{DEV}/support-bot"
    assert shown["endpoint"].endswith(f"/accounts/{DEV}/")


def test_ambiguous_name_lists_its_candidates(deployed: Sandbox, run: Run) -> None:
    result = run("deployment", "show", "shared", expect=2)

    assert f"azure:{DEV}/shared, azure:{PROD}/shared" in result.stderr


def test_unknown_name_suggests_a_near_one(deployed: Sandbox, run: Run) -> None:
    result = run("deployment", "call", "suport-bot", "hello", expect=1)

    assert f"did you mean azure:{DEV}/support-bot?" in result.stderr


def test_name_not_found_in_a_partial_inventory_is_not_called_absent(deployed: Sandbox, run: Run) -> None:
    deployed.client.fault({"kind": "status", "status": 403, "path": f"{DEV}/deployments"})

    result = run("deployment", "show", "support-bot", expect=1)

    assert "not everything could be read" in result.stderr


# --- life -------------------------------------------------------------------------------------


def test_call_prints_the_answer_alone(deployed: Sandbox, run: Run) -> None:
    result = run("deployment", "call", "support-bot", "Where is my parcel?")

    assert result.stdout.strip()
    assert result.stderr == ""


def test_a_call_of_nothing_is_not_sent(deployed: Sandbox, run: Run) -> None:
    run("deployment", "call", f"{DEV}/shared", " ", expect=2)

    assert "azure.chat" not in deployed.client.requests()["by_operation"]


def test_create_says_what_it_costs_and_when_it_ends(sandbox: Sandbox, run: Run, policies: dict[str, str]) -> None:
    sandbox.client.create_deployments([{"account": DEV, "name": "other", "model": TUNED}])

    result = run("deployment", "create", "bot", "--account", DEV, "--model", TUNED, env=policies)

    assert f"Created azure:{DEV}/bot" in result.stdout
    assert "costs $1.70 an hour, $1,241.00 a month even when unused; price read" in result.stdout
    assert "guarded by dev; will be undeployed at 2026-09-02" in result.stdout


def test_create_without_a_policy_is_refused_unless_unguarded(run: Run, policies: dict[str, str]) -> None:
    create = ("deployment", "create", "bot", "--account", PROD, "--model", "gpt-4.1-mini")

    refused = run(*create, env=policies, expect=3)
    made = json.loads(run(*create, "--unguarded", "-o", "json", env=policies).stdout)

    assert "no policy matches" in refused.stderr
    assert made["policies"] == []
    assert made["undeploy_at"] is None


def test_create_over_budget_is_refused_with_the_arithmetic(
    sandbox: Sandbox, run: Run, policies: dict[str, str]
) -> None:
    tight = POLICIES.replace("300 USD", "20 USD")
    Path(policies["DEPLOYER_POLICIES"]).write_text(tight)

    result = run("deployment", "create", "bot", "--account", DEV, "--model", TUNED, env=policies, expect=3)

    assert "$40.80" in result.stderr
    assert "20.00" in result.stderr
    assert [event for event in sandbox.client.deployment_events() if event["event"] == "created"] == []


def test_delete_asks_first(deployed: Sandbox, run: Run) -> None:
    result = run("deployment", "delete", "support-bot", expect=2)

    assert "repeat with --yes" in result.stderr
    assert f"{DEV}/support-bot" in rows(run)


def test_delete_prints_how_to_undo_and_restore_brings_it_back(deployed: Sandbox, run: Run) -> None:
    deleted = run("deployment", "delete", "support-bot", "--yes")
    gone = rows(run)
    restored = run("deployment", "restore", "support-bot", "--unguarded")

    assert f"Undo: deployer deployment restore azure:{DEV}/support-bot" in deleted.stdout
    assert f"{DEV}/support-bot" not in gone
    assert f"Restored azure:{DEV}/support-bot" in restored.stdout
    assert rows(run)[f"{DEV}/support-bot"]["model"] == TUNED


def test_bare_name_deletes_nothing_while_another_of_that_name_may_be_unread(deployed: Sandbox, run: Run) -> None:
    deployed.client.fault({"operation": "deployments.list", "path": PROD, "kind": "status", "status": 403})

    refused = run("deployment", "delete", "shared", "--yes", expect=1)
    run("deployment", "delete", f"{DEV}/shared", "--yes")

    assert "another may bear that name" in refused.stderr
    assert f"{DEV}/shared" in refused.stderr
    gone = [one["account"] for one in deployed.client.deployment_events() if one["event"] == "deleted"]
    assert gone == [DEV]


def test_name_to_delete_is_not_called_absent_while_not_all_was_read(deployed: Sandbox, run: Run) -> None:
    deployed.client.fault({"operation": "deployments.list", "path": PROD, "kind": "status", "status": 403})

    refused = run("deployment", "delete", "nothing", "--yes", expect=1)

    assert "not everything could be read" in refused.stderr


def test_only_account_that_was_read_is_not_taken_for_the_only_one(
    deployed: Sandbox, run: Run, policies: dict[str, str]
) -> None:
    """The graph shows one account of one subscription; the other subscription cannot be listed."""
    both = {**policies, "AZURE_SUBSCRIPTION_ID": f"{deployed.env['AZURE_SUBSCRIPTION_ID']},11111111-2222"}
    dev = {"id": f"{_group(deployed)}/accounts/{DEV}", "kind": "OpenAI", "location": "eastus2"}
    body = {"data": [dev], "totalRecords": 1}
    deployed.client.fault({"operation": "graph.resources", "kind": "status", "status": 200, "body": body})

    refused = run("deployment", "create", "bot", "--model", "gpt-4.1-mini", env=both, expect=2)

    assert "not all accounts could be read" in refused.stderr
    unseen = run("deployment", "create", "bot", "--model", "gpt-4.1-mini", "--account", PROD, env=both, expect=1)
    assert "not observed: accounts of subscription 11111111-2222" in unseen.stderr


def _group(sandbox: Sandbox) -> str:
    place = f"/subscriptions/{sandbox.env['AZURE_SUBSCRIPTION_ID']}/resourceGroups/rg-models"
    return f"{place}/providers/Microsoft.CognitiveServices"


def test_restore_of_what_was_never_deleted_says_so(run: Run) -> None:
    result = run("deployment", "restore", "support-bot", expect=1)

    assert "the journal holds no undeploy of 'support-bot'" in result.stderr


def test_create_needs_account_and_model(run: Run) -> None:
    run("deployment", "create", "bot", expect=2)


def test_call_of_what_was_undeployed_says_by_whom_and_how_it_comes_back(deployed: Sandbox, run: Run) -> None:
    run("deployment", "delete", "support-bot", "--yes", "--reason", "project ended")

    said = run("deployment", "call", "support-bot", "hello", expect=1).stderr

    assert f"azure:{DEV}/support-bot was undeployed at 2026-09-01 00:00Z by" in said
    assert "project ended" in said
    assert f"Next: put it back with `deployer deployment restore azure:{DEV}/support-bot`" in said
    assert "was undeployed" in run("deployment", "show", "support-bot", expect=1).stderr
    assert "was undeployed" in run("deployment", "delete", "support-bot", "--yes", expect=1).stderr


def test_what_was_restored_and_is_gone_all_the_same_was_not_undeployed_by_us(deployed: Sandbox, run: Run) -> None:
    run("deployment", "delete", "support-bot", "--yes")
    run("deployment", "restore", "support-bot", "--unguarded")
    deployed.client.reset()

    said = run("deployment", "call", "support-bot", "hello", expect=1).stderr

    assert "there is no deployment 'support-bot'" in said


def test_in_mode_observe_a_create_promises_no_end(
    deployed: Sandbox, run: Run, policies: dict[str, str], tmp_path: Path
) -> None:
    observing = tmp_path / "observe.yaml"
    observing.write_text(POLICIES.replace("enforce", "observe").replace("300 USD", "900 USD"))
    made = ("deployment", "create", "trial", "--account", DEV, "--model", TUNED)

    said = run(*made, env={"DEPLOYER_POLICIES": str(observing)}).stdout

    assert "the mode is observe, in mode enforce it would be undeployed at" in said
    assert "will be undeployed" not in said
