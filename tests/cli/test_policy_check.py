"""`deployer policy`: what people and scripts see of their policies."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from deployer.cli.main import cli

GOOD = """\
version: 1
mode: enforce
policies:
  - name: dev
    match: {account: "aoai-dev-*", fine_tuned: true}
    budget: {amount: 300 USD}
    idle: {after: 24h, then: undeploy}
    notify: "slack://secret-token-1234/x"
"""
BAD = "version: 1\npolicies:\n  - name: dev\n    match: {}\n    ttl: soon\n    idel: {}\n"


def run(*arguments: str, policies: Path | None = None) -> Result:
    return CliRunner().invoke(cli, list(arguments), env={"DEPLOYER_POLICIES": str(policies) if policies else None})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "p.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_valid_policies_are_summed_up(file: Path) -> None:
    result = run("policy", "check", str(file))

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"dev ({file}:4:5)",
        "  match        account=aoai-dev-*, fine_tuned=yes",
        "  budget       $300 a month (UTC)",
        "  idle         after 24 h undeploy, warned 2 h before, grace 6 h",
        "  notify       1",
    ]
    assert result.stderr == "1 policy is valid; mode enforce: plans, tells and acts.\n"


def test_the_default_is_the_folder_of_the_settings(file: Path) -> None:
    assert run("policy", "check", policies=file.parent).exit_code == 0


@pytest.mark.parametrize("output", ["table", "json", "yaml"])
def test_addresses_are_never_shown(file: Path, output: str) -> None:
    assert "secret-token-1234" not in run("policy", "check", str(file), "-o", output).output


def test_json_is_one_document(file: Path) -> None:
    document = json.loads(run("policy", "check", str(file), "-o", "json").stdout)

    assert (document["valid"], document["mode"]) == (True, "enforce")
    assert document["limits"] == {"max_actions": 5, "max_share": "0.3", "max_actions_per_day": 20}
    assert document["policies"][0]["rules"]["budget"] == "$300 a month (UTC)"


def test_every_problem_is_told_with_exit_code_4(file: Path) -> None:
    file.write_text(BAD, encoding="utf-8")

    result = run("policy", "check", str(file))

    assert (result.exit_code, result.stdout) == (4, "")
    assert f"{file}:5:10: ttl is 'soon'" in result.stderr
    assert f"{file}:6:5: unknown key 'idel' in policy" in result.stderr
    assert "Traceback" not in result.stderr


def test_problems_are_a_document_too(file: Path) -> None:
    file.write_text(BAD, encoding="utf-8")

    result = run("policy", "check", str(file), "-o", "json")

    document = json.loads(result.stdout)
    assert result.exit_code == 4
    assert [problem["where"] for problem in document["problems"]] == [f"{file}:5:10", f"{file}:6:5"]


def test_a_path_that_is_not_there_is_an_invalid_file(tmp_path: Path) -> None:
    result = run("policy", "check", str(tmp_path / "absent"))

    assert result.exit_code == 4
    assert "there is no such file or folder" in result.stderr


def test_the_schema_is_printed_as_json_or_yaml() -> None:
    as_json = run("policy", "schema").stdout
    as_yaml = run("policy", "schema", "-o", "yaml").stdout

    assert json.loads(as_json) == yaml.safe_load(as_yaml)
    assert json.loads(as_json)["title"] == "deployer policies"


@pytest.mark.parametrize("command", [(), ("check",), ("schema",)])
def test_help_has_an_example(command: tuple[str, ...]) -> None:
    result = run("policy", *command, "--help")

    assert result.exit_code == 0
    assert "deployer policy" in result.stdout.split("Examples:")[1]
