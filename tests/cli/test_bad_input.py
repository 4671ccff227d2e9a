"""Bad input: the right exit code, what and where, no traceback, and nothing lost."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
LEDGER_COMMANDS = (("guard", "status"), ("journal", "list"), ("spend", "show"), ("spend", "forecast"))
ROOT = os.name == "posix" and os.geteuid() == 0


without_root = pytest.mark.skipif(ROOT, reason="file modes do not bind root")


def refused(result: Any, *words: str) -> None:
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert "defect" not in result.stderr
    assert [word for word in words if word not in result.stderr] == []


# --- settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("doctor",), ("deployment", "list"), ("guard", "apply"), ("price", "list")])
def test_bad_settings_are_all_told_at_once(run: Run, command: tuple[str, ...]) -> None:
    result = run(*command, env={"OPENAI_BASE_URL": "host", "DEPLOYER_VERIFY_SECONDS": "soon"}, expect=4)

    refused(result, "OPENAI_BASE_URL: this is not a URL; expected a URL such as https://host/path")
    refused(result, "DEPLOYER_VERIFY_SECONDS: 'soon' is not a number of seconds", "Next: mend the settings")


def test_missing_authority_file_is_named(run: Run) -> None:
    refused(run("doctor", env={"DEPLOYER_CA_BUNDLE": "/gone.pem"}, expect=4), "DEPLOYER_CA_BUNDLE", "/gone.pem")


def test_authority_file_that_holds_no_certificates_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nonsense")
    every = dict.fromkeys(("DEPLOYER_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(tmp_path / "ca.pem"))

    refused(run("deployment", "list", env=every, expect=4), "DEPLOYER_CA_BUNDLE", "holds no certificate")


def test_help_works_with_broken_settings(run: Run) -> None:
    assert "Examples" in run("deployment", "list", "--help", env={"OPENAI_BASE_URL": "host"}).stdout


def test_mistyped_setting_is_a_warning_and_no_more(run: Run) -> None:
    result = run("price", "list", env={"DEPLOYER_POLICEIS": "x"})

    assert "Warning: unknown setting DEPLOYER_POLICEIS (did you mean DEPLOYER_POLICIES?)" in result.stderr


# --- state folder and ledger ------------------------------------------------------------------


@pytest.mark.parametrize("command", LEDGER_COMMANDS, ids=" ".join)
def test_state_folder_that_is_a_file(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("")

    refused(run(*command, env={"DEPLOYER_HOME": str(tmp_path / "file")}, expect=4), "DEPLOYER_HOME")


def test_state_folder_that_cannot_be_made(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    result = run("spend", "show", env={"DEPLOYER_HOME": str(tmp_path / "file" / "home")}, expect=4)

    refused(result, "DEPLOYER_HOME", "Next: set DEPLOYER_HOME")


@without_root
def test_state_folder_that_may_not_be_read(run: Run, home: Path) -> None:
    home.chmod(0)

    refused(run("spend", "show", expect=4), "DEPLOYER_HOME", "may not be read")
    home.chmod(0o700)


@without_root
def test_state_folder_that_may_not_be_written(run: Run, home: Path) -> None:
    home.chmod(0o500)

    refused(run("spend", "show", expect=4), "DEPLOYER_HOME", "cannot write")
    home.chmod(0o700)


@pytest.mark.parametrize("command", LEDGER_COMMANDS, ids=" ".join)
def test_ledger_that_is_something_else_is_left_alone(run: Run, home: Path, command: tuple[str, ...]) -> None:
    ledger = home / "ledger.sqlite3"
    ledger.write_text("a diary, not a database" * 100)

    refused(run(*command, expect=4), str(ledger))
    assert ledger.read_text() == "a diary, not a database" * 100


def test_database_of_another_program_is_left_alone(run: Run, home: Path) -> None:
    with sqlite3.connect(home / "ledger.sqlite3") as database:
        database.execute("CREATE TABLE recipe (name TEXT)")
    database.close()
    before = (home / "ledger.sqlite3").read_bytes()

    refused(run("spend", "show", expect=4), "it is a database of something else")
    assert (home / "ledger.sqlite3").read_bytes() == before


@without_root
def test_ledger_that_may_only_be_read_still_shows_and_plans(run: Run, home: Path, tmp_path: Path) -> None:
    run("init", str(tmp_path))
    env = {"DEPLOYER_POLICIES": str(tmp_path / "policies")}
    run("guard", "apply", env=env)
    (home / "ledger.sqlite3").chmod(0o400)

    shown = [run(*command, env=env) for command in (*LEDGER_COMMANDS, ("guard", "plan"))]
    acted = run("guard", "apply", env=env, expect=None)

    assert [result.stderr for result in shown if "Error" in result.stderr] == []
    assert acted.exit_code in (1, 4)
    refused(acted, "ledger.sqlite3")


# --- policies and arguments -------------------------------------------------------------------


def test_missing_policies_are_told_where_they_decide(run: Run) -> None:
    refused(run("guard", "plan", expect=4), "DEPLOYER_POLICIES: there is no", "Next: run `deployer init`")


@pytest.mark.parametrize("command", [("guard", "plan"), ("deployment", "list"), ("spend", "show", "--by", "policy")])
def test_bad_policy_names_file_and_line(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 1\nmode: enforse\npolicies: []\n")

    refused(run(*command, env={"DEPLOYER_POLICIES": str(bad)}, expect=4), "bad.yaml:2:")


@pytest.mark.parametrize(
    "arguments",
    [
        ("deployment", "create", "bot"),
        ("deployment", "create", "bot", "--account", "a", "--model", "m", "--capacity", "0"),
        ("deployment", "list", "-o", "xml"),
        ("deployment", "show", "bot", "-o", "csv"),
        ("price", "list", "--meter", "water"),
        ("spend", "show", "--period", "decade"),
        ("sandbox", "up", "--port", "99999"),
        ("sandbox", "advance", "later"),
        ("finetune", "start"),
        ("guard", "nonsense"),
    ],
    ids=" ".join,
)
def test_bad_arguments_are_usage_errors(run: Run, arguments: tuple[str, ...]) -> None:
    refused(run(*arguments, expect=2), "Usage:", "Error:")


def test_unknown_account_is_a_usage_error(run: Run) -> None:
    result = run("deployment", "create", "b", "--account", "none", "--model", "gpt-4.1-mini", "--unguarded", expect=2)

    refused(result, "there is no account 'none'", "aoai-dev-eastus2")


def test_unknown_provider_is_a_usage_error(run: Run) -> None:
    create = ("deployment", "create", "b", "--account", "a", "--model", "m", "--unguarded", "--provider", "aws")

    refused(run(*create, expect=2), "provider 'aws' is not configured")


def test_arguments_with_odd_characters_are_taken_as_they_are(run: Run) -> None:
    refused(run("deployment", "show", "a'b\"c\\d\n%s{}é", expect=1), "there is no deployment")
