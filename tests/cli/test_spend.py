"""`spend`: accrued beside billed, and where it is heading, after real sweeps on the sandbox."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import Wire, deployment_body

Run = Callable[..., Any]
DEV, PROD = "aoai-dev-eastus2", "aoai-prod-swedencentral"
TUNED = "gpt-4.1-mini-2025-04-14.ft-0123456789abcdef0123456789abcdef-bot"
POLICIES = """\
version: 1
policies:
  - name: dev
    match: {account: "aoai-dev-*"}
    budget: {amount: 300 USD, period: month, timezone: UTC}
    alerts: [80%]
  - name: all
    match: {provider: azure}
"""
HOUR = 3600


@pytest.fixture
def ask(sandbox: Sandbox, run: Run, tmp_path: Path) -> Callable[..., dict[str, dict[str, Any]]]:
    """Two days after two fine-tuned deployments were made and one sweep looked at them; rows by name."""
    policies = tmp_path / "dev.yaml"
    policies.write_text(POLICIES)
    env = {"DEPLOYER_POLICIES": str(policies)}
    sandbox.client.create_deployments(
        [{"account": DEV, "name": "bot", "model": TUNED}, {"account": PROD, "name": "bot", "model": TUNED}]
    )
    sandbox.client.advance(seconds=48 * HOUR)
    run("guard", "plan", env=env, expect=None)

    def rows(*arguments: str) -> dict[str, dict[str, Any]]:
        answer = json.loads(run("spend", *arguments, "-o", "json", env=env).stdout)
        return {row["name"]: row for row in answer}

    return rows


Ask = Callable[..., dict[str, dict[str, Any]]]


def test_hosting_is_accrued_to_the_hour(ask: Ask) -> None:
    shown = ask("show")

    assert shown[f"azure:{DEV}/bot"]["accrued"]["high"] == {"amount": "81.60", "currency": "USD"}
    assert shown["total"]["accrued"]["high"]["amount"] == "163.20"


def test_accrued_equals_the_true_invoice(ask: Ask, sandbox: Sandbox) -> None:
    assert ask("show")["total"]["accrued"]["high"]["amount"] == sandbox.client.invoice()["total"]


def test_policies_that_overlap_both_count_and_the_total_counts_once(ask: Ask) -> None:
    shown = ask("show", "--by", "policy")

    assert shown["dev"]["accrued"]["high"]["amount"] == "81.60"
    assert shown["all"]["accrued"]["high"]["amount"] == "163.20"
    assert shown["total"]["accrued"]["high"]["amount"] == "163.20"


def test_meters_are_told_apart(ask: Ask) -> None:
    assert list(ask("show", "--by", "meter")) == ["hosting", "total"]


def test_day_counts_what_fell_into_it(ask: Ask, sandbox: Sandbox, run: Run, tmp_path: Path) -> None:
    sandbox.client.advance(seconds=6 * HOUR)
    run("guard", "plan", env={"DEPLOYER_POLICIES": str(tmp_path / "dev.yaml")}, expect=None)

    assert ask("show", "--period", "day")["total"]["accrued"]["high"]["amount"] == "20.40"
    assert ask("show", "--period", "all")["total"]["accrued"]["high"]["amount"] == "183.60"


def test_no_bill_is_unknown_and_not_zero(ask: Ask) -> None:
    total = ask("show", "--by", "account")["total"]

    assert total["billed"] is None
    assert total["gap"] is None
    assert total["bill_age"] is None


def test_bill_is_asked_for_and_lags_behind(ask: Ask) -> None:
    shown = ask("show", "--by", "account", "--billed")[DEV]

    assert 0 < float(shown["billed"]["amount"]) < 81.60
    assert float(shown["gap"]["amount"]) == pytest.approx(81.60 - float(shown["billed"]["amount"]))
    assert shown["bill_age"] == 0


def test_bill_is_not_asked_for_again_for_some_hours_unless_told_to(ask: Ask, sandbox: Sandbox, run: Run) -> None:
    def asked() -> int:
        return int(sandbox.client.requests()["by_operation"].get("costs.query", 0))

    ask("show", "--billed")
    result = run("spend", "show", "--billed")
    assert (asked(), "--refresh asks again" in result.stderr) == (1, True)
    ask("show", "--refresh")
    assert asked() == 2
    sandbox.client.advance(seconds=4 * HOUR + 1)
    ask("show", "--billed")
    assert asked() == 3


def test_bill_that_could_not_be_read_is_asked_for_again(ask: Ask, sandbox: Sandbox) -> None:
    sandbox.client.fault({"operation": "costs.query", "kind": "status", "status": 403, "times": 1})
    ask("show", "--billed")

    assert ask("show", "--by", "account", "--billed")[DEV]["billed"] is not None


def test_bill_of_accounts_that_cannot_be_listed_is_a_warning_and_asked_for_again(
    ask: Ask, sandbox: Sandbox, run: Run
) -> None:
    sandbox.client.fault({"operation": "graph.resources", "kind": "status", "status": 403})
    sandbox.client.fault({"operation": "accounts.list", "kind": "status", "status": 403})

    unread = run("spend", "show", "--billed")
    sandbox.client.clear_faults()

    assert "Warning: bills of subscription" in unread.stderr
    assert ask("show", "--by", "account", "--billed")[DEV]["billed"] is not None


def test_account_that_was_deleted_is_billed_all_the_same(ask: Ask, sandbox: Sandbox, run: Run) -> None:
    group = f"/subscriptions/{sandbox.env['AZURE_SUBSCRIPTION_ID']}/resourceGroups/rg-models"
    rest = [{"id": f"{group}/providers/Microsoft.CognitiveServices/accounts/{PROD}", "kind": "OpenAI"}]
    body = {"data": rest, "totalRecords": 1}
    gone = {"error": {"code": "ResourceNotFound", "message": "no such account"}}
    sandbox.client.fault({"operation": "graph.resources", "kind": "status", "status": 200, "body": body})
    sandbox.client.fault({"operation": "accounts.get", "kind": "status", "status": 404, "body": gone})
    run("guard", "plan", expect=None)
    run("guard", "apply", expect=None)

    shown = ask("show", "--by", "account", "--billed")

    both = [Decimal(shown[account]["billed"]["amount"]) for account in (DEV, PROD)]
    assert Decimal(shown["total"]["billed"]["amount"]) == sum(both)


def test_spend_is_dated_though_nothing_stands_any_more(ask: Ask, run: Run) -> None:
    for account in (DEV, PROD):
        run("deployment", "delete", f"{account}/bot", "--yes")

    told = run("spend", "show").stderr

    assert "nothing was read yet" not in told
    assert "Accrued up to 2026-09-03" in told


def test_deployment_that_no_sweep_saw_is_charged_when_it_is_deleted(sandbox: Sandbox, run: Run) -> None:
    made = {"account": DEV, "name": "old", "model": TUNED, "created_at": "2026-08-22T00:00:00Z"}
    sandbox.client.create_deployments([made])

    run("deployment", "delete", "old", "--yes")

    shown = json.loads(run("spend", "show", "--period", "all", "-o", "json").stdout)[-1]["accrued"]["high"]
    assert round(Decimal(shown["amount"]), 2) == Decimal(sandbox.client.invoice()["total"]) == Decimal("408.02")


def test_another_instance_under_a_name_that_the_ledger_knows_is_charged_as_itself(
    ask: Ask, sandbox: Sandbox, run: Run
) -> None:
    """Somebody deleted `bot` and made it anew between two sweeps; then it is deleted by us."""
    sandbox.client.advance(seconds=10 * HOUR)
    Wire(sandbox).deployment("DELETE", "bot")
    sandbox.client.advance(seconds=HOUR)
    Wire(sandbox).deployment("PUT", "bot", deployment_body(TUNED))
    sandbox.client.advance(seconds=10 * HOUR)

    run("deployment", "delete", f"{DEV}/bot", "--yes")

    accrued = ask("show")[f"azure:{DEV}/bot"]["accrued"]
    assert accrued["low"] != accrued["high"]
    true = sum(Decimal(line["amount"]) for line in sandbox.client.invoice()["lines"] if line["account"] == DEV)
    assert Decimal(accrued["low"]["amount"]) <= true <= Decimal(accrued["high"]["amount"])


def test_bill_that_cannot_be_read_is_a_warning(ask: Ask, sandbox: Sandbox, run: Run) -> None:
    sandbox.client.fault({"kind": "status", "status": 403, "path": "costmanagement"})

    result = run("spend", "show", "--by", "account", "--billed")

    assert "Warning:" in result.stderr
    assert "$81.60" in result.stdout


def test_table_says_how_old_the_figures_are(ask: Ask, sandbox: Sandbox, run: Run) -> None:
    sandbox.client.advance(seconds=3 * HOUR)

    assert "Accrued up to 2026-09-03 00:00 UTC, 3h ago." in run("spend", "show").stderr


def test_use_that_cannot_be_read_is_missing_in_the_sum_and_said_so(
    ask: Ask, sandbox: Sandbox, run: Run, tmp_path: Path
) -> None:
    env = {"DEPLOYER_POLICIES": str(tmp_path / "dev.yaml")}
    call = {"account": DEV, "deployment": "bot", "requests_per_hour": 2, "input_tokens": 10, "output_tokens": 10}
    sandbox.client.traffic([call | {"start": "2026-09-02T00:00:00Z", "end": "2026-09-02T12:00:00Z"}])
    run("guard", "plan", env=env, expect=None)
    assert f"azure:{DEV}/bot" not in run("spend", "show").stderr
    sandbox.client.fault({"kind": "metrics_error_code"})
    sandbox.client.advance(seconds=6 * HOUR)
    run("guard", "plan", env=env, expect=None)

    said = run("spend", "show").stderr

    missing = "what its tokens cost is not in the sum"
    assert f"the use of azure:{DEV}/bot could not be read since 2026-09-02 23:50 UTC: {missing}" in said
    assert f"the use of azure:{PROD}/bot could not be read yet: {missing}" in said


def test_nothing_read_yet_is_said(run: Run) -> None:
    result = run("spend", "show")

    assert "nothing was read yet" in result.stderr
    assert "Nothing was spent." in result.stderr


def test_forecast_reaches_to_the_end_of_the_month(ask: Ask) -> None:
    dev = ask("forecast")["dev"]

    assert dev["expected"]["high"]["amount"] == "1224.00"  # 30 days at $1.70 an hour
    assert dev["hourly"]["amount"] == "1.70"
    assert dev["period_end"] == "2026-10-01T00:00:00Z"


def test_forecast_tells_when_the_budget_will_be_used_up(ask: Ask) -> None:
    shown = ask("forecast")

    assert shown["dev"]["budget"] == {"amount": "300.00", "currency": "USD"}
    assert shown["dev"]["share"] == "4.08"
    assert shown["dev"]["reached"].startswith("2026-09-08T08:28")  # 300 / 1.70 hours after 1 September
    assert shown["all"]["budget"] is None


def test_forecast_by_deployment(ask: Ask) -> None:
    assert set(ask("forecast", "--by", "deployment")) == {f"azure:{DEV}/bot", f"azure:{PROD}/bot"}


def test_azures_own_forecast_stands_beside_ours(ask: Ask, sandbox: Sandbox) -> None:
    old = {"account": DEV, "name": "old", "model": TUNED, "created_at": "2026-08-01T00:00:00Z"}
    sandbox.client.create_deployments([old])

    rows = ask("forecast", "--vendor")

    [name] = [name for name in rows if name.startswith("subscription ")]
    assert float(rows[name]["vendor"]["amount"]) > 1000
    assert rows[name]["expected"]["high"]["amount"] == "2448.00"  # two that we have seen, of the three
    assert rows["dev"]["vendor"] is None


def test_too_little_history_for_azure_is_said(ask: Ask, run: Run) -> None:
    assert "No cloud has a forecast of its own" in run("spend", "forecast", "--vendor").stderr


def test_gone_deployment_stays_in_the_account_and_stops_burning(ask: Ask, run: Run) -> None:
    run("deployment", "delete", f"{DEV}/bot", "--yes")

    shown = ask("forecast", "--by", "deployment")[f"azure:{DEV}/bot"]

    assert shown["hourly"]["amount"] == "0.00"
    assert shown["expected"] == shown["spent"]


@pytest.mark.parametrize("arguments", [("show", "--period", "decade"), ("show", "--by", "colour"), ("forecast", "x")])
def test_wrong_arguments_are_usage_errors(run: Run, arguments: tuple[str, ...]) -> None:
    run("spend", *arguments, expect=2)
