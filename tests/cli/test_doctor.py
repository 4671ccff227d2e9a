"""`doctor`: what is broken, what is missing, what to do about it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deployer.sandbox.process import Sandbox

Run = Callable[..., Any]
NO_OPENAI = dict.fromkeys(("OPENAI_API_KEY", "OPENAI_ADMIN_KEY"))
NO_AZURE = dict.fromkeys(name for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"))
NO_AZURE |= dict.fromkeys(("AZURE_SUBSCRIPTION_ID", "DEPLOYER_AZURE_RESOURCE_MANAGER_URL"))


def findings(run: Run, expect: int = 0, **env: Any) -> dict[str, dict[str, Any]]:
    answer = json.loads(run("doctor", "-o", "json", env=env, expect=expect).stdout)
    return {f"{row['area']}: {row['what']}": row for row in answer}


def test_sound_set_up_ends_with_0(run: Run) -> None:
    found = findings(run)

    assert {row["area"] for row in found.values()} == {
        "azure",
        "openai",
        "clock",
        "prices",
        "policies",
        "ledger",
        "notify",
    }
    assert all(row["ok"] for row in found.values())


def test_everything_that_is_not_well_has_a_next_step(run: Run) -> None:
    lacking = [row for row in findings(run, 1, AZURE_CLIENT_SECRET="wrong-4711").values() if row["health"] != "ok"]

    assert any(row["health"] == "failed" for row in lacking)
    assert [row for row in lacking if not row["next_step"]] == []


def test_people_read_a_line_for_each_check(run: Run) -> None:
    lines = run("doctor").stdout.splitlines()

    assert any(line.startswith("ok       azure") for line in lines)
    assert any(line.strip().startswith("-> `deployer init`") for line in lines)


def test_cloud_that_is_not_configured_is_a_warning(run: Run) -> None:
    found = findings(run, 0, **NO_OPENAI, **NO_AZURE)

    assert {found["azure: settings"]["health"], found["openai: settings"]["health"]} == {"warning"}


def test_wrong_secret_ends_with_1(run: Run) -> None:
    found = findings(run, 1, AZURE_CLIENT_SECRET="wrong-4711")

    assert [row["area"] for row in found.values() if row["health"] == "failed"]
    assert {row["area"] for row in found.values() if row["health"] == "failed"} == {"azure"}


def test_cloud_that_cannot_be_reached_is_a_matter_of_the_network_not_of_rights(run: Run) -> None:
    nowhere = "https://localhost:9"
    down = {"OPENAI_BASE_URL": f"{nowhere}/v1", "AZURE_AUTHORITY_HOST": nowhere}

    found = findings(run, 1, **down)

    for line in ("azure: azure credential", "openai: openai key"):
        assert found[line]["next_step"].startswith("check the network and the endpoint")
        assert "doctor" not in found[line]["next_step"]


def test_inventory_that_cannot_be_read_ends_with_5(sandbox: Sandbox, run: Run) -> None:
    sandbox.client.fault({"kind": "status", "status": 403, "path": "aoai-dev-eastus2/deployments"})

    unread = [row for row in findings(run, 5).values() if row["health"] == "unread"]

    assert "aoai-dev-eastus2" in unread[0]["detail"]


def test_invalid_policy_ends_with_4_and_names_its_line(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 1\npolicies:\n  - nam: x\n")

    found = findings(run, 4, DEPLOYER_POLICIES=str(bad))

    assert any("bad.yaml:3:" in row["detail"] for row in found.values() if row["health"] == "invalid")


def test_policies_that_only_observe_say_how_to_go_on(run: Run, tmp_path: Path) -> None:
    run("init", str(tmp_path / "new"))

    found = findings(run, DEPLOYER_POLICIES=str(tmp_path / "new" / "policies"))
    (row,) = [row for row in found.values() if row["area"] == "policies"]

    assert row["detail"] == "2 in mode observe"
    assert "mode: enforce" in row["next_step"]


def test_unknown_setting_is_a_warning(run: Run) -> None:
    found = findings(run, DEPLOYER_POLICEIS="x")

    assert found["settings: names"]["health"] == "warning"


def test_damaged_ledger_ends_with_1(run: Run, home: Path) -> None:
    (home / "ledger.sqlite3").write_text("this is no database, and long enough to be looked at" * 100)

    found = findings(run, 1)

    assert [row["health"] for row in found.values() if row["area"] == "ledger"] == ["failed"]


def test_last_sweep_is_shown(run: Run, tmp_path: Path) -> None:
    run("init", str(tmp_path / "new"))
    env = {"DEPLOYER_POLICIES": str(tmp_path / "new" / "policies")}
    run("guard", "apply", env=env)

    (row,) = [row for row in findings(run, 0, **env).values() if row["area"] == "ledger"]

    assert row["detail"] == "last sweep 2026-09-01 00:00 UTC"


@pytest.mark.parametrize(("urls", "health", "code"), [("json://localhost:9/x", "ok", 0), ("nosuch://x", "invalid", 4)])
def test_channels_are_checked(run: Run, urls: str, health: str, code: int) -> None:
    found = findings(run, code, DEPLOYER_NOTIFY_URLS=urls)

    assert [row["health"] for row in found.values() if row["area"] == "notify"] == [health]


def test_clock_is_compared_with_the_servers(run: Run) -> None:
    """Without a sandbox's time, the machine's is compared with the `Date` of each cloud's server."""
    found = run("doctor", "-o", "json", env={"DEPLOYER_CLOCK_URL": None}, expect=None)

    rows = [row for row in json.loads(found.stdout) if row["area"] == "clock"]
    assert [row["what"] for row in rows] == ["skew", "skew"]
    assert all(row["detail"].endswith("s from localhost") for row in rows)


