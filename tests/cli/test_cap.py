"""`deployer cap` from outside, on the sandbox: what is set really caps, and is put back as it was."""

import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import OpenAI, PermissionDeniedError

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import Wire

Run = Callable[..., Any]
PROJECT = "proj_default"
MODEL = "gpt-4o-mini-2024-07-18"


def shown(run: Run, account: str = PROJECT) -> dict[str, Any]:
    rows = json.loads(run("cap", "show", "-o", "json").stdout)
    row: dict[str, Any] = next(row for row in rows if row["account"] == account)
    return {name: value for name, value in row.items() if name != "as_of"}


def put(run: Run, *what: str, expect: int = 0) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run("cap", "set", PROJECT, *what, "-o", "json", expect=expect).stdout)
    return document


def test_caps_of_the_organisation_and_of_every_project_are_shown(run: Run) -> None:
    rows = json.loads(run("cap", "show", "-o", "json").stdout)
    assert [row["account"] for row in rows] == ["organization", PROJECT]
    assert (rows[1]["spend_limit"], rows[1]["alerts"], rows[1]["not_observed"]) == (None, [], {})
    assert MODEL in {limit["model"] for limit in rows[1]["rate_limits"]}


def test_a_table_says_that_azures_budgets_stop_nothing(run: Run) -> None:
    result = run("cap", "show")
    assert result.stdout.splitlines()[0].split()[:2] == ["ACCOUNT", "NAME"]
    assert "azure keeps no cap that stops spending: budgets there only send e-mail" in result.stderr


def test_one_projects_caps_are_told_one_a_line(run: Run) -> None:
    run("cap", "set", PROJECT, "--spend-limit", "100 USD")
    lines = run("cap", "show", "Default project").stdout.splitlines()
    assert lines[0] == "openai:proj_default Default project"
    assert "  spend limit $100.00 a month" in lines
    assert f"  {MODEL}: 10,000 requests a minute, 10,000,000 tokens a minute" in lines


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--spend-limit", "100 USD", "spend limit $100.00 a month"),
        ("--alert", "80.50 USD", "alert at $80.50 a month to owner@sandbox.example"),
        ("--rate-limit", f"{MODEL}=60", f"{MODEL}: 60 requests a minute"),
        ("--deny-model", MODEL, f"denied models: {MODEL}"),
    ],
)
def test_what_is_set_is_journalled_and_put_back_as_it_was(run: Run, option: str, value: str, words: str) -> None:
    before = shown(run)
    done = put(run, option, value)
    assert (done["phase"], done["changed"], done["wanted"]) == ("done", True, words)
    assert shown(run) != before
    act = json.loads(run("journal", "show", str(done["act"]), "-o", "json").stdout)
    assert (act["kind"], act["subject"], act["undo"]) == ("cap", "cap:openai:proj_default", done["undo"])
    assert [step["phase"] for step in act["steps"]] == ["intent", "called", "done"]
    assert {cap["kind"] for cap in act["body"]["before"]} >= {"rate-limit", "permissions"}
    run("cap", "restore", str(done["act"]))
    assert shown(run) == before


def test_what_was_there_before_is_put_back_and_not_only_removed(run: Run) -> None:
    put(run, "--spend-limit", "50 USD")
    put(run, "--deny-model", "gpt-4.1-2025-04-14")
    before = shown(run)
    limit, denied = put(run, "--spend-limit", "20 USD"), put(run, "--deny-model", MODEL)
    assert (limit["was"], denied["wanted"]) == (
        "spend limit $50.00 a month",
        f"denied models: gpt-4.1-2025-04-14, {MODEL}",
    )
    run("cap", "restore", str(denied["act"]))
    run("cap", "restore", str(limit["act"]))
    assert shown(run) == before


