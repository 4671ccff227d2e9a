"""A canary in every secret setting, looked for wherever the program leaves a trace.

Each secret gets a value of its own. After every command the output and every byte below the
state and working folders are searched, in the forms in which a secret may travel.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from deployer.sandbox.process import Sandbox
from deployer.setting import SETTINGS

Run = Callable[..., Any]
DEV = "aoai-dev-eastus2"
TUNED = "gpt-4.1-mini-2025-04-14.ft-0123456789abcdef0123456789abcdef-bot"
CANARIES = {
    "AZURE_CLIENT_SECRET": "canary~azure/4711+secret",
    "OPENAI_API_KEY": "canary-openai-4711-key",
    "OPENAI_ADMIN_KEY": "canary-openai-4711-admin",
    "DEPLOYER_NOTIFY_URLS": "json://localhost:9/canary-notify-4711?token=canary-notify-4712",
    "OPENAI_ORG_TOKEN": "canary-unlisted-4711",
}
NEEDLES = (*CANARIES.values(), "canary-notify-4711", "canary-notify-4712", "canary-")
COMMANDS = (
    ("doctor",),
    ("doctor", "-o", "json"),
    ("deployment", "list"),
    ("deployment", "list", "-o", "json"),
    ("deployment", "show", "bot"),
    ("deployment", "call", "bot", "hello"),
    ("deployment", "create", "new", "--account", DEV, "--model", "gpt-4.1-mini", "--unguarded"),
    ("deployment", "delete", "bot", "--yes"),
    ("deployment", "restore", "bot"),
    ("finetune", "list"),
    ("guard", "plan"),
    ("guard", "apply"),
    ("guard", "status"),
    ("journal", "list", "-o", "json"),
    ("spend", "show", "--billed"),
    ("spend", "forecast"),
    ("price", "list"),
    ("policy", "check"),
    ("init",),
)
POLICY = """\
version: 1
mode: enforce
policies:
  - name: all
    match: {deployment: "*"}
    budget: {amount: 10 USD, period: month}
    alerts: [50%]
    over_budget: {at: 100%, then: undeploy, warn: 0h}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of policies that the commands find."""
    path = tmp_path / "policies"
    path.mkdir()
    (path / "all.yaml").write_text(POLICY)
    return path


def traces(root: Path, needles: Iterable[str]) -> list[str]:
    """Files below `root` that hold one of the needles."""
    forms = [form for needle in needles for form in forms_of(needle)]
    files = [path for path in root.rglob("*") if path.is_file() and path.name != "sandbox.json"]
    return [str(path) for path in files if any(form.encode() in path.read_bytes() for form in forms)]


def shown(text: str, needles: Iterable[str]) -> list[str]:
    return [needle for needle in needles if any(form in text for form in forms_of(needle))]


def forms_of(secret: str) -> set[str]:
    return {secret, quote(secret), quote(secret, safe=""), base64.b64encode(secret.encode()).decode()}


def plant(folder: Path, **more: str) -> dict[str, str]:
    return CANARIES | {"DEPLOYER_POLICIES": str(folder)} | more


# --- wrong credentials ------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_wrong_credentials_do_not_show(run: Run, folder: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    result = run(*command, "--debug", env=plant(folder), expect=None)

    assert shown(result.output, NEEDLES) == []
    assert traces(tmp_path, NEEDLES) == []


@pytest.mark.parametrize("command", [("doctor",), ("deployment", "list"), ("guard", "apply")], ids=" ".join)
def test_server_that_echoes_the_key_does_not_make_us_print_it(
    sandbox: Sandbox, run: Run, folder: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    for canary in CANARIES.values():
        message = f"Incorrect API key provided: {canary}. See {quote(canary, safe='')}"
        body = {"error": {"code": "401", "message": message}, "error_description": message}
        sandbox.client.fault({"kind": "status", "status": 401, "body": body, "rate": 0.5, "headers": {"x-key": "k"}})

    result = run(*command, env=plant(folder), expect=None)

    assert result.exit_code in (1, 5)
    assert shown(result.output, NEEDLES) == []
    assert traces(tmp_path, NEEDLES) == []


@pytest.mark.parametrize("command", [("doctor",), ("deployment", "list"), ("guard", "plan")], ids=" ".join)
def test_unreachable_hosts_do_not_show(run: Run, folder: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    nowhere = "https://user:canary-url-4711@localhost:9/path?signature=canary-url-4712"
    endpoints = [name for name, setting in SETTINGS.items() if setting.kind == "url" and name != "DEPLOYER_CLOCK_URL"]

    result = run(*command, "--debug", env=plant(folder, **dict.fromkeys(endpoints, nowhere)), expect=None)

    assert result.exit_code in (1, 4, 5)
    assert shown(result.output, NEEDLES) == []
    assert traces(tmp_path, NEEDLES) == []


# --- right credentials ------------------------------------------------------------------------


def test_right_credentials_leave_no_trace(sandbox: Sandbox, run: Run, folder: Path, tmp_path: Path) -> None:
    secrets = [value for name, value in sandbox.env.items() if name in SETTINGS and SETTINGS[name].secret]
    sandbox.client.create_deployments([{"account": DEV, "name": "bot", "model": TUNED}])
    told = plant(folder, **{name: value for name, value in sandbox.env.items() if name in CANARIES})
    needles = [*secrets, "canary-"]

    outputs = []
    for command in (*COMMANDS[:13], *COMMANDS[13:]):
        outputs.append(run(*command, env=told, expect=None).output)
        sandbox.client.advance(seconds=12 * 3600)

    assert len(secrets) == 3
    assert any("Deleted azure:" in output for output in outputs)
    assert [shown(output, needles) for output in outputs if shown(output, needles)] == []
    assert traces(tmp_path, needles) == []


def test_policy_with_a_secret_channel_does_not_show_it(run: Run, folder: Path, tmp_path: Path) -> None:
    channel = "    notify: ['json://localhost:9/canary-policy-4711']\n"
    (folder / "all.yaml").write_text(POLICY + channel)

    result = run("guard", "apply", "-o", "json", env={"DEPLOYER_POLICIES": str(folder)}, expect=None)

    assert shown(result.output, ["canary-policy-4711"]) == []
    assert traces(tmp_path / "home", ["canary-policy-4711"]) == []


# --- invalid settings -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"DEPLOYER_DATABASE_URL": "postgresql://me:canary-db-4711@host/ledger"},
        {"DEPLOYER_DATABASE_URL": "canary-db-4711"},
        {"DEPLOYER_DATABASE_URL": "sqlite:////nowhere/at/all/ledger.sqlite3?key=canary-db-4711"},
        {"DEPLOYER_NOTIFY_URLS": "canary-notify-4711"},
        {"DEPLOYER_NOTIFY_URLS": "nosuchservice://canary-notify-4711/canary-notify-4712"},
        {"OPENAI_BASE_URL": "canary-url-4711"},
        {"OPENAI_BASE_URL": "https://me:canary-url-4711@:x/"},
        {"AZURE_AUTHORITY_HOST": "https://me:canary-url-4711@localhost:9"},
        {"DEPLOYER_CLOCK_URL": "https://me:canary-url-4711@localhost:9/clock"},
        {"DEPLOYER_CLOCK_URL": "https://canary-url-4711.example/clock?token=canary-url-4712"},
    ],
    ids=lambda wrong: " ".join(wrong),
)
def test_invalid_settings_do_not_show(run: Run, folder: Path, tmp_path: Path, wrong: dict[str, str]) -> None:
    result = run("guard", "apply", "--debug", env=plant(folder, **wrong), expect=None)

    hosts = ["canary-url-4711.example"] if "example" in str(wrong) else []
    assert shown(result.output.replace(*(hosts or ["\0"]), ""), NEEDLES) == []
    assert traces(tmp_path, NEEDLES) == []


# --- whole processes --------------------------------------------------------------------------


@pytest.mark.parametrize("option", [(), ("--debug",)], ids=str)
def test_no_secret_leaves_a_real_process(
    sandbox: Sandbox, folder: Path, tmp_path: Path, option: tuple[str, ...]
) -> None:
    """Dotenv, libraries' own loggers and the interpreter's last words included."""
    canaries = {name: json.dumps(value) for name, value in CANARIES.items()}
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in canaries.items()))
    settings = {name: value for name, value in sandbox.env.items() if name not in CANARIES}
    settings |= {"DEPLOYER_HOME": str(tmp_path / "home"), "DEPLOYER_POLICIES": str(folder)}

    answer = _process(("guard", "apply", *option), settings, tmp_path)
    (tmp_path / ".env").unlink()

    assert answer.returncode in (1, 5)
    assert shown(answer.stdout + answer.stderr, NEEDLES) == []
    assert traces(tmp_path, NEEDLES) == []


def _process(arguments: Iterable[str], settings: Mapping[str, str], folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", "from deployer.cli.main import main; main()", *arguments]
    environment = {**settings, "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parent.parent)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=folder)
