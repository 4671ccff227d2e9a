"""Accounts of one name on the command line: each is called as the ledger calls it, whoever looks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployer.sandbox.process import Sandbox
from tests.namesake import OURS, THEIRS, show_older

Run = Callable[..., Any]
POLICIES = """\
version: 1
policies:
  - name: dev
    match: {account: "aoai-*"}
    idle: {after: 24h, then: undeploy}
"""


@pytest.fixture
def joined(sandbox: Sandbox, run: Run, tmp_path: Path) -> Sandbox:
    """An account that the ledger knows, and one of its name that is older and comes into sight later."""
    sandbox.client.create_deployments([{"account": OURS, "name": "support", "model": "gpt-4o-mini"}])
    policies = tmp_path / "dev.yaml"
    policies.write_text(POLICIES)
    run("guard", "plan", env={"DEPLOYER_POLICIES": str(policies)})
    show_older(sandbox)
    return sandbox


def test_who_looks_calls_an_account_as_the_ledger_does(joined: Sandbox, run: Run) -> None:
    listed = json.loads(run("deployment", "list", "--no-usage", "-o", "json", expect=None).stdout)

    assert {row["account"]: row["model"] for row in listed} == {OURS: "gpt-4o-mini", THEIRS: "gpt-4.1"}


def test_name_that_the_guard_uses_is_the_one_that_is_deleted(joined: Sandbox, run: Run) -> None:
    run("deployment", "delete", f"{OURS}/support", "--yes")

    assert [event["event"] for event in joined.client.deployment_events()][-1] == "deleted"


def test_who_looks_makes_no_ledger(sandbox: Sandbox, run: Run, tmp_path: Path, home: Path) -> None:
    ledger = tmp_path / "elsewhere" / "team.sqlite3"

    run("deployment", "list", "--no-usage", env={"DEPLOYER_DATABASE_URL": f"sqlite:///{ledger}"})
    run("deployment", "list", "--no-usage")

    assert not ledger.exists()
    assert not list(home.glob("*.sqlite3"))