def test_a_put_back_is_an_act_of_its_own_and_can_be_put_back(run: Run) -> None:
    made = put(run, "--alert", "80 USD", "--email", "team@example.com")
    with_alert = shown(run)
    back = json.loads(run("cap", "restore", str(made["act"]), "-o", "json").stdout)
    run("cap", "restore", str(back["act"]))
    again = shown(run)
    assert [alert["recipients"] for alert in again["alerts"]] == [["team@example.com"]]
    assert [alert["amount"] for alert in again["alerts"]] == [alert["amount"] for alert in with_alert["alerts"]]


def test_several_caps_are_set_from_mild_to_hard(run: Run) -> None:
    done = put(run, "--spend-limit", "100 USD", "--alert", "80 USD", "--deny-model", MODEL)
    assert [change["wanted"].split()[0] for change in done["changes"]] == ["alert", "denied", "spend"]


def test_the_whole_organisation_has_caps_too(run: Run) -> None:
    run("cap", "set", "organization", "--spend-limit", "1000 USD", "--alert", "900 USD")
    row = shown(run, "organization")
    assert (row["spend_limit"]["amount"], row["alerts"][0]["amount"]) == ("1000.00", "900.00")


def test_what_is_so_already_is_not_done_again(run: Run) -> None:
    put(run, "--spend-limit", "100 USD")
    done = put(run, "--spend-limit", "100 USD")
    assert (done["changed"], done["act"], done["detail"]) == (False, None, "it was so already")


def test_a_model_that_is_denied_is_refused_until_it_is_put_back(run: Run, sandbox: Sandbox) -> None:
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    with OpenAI(
        api_key=sandbox.env["OPENAI_API_KEY"],
        base_url=sandbox.env["OPENAI_BASE_URL"],
        max_retries=0,
        http_client=httpx2.Client(verify=context),
    ) as client:

        def ask() -> Any:
            return client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hello"}])

        done = put(run, "--deny-model", MODEL)
        with pytest.raises(PermissionDeniedError):
            ask()
        run("cap", "restore", str(done["act"]))
        assert ask().choices


def test_a_cap_that_somebody_changed_since_is_not_overwritten(run: Run) -> None:
    first = put(run, "--spend-limit", "100 USD")
    put(run, "--spend-limit", "70 USD")
    refused = run("cap", "restore", str(first["act"]), expect=3)
    assert "has spend limit $70.00 a month by now, not spend limit $100.00" in refused.stderr
    run("cap", "restore", str(first["act"]), "--anyway")
    assert shown(run)["spend_limit"] is None


def test_without_an_admin_key_nothing_can_be_shown_and_the_way_out_is_told(run: Run) -> None:
    result = run("cap", "show", "-o", "json", env={"OPENAI_ADMIN_KEY": ""}, expect=1)
    assert json.loads(result.stdout) == []
    assert "OPENAI_ADMIN_KEY is not set" in result.stderr
    refused = run("cap", "set", PROJECT, "--spend-limit", "1 USD", env={"OPENAI_ADMIN_KEY": ""}, expect=1)
    assert "set OPENAI_ADMIN_KEY" in refused.stderr


def test_a_part_that_cannot_be_read_is_said_and_the_rest_is_shown(run: Run, sandbox: Sandbox) -> None:
    sandbox.client.fault({"path": ".*/proj_default/model_permissions", "kind": "status", "status": 403})
    result = run("cap", "show", "-o", "json", expect=5)
    row = json.loads(result.stdout)[1]
    assert (row["permissions"], list(row["not_observed"])) == (None, ["permissions"])
    assert "Not observed: permissions of openai:proj_default" in result.stderr
    refused = run("cap", "set", PROJECT, "--deny-model", MODEL, expect=1)
    assert "not changed, because what is there is not known" in refused.stderr
    put(run, "--spend-limit", "100 USD")


def test_a_refused_change_is_a_failed_act(run: Run, sandbox: Sandbox) -> None:
    sandbox.client.fault({"method": "POST", "path": ".*/spend_limit", "kind": "status", "status": 403})
    done = put(run, "--spend-limit", "100 USD", expect=1)
    assert (done["phase"], done["changed"], done["undo"]) == ("failed", False, None)
    assert run("cap", "restore", str(done["act"]), expect=3).stderr.startswith("Error: journal entry")


