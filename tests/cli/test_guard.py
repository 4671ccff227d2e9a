"""`deployer guard` and `deployer journal` as people and scripts meet them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployer.sandbox.process import Sandbox
from tests.fakes import TUNED

Run = Callable[..., Any]
DEV = "aoai-dev-eastus2"
POLICY = """\
version: 1
mode: enforce
policies:
  - name: dev
    match: {provider: azure, fine_tuned: true}
    budget: {amount: 500 USD, period: month}
    idle: {after: 24h, warn: 2h, then: undeploy, grace: 6h}
"""
DAY = 24 * 3600.0


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """The policies in force, in a file that a test may rewrite."""
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY)
    return file


@pytest.fixture
def guard(run: Run, policy: Path, sandbox: Sandbox) -> Run:
    """`guard("plan", "-o", "json")`: beside a deployment that is called all the time."""
    sandbox.client.create_deployments([_deployment("busy")])
    start = sandbox.client.now()
    stream = {
        "account": DEV,
        "deployment": "busy",
        "start": start.isoformat(),
        "end": start.replace(day=20).isoformat(),
        "requests_per_hour": 4,
        "input_tokens": 10,
        "output_tokens": 10,
    }
    sandbox.client.traffic([stream])

    def call(*arguments: str, env: dict[str, str] | None = None, **options: Any) -> Any:
        return run(*arguments, env={"DEPLOYER_POLICIES": str(policy), **(env or {})}, **options)

    return call


def forget(sandbox: Sandbox, *names: str) -> None:
    sandbox.client.create_deployments([_deployment(name) for name in names])
    sandbox.client.advance(seconds=1.25 * DAY)


def _deployment(name: str, **facts: Any) -> dict[str, Any]:
    return {"account": DEV, "name": name, "model": TUNED, **facts}


def standing(sandbox: Sandbox) -> set[str]:
    names: set[str] = set()
    for event in sandbox.client.deployment_events():
        (names.add if event["event"] == "created" else names.discard)(event["deployment"])
    return names


def test_a_plan_shows_the_warning_its_reason_and_changes_nothing(guard: Run, sandbox: Sandbox) -> None:
    forget(sandbox, "bot")
    result = guard("guard", "plan")
    assert "Warn:" in result.stdout
    assert "azure:aoai-dev-eastus2/bot" in result.stdout
    assert "it will be undeployed at" in result.stdout
    again = json.loads(guard("guard", "plan", "-o", "json").stdout)
    assert [warning["deployment"] for warning in again["warnings"]] == ["azure:aoai-dev-eastus2/bot"]


def test_warn_undeploy_journal_restore(guard: Run, sandbox: Sandbox) -> None:
    forget(sandbox, "bot")
    guard("guard", "apply")
    sandbox.client.advance(seconds=2 * 3600)
    assert guard("guard", "plan", "--exit-code", expect=10)
    applied = json.loads(guard("guard", "apply", "-o", "json").stdout)
    assert [(result["phase"], result["policy"]) for result in applied["results"]] == [("done", "dev")]
    assert standing(sandbox) == {"busy"}

    [entry] = json.loads(guard("journal", "list", "-o", "json").stdout)
    assert entry["undo"] == "deployer deployment restore azure:aoai-dev-eastus2/bot"
    shown = guard("journal", "show", str(entry["act"])).stdout
    assert "policy dev, rule idle" in shown
    assert "gone after" in shown
    guard("deployment", "restore", "bot")
    assert "bot" in standing(sandbox)


def test_the_table_of_an_apply_says_how_to_undo_it(guard: Run, sandbox: Sandbox) -> None:
    forget(sandbox, "bot")
    guard("guard", "apply")
    sandbox.client.advance(seconds=2 * 3600)
    shown = guard("guard", "apply").stdout
    assert "undeploy azure:aoai-dev-eastus2/bot: done, gone after" in shown
    assert "undo: deployer deployment restore azure:aoai-dev-eastus2/bot" in shown


def test_metrics_that_fail_are_exit_5_and_named_on_stderr(guard: Run, sandbox: Sandbox) -> None:
    forget(sandbox, "bot")
    sandbox.client.fault({"path": "metrics", "kind": "status", "status": 403})
    result = guard("guard", "plan", "-o", "json", expect=5)
    document = json.loads(result.stdout)
    assert {entry["deployment"] for entry in document["unknown"]} == {
        "azure:aoai-dev-eastus2/bot",
        "azure:aoai-dev-eastus2/busy",
    }
    assert document["acts"] == []
    assert "Not observed" in result.stderr


def test_a_cloud_that_cannot_be_read_at_all_is_exit_1(guard: Run, sandbox: Sandbox) -> None:
    sandbox.client.fault({"path": "resources|subscriptions", "kind": "status", "status": 403})
    azure_alone = {"OPENAI_API_KEY": "", "OPENAI_ADMIN_KEY": ""}
    result = guard("guard", "plan", "-o", "json", expect=1, env=azure_alone)
    assert json.loads(result.stdout)["gaps"]


def test_a_deployment_that_no_policy_matches_is_shown_with_its_cost(guard: Run, sandbox: Sandbox, policy: Path) -> None:
    policy.write_text(POLICY.replace("provider: azure,", "provider: azure, deployment: guarded-*,"))
    result = guard("guard", "plan")
    assert "Unguarded, no policy matches ($1.70 an hour, $1,241.00 a month)" in result.stdout
    assert "azure:aoai-dev-eastus2/busy" in result.stdout


def test_mode_observe_shows_what_it_would_do_and_does_nothing(guard: Run, sandbox: Sandbox, policy: Path) -> None:
    policy.write_text(POLICY.replace("mode: enforce", "mode: observe").replace("warn: 2h", "warn: 0h"))
    forget(sandbox, "bot")
    result = guard("guard", "apply")
    assert "Would undeploy:" in result.stdout
    assert standing(sandbox) == {"busy", "bot"}


def test_a_pause_stops_acts_until_resume(guard: Run, sandbox: Sandbox, policy: Path) -> None:
    policy.write_text(POLICY.replace("warn: 2h", "warn: 0h"))
    forget(sandbox, "bot")
    guard("guard", "pause")
    assert "put off:" in guard("guard", "apply", expect=3).stdout
    assert json.loads(guard("guard", "status", "-o", "json").stdout)["paused"] is True
    guard("guard", "resume")
    guard("guard", "apply")
    assert standing(sandbox) == {"busy"}


def test_status_shows_when_something_is_due_as_people_write_it(guard: Run, sandbox: Sandbox) -> None:
    guard("guard", "apply")
    shown = guard("guard", "status").stdout
    assert re.search(r"^last next due +2026-09-\d\d \d\d:\d\d UTC$", shown, re.MULTILINE)
    assert json.loads(guard("guard", "status", "-o", "json").stdout)["last_next_due"].endswith("Z")


def test_status_tells_of_the_last_sweep(guard: Run, sandbox: Sandbox) -> None:
    assert "No sweep has ended yet" in guard("guard", "status").stderr
    guard("guard", "apply")
    status = json.loads(guard("guard", "status", "-o", "json").stdout)
    assert (status["last_deployments"], status["last_exit_code"]) == (1, 0)


def test_an_invalid_policy_file_is_exit_4_with_its_place(guard: Run, policy: Path) -> None:
    policy.write_text(POLICY.replace("after: 24h", "after: soon"))
    result = guard("guard", "apply", expect=4)
    assert f"{policy}:7:" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_journal_entry_that_is_not_there_is_a_usage_error(guard: Run) -> None:
    assert "there is no journal entry 7" in guard("journal", "show", "7", expect=2).stderr


def test_a_refused_create_shows_the_arithmetic_and_creates_nothing(guard: Run, sandbox: Sandbox, policy: Path) -> None:
    policy.write_text(POLICY.replace("500 USD", "40 USD"))
    result = guard("deployment", "create", "bot", "--account", DEV, "--model", TUNED, expect=3)
    assert "this $40.80 = " in result.stderr
    assert "is over 40.00 USD a month by" in result.stderr
    assert standing(sandbox) == {"busy"}


# --- what only tells ---------------------------------------------------------------------------

TELLING = """\
version: 1
mode: enforce
policies:
  - name: dev
    match: {provider: azure, fine_tuned: true}
    retirement: {warn: 130d}
    residency: zone