@pytest.mark.parametrize("role", ["watcher", "reaper", "operator"])
def test_role_is_printed_as_json_for_az(run: Run, role: str) -> None:
    document = json.loads(run("doctor", "--role", role, env={"AZURE_SUBSCRIPTION_ID": "aaa, bbb"}).stdout)

    assert document["Name"] == f"deployer {role}"
    assert document["AssignableScopes"] == ["/subscriptions/aaa", "/subscriptions/bbb"]
    assert "Microsoft.CognitiveServices/accounts/read" in document["Actions"]


def test_role_without_a_subscription_is_a_usage_error(run: Run) -> None:
    assert "AZURE_SUBSCRIPTION_ID" in run("doctor", "--role", "watcher", env=NO_AZURE, expect=2).stderr


def test_where_data_goes_and_how_long_it_is_kept_is_shown(run: Run) -> None:
    found = findings(run)

    assert "Global and Developer give no residency" in found["azure: data"]["detail"]
    assert "API data is not trained on by default" in found["openai: data"]["detail"]
    assert "up to 30 days" in found["openai: data"]["detail"]


def test_fine_tune_whose_base_retires_soon_is_a_warning_with_the_last_day_to_retrain(
    run: Run, sandbox: Sandbox
) -> None:
    tuned = "gpt-35-turbo-0125.ft-0123456789abcdef0123456789abcdef-bot"
    sandbox.client.advance(to=datetime(2026, 10, 15, tzinfo=UTC))
    sandbox.client.create_deployments([{"account": "aoai-dev-eastus2", "name": "bot", "model": tuned}])

    found = findings(run)["azure: retiring"]

    assert found["health"] == "warning"
    assert found["detail"].startswith(
        "deployment aoai-dev-eastus2/bot: gpt-35-turbo-0125 retires on 2026-12-31, in 77 days"
    )


def test_missing_right_to_read_dates_is_a_warning_that_names_it(run: Run, sandbox: Sandbox) -> None:
    sandbox.client.fault({"path": "/locations/[^/]+/models", "kind": "status", "status": 403})

    found = findings(run)

    assert found["azure: azure models"]["health"] == "warning"
    assert "Microsoft.CognitiveServices/locations/models/read" in found["azure: azure models"]["next_step"]
    assert found["azure: retiring"]["health"] == "warning"


def test_openai_without_an_admin_key_is_a_warning_and_the_rest_is_looked_at(run: Run) -> None:
    found = findings(run, 0, OPENAI_ADMIN_KEY=None)

    assert found["openai: openai admin key"]["health"] == "warning"
    assert "use and idleness of models, bills and caps are not known" in found["openai: openai admin key"]["detail"]
    assert found["openai: inventory"]["health"] == found["openai: openai fine-tuning"]["health"] == "ok"
    assert {"openai: data", "openai: retiring"} <= found.keys()


def test_openai_without_an_api_key_is_broken_and_its_projects_are_listed(run: Run) -> None:
    found = findings(run, 1, OPENAI_API_KEY=None)

    assert found["openai: openai key"]["next_step"] == "set OPENAI_API_KEY: jobs and calls need it"
    assert found["openai: openai projects"]["health"] == "ok"


def test_an_organisation_that_is_closed_to_new_jobs_is_warned(run: Run, sandbox: Sandbox) -> None:
    sandbox.client.reset(training_available=False)
    line = findings(run)["openai: openai fine-tuning"]

    assert (line["health"], line["next_step"]) == ("warning", "fine-tune with --provider azure")