@pytest.mark.parametrize("what", [("--spend-limit", "5 USD"), ("--alert", "5 USD"), ("--deny-model", MODEL)])
def test_a_lost_answer_is_looked_into_and_nothing_is_made_twice(run: Run, sandbox: Sandbox, what: Any) -> None:
    sandbox.client.fault({"method": "POST", "path": "/v1/organization/.*", "kind": "cut_after", "times": 1})
    assert put(run, *what)["changed"]
    assert len(shown(run)["alerts"]) == (what[0] == "--alert")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("set", PROJECT), "say what to set"),
        (("set", PROJECT, "--spend-limit", "lots"), "'lots' is no amount"),
        (("set", PROJECT, "--spend-limit", "5 EUR"), "whole cents of USD"),
        (("set", PROJECT, "--rate-limit", "gpt-4.1"), "write MODEL=REQUESTS_PER_MINUTE"),
        (("set", PROJECT, "--rate-limit", "gpt-9=5"), "has no rate limit for a model 'gpt-9'"),
        (("set", "proj_nobody", "--spend-limit", "5 USD"), "there is no project 'proj_nobody'"),
        (("set", "organization", "--deny-model", MODEL), "only a project"),
        (("set", PROJECT, "--email", "a@example.com", "--spend-limit", "5 USD"), "--email goes with --alert"),
        (("restore", "12345"), "journal entry 12345 is no change of a cap"),
        (("show", "proj_nobody"), "there is no project 'proj_nobody'"),
    ],
)
def test_what_cannot_be_is_said(run: Run, words: tuple[str, ...], told: str) -> None:
    assert told in run("cap", *words, expect=2).stderr
    assert json.loads(run("journal", "list", "-o", "json").stdout) == []


BUDGET = {
    "category": "Cost", "amount": 500, "timeGrain": "Monthly", "timePeriod": {"startDate": "2026-09-01T00:00:00Z"},
    "notifications": {"most": {"enabled": True, "operator": "GreaterThan", "threshold": 80,
                               "contactEmails": ["ops@example.com"]}},
}  # fmt: skip
TEAM = """\
version: 1
policies:
  - {name: team, match: {provider: azure}, budget: {amount: 300 USD, period: month}}
"""


def test_azures_budgets_are_shown_with_what_they_do_and_beside_the_policy(
    sandbox: Sandbox, run: Run, tmp_path: Path
) -> None:
    Wire(sandbox).arm("PUT", "/providers/Microsoft.Consumption/budgets/team", {"properties": BUDGET})
    (tmp_path / "team.yaml").write_text(TEAM)
    env = {"DEPLOYER_POLICIES": str(tmp_path / "team.yaml")}

    lines = run("cap", "show", "team", env=env).stdout.splitlines()
    row = json.loads(run("cap", "show", "-o", "json", env=env).stdout)[-1]

    place = f"subscription {sandbox.env['AZURE_SUBSCRIPTION_ID']}"
    assert lines == [
        f"azure budget team $500.00 a month ($0.00 spent) on {place}: it tells, a day late, and stops nothing",
        "  at 80%: e-mail to ops@example.com",
        "  $200.00 above policy team ($300.00); it counts everything else in its scope too",
    ]
    assert (row["provider"], row["name"], row["spend_limit"], row["enforcing"]) == ("azure", "team", None, False)
    assert row["alerts"][0]["amount"] == "400"
    assert (row["budget"]["stops_calls"], row["budget"]["compared"][0]["policy"]) == (False, "team")


def test_budgets_that_may_not_be_read_are_a_warning_with_the_role_and_no_failure(sandbox: Sandbox, run: Run) -> None:
    sandbox.client.fault({"operation": "budgets.list", "kind": "status", "status": 403})

    warned = run("cap", "show").stderr

    assert "Warning: budgets of /subscriptions/" in warned
    assert "Cost Management Reader" in warned