"""


def test_retirement_and_residency_are_told_and_nothing_is_done(guard: Run, policy: Path, sandbox: Sandbox) -> None:
    old = "gpt-35-turbo-0125.ft-0123456789abcdef0123456789abcdef-old"
    sandbox.client.create_deployments([_deployment("old") | {"model": old, "sku": "GlobalStandard"}])
    policy.write_text(TELLING)

    plan = json.loads(guard("guard", "plan", "-o", "json").stdout)
    again = [json.loads(guard("guard", "apply", "-o", "json").stdout) for _ in range(2)]

    told = {action["rule"]: action for action in plan["alerts"]}
    assert set(told) == {"retirement", "residency"}
    assert told["retirement"]["numbers"]["retires"] == "2026-12-31"
    assert told["retirement"]["reason"].startswith("it stops answering on 2026-12-31, in 121 d: fine-tune a newer base")
    assert told["residency"]["reason"].startswith("GlobalStandard gives no residency, and residency zone is asked for")
    assert [len(one["told"]) for one in again] == [2, 0]
    assert sandbox.client.deployment_events()[-1]["event"] == "created"


def test_dates_that_cannot_be_read_are_noted_and_end_with_0(guard: Run, policy: Path, sandbox: Sandbox) -> None:
    policy.write_text(TELLING)
    sandbox.client.fault({"path": "/locations/[^/]+/models", "kind": "status", "status": 403})

    assert "busy retires is unknown: cannot list the models of eastus2: 403" in guard("guard", "plan").stdout
