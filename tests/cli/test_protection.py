"""`deployment protect`: a person's word against every rule, and how it is taken back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployer.sandbox.process import Sandbox
from tests.fakes import TUNED

Run = Callable[..., Any]
DEV, PROD = "aoai-dev-eastus2", "aoai-prod-swedencentral"
POLICY = """version: 1
mode: enforce
policies:
  - name: short
    match: {provider: azure}
    ttl: 1d
"""


@pytest.fixture
def aged(sandbox: Sandbox, tmp_path: Path) -> Sandbox:
    """Two deployments of one name whose time is up."""
    folder = tmp_path / "work" / "policies"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "p.yaml").write_text(POLICY)
    old = {"name": "bot", "model": TUNED, "created_at": "2026-08-01T00:00:00Z"}
    sandbox.client.create_deployments([{**old, "account": DEV}, {**old, "account": PROD}])
    return sandbox


def due(run: Run) -> set[str]:
    plan = json.loads(run("guard", "plan", "-o", "json", expect=None).stdout)
    return {one["deployment"] for one in [*plan["acts"], *plan["warnings"], *plan["deferred"]]}


def test_what_is_protected_is_left_out_until_it_is_unprotected(run: Run, aged: Sandbox) -> None:
    run("deployment", "protect", f"{DEV}/bot", "--reason", "demo on Friday")
    protected = due(run)
    run("deployment", "unprotect", "bot")

    assert protected == {f"azure:{PROD}/bot"}
    assert due(run) == {f"azure:{DEV}/bot", f"azure:{PROD}/bot"}


def test_status_lists_what_is_protected(run: Run, aged: Sandbox) -> None:
    run("deployment", "protect", f"{DEV}/bot")

    assert json.loads(run("guard", "status", "-o", "json").stdout)["protected"] == [f"azure:{DEV}/bot"]


def test_a_name_that_several_bear_is_not_protected_at_a_guess(run: Run, aged: Sandbox) -> None:
    assert "names 2 deployments" in run("deployment", "protect", "bot", expect=2).stderr


def test_what_is_not_protected_cannot_be_unprotected(run: Run, aged: Sandbox) -> None:
    run("deployment", "protect", f"{DEV}/bot")

    refused = run("deployment", "unprotect", f"{PROD}/bot", expect=2)

    assert "is not protected" in refused.stderr
    assert f"azure:{DEV}/bot" in refused.stderr


def test_a_protected_deployment_is_deleted_when_a_person_says_so(run: Run, aged: Sandbox) -> None:
    run("deployment", "protect", f"{DEV}/bot")

    run("deployment", "delete", f"{DEV}/bot", "--yes")

    gone = [one["account"] for one in aged.client.deployment_events() if one["event"] == "deleted"]
    assert gone == [DEV]
