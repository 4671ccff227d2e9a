"""`sandbox`: run, found by the state folder, controlled, and gone when told to stop."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from deployer.cli.main import cli
from deployer.sandbox.client import FILE, SandboxClient
from deployer.sandbox.process import Sandbox
from deployer.sandbox.trace import InvalidTrace, read_streams
from deployer.setting import SETTINGS

Run = Callable[..., Any]
DEV = "aoai-dev-eastus2"
START = datetime(2026, 9, 1, tzinfo=UTC)
TRACE = "TIMESTAMP,ContextTokens,GeneratedTokens\n"


@pytest.fixture
def running(sandbox: Sandbox, home: Path) -> Sandbox:
    """The session's sandbox, announced in the state folder as `sandbox up` does."""
    sandbox.announce(home)
    return sandbox


# --- up ---------------------------------------------------------------------------------------


@pytest.fixture
def up(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`deployer sandbox up` as a person starts it."""
    command = [sys.executable, "-c", "from deployer.cli.main import main; main()", "sandbox", "up", "--frozen"]
    command += ["--start", "2026-09-01", "--seed", "7", "--empty"]
    settings = {"DEPLOYER_HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=settings)
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=str)
def test_up_runs_until_told_to_stop(up: subprocess.Popen[str], tmp_path: Path, how: signal.Signals) -> None:
    assert up.stdout is not None
    first, second = up.stdout.readline(), up.stdout.readline()
    found = SandboxClient.find(tmp_path / "home")

    assert first == f"sandbox at {found.url}, its time 2026-09-01T00:00:00Z (frozen)\n"
    assert 'eval "$(deployer sandbox env)"' in second
    assert found.now() == START
    found.close()

    up.send_signal(how)
    _, errors = up.communicate(timeout=10)

    assert up.returncode == 0
    assert "Traceback" not in errors
    assert not (tmp_path / "home" / FILE).exists()


def test_second_sandbox_of_one_state_folder_is_refused(running: Sandbox, run: Run) -> None:
    result = run("sandbox", "up", expect=2)

    assert f"a sandbox already runs at {running.url}" in result.stderr


# --- env --------------------------------------------------------------------------------------


def test_env_is_one_object_of_settings_that_we_know(running: Sandbox, run: Run) -> None:
    settings = json.loads(run("sandbox", "env", "-o", "json").stdout)

    assert settings == running.env
    assert settings.keys() <= SETTINGS.keys()


def test_env_for_tools_says_more_of_the_same_sandbox(running: Sandbox, run: Run) -> None:
    settings = json.loads(run("sandbox", "env", "--tools", "-o", "json").stdout)

    assert settings == running.client.environment(tools=True)
    assert settings.items() > running.env.items()
    assert settings["NODE_EXTRA_CA_CERTS"] == running.ca_file


def test_env_points_a_shell_at_the_sandbox(running: Sandbox, run: Run) -> None:
    script = run("sandbox", "env").stdout + 'printf %s "$DEPLOYER_AZURE_METRICS_URL $AZURE_CLIENT_SECRET"'
    shown = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True, env={})

    assert shown.stdout == f"{running.env['DEPLOYER_AZURE_METRICS_URL']} {running.env['AZURE_CLIENT_SECRET']}"


def test_sandbox_is_found_although_old_settings_point_nowhere(running: Sandbox, run: Run) -> None:
    run("sandbox", "env", env={"DEPLOYER_CA_BUNDLE": "/gone/ca.pem", "SSL_CERT_FILE": "/gone/ca.pem"})


def test_no_sandbox_running_says_how_to_start_one(home: Path) -> None:
    result = CliRunner().invoke(cli, ["sandbox", "env"], env={"DEPLOYER_HOME": str(home)})

    assert result.exit_code == 1
    assert "Next: start one with `deployer sandbox up`" in result.stderr


# --- time -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "now"),
    [
        (["90m"], "2026-09-01T01:30:00Z"),
        (["1d12h"], "2026-09-02T12:00:00Z"),
        (["--to", "2026-09-18"], "2026-09-18T00:00:00Z"),
        (["--to", "2026-09-18T02:00+02:00"], "2026-09-18T00:00:00Z"),
    ],
    ids=" ".join,
)
def test_advance_moves_the_time(running: Sandbox, run: Run, arguments: list[str], now: str) -> None:
    assert json.loads(run("sandbox", "advance", *arguments, "-o", "json").stdout) == {"now": now}
    assert running.client.now() == datetime.fromisoformat(now)


@pytest.mark.parametrize(
    "arguments",
    [[], ["soon"], ["24"], ["1h", "--to", "2026-09-18"], ["--to", "tomorrow"], ["9" * 30 + "w"], ["9999999d"]],
    ids=str,
)
def test_advance_by_nonsense_is_a_usage_error(running: Sandbox, run: Run, arguments: list[str]) -> None:
    result = run("sandbox", "advance", *arguments, expect=2)

    assert "Traceback" not in result.stderr
    assert running.client.now() == START


def test_time_does_not_run_back(running: Sandbox, run: Run) -> None:
    assert "does not run back" in run("sandbox", "advance", "--to", "2026-08-01", expect=2).stderr


# --- faults, traffic, invoice -----------------------------------------------------------------


def test_fault_happens_as_often_as_ordered(running: Sandbox, run: Run) -> None:
    order = ["status", "--status", "403", "--path", f"{DEV}/deployments", "--times", "1", "--header", "x-a: b"]
    run("sandbox", "fault", *order)

    run("deployment", "list", expect=5)
    run("deployment", "list", expect=0)


def test_answers_come_in_the_shape_that_was_ordered(running: Sandbox, run: Run) -> None:
    order = ("--operation", "openai.models.list", "--drop", "created", "--add", "mood", "--lower")
    run("sandbox", "fault", "reshaped", *order)
    run("deployment", "list")
    assert {line.get("fault") for line in running.client.log() if line["operation"] == "openai.models.list"} == {
        "reshaped"
    }


def test_fault_may_come_late_and_take_time(running: Sandbox, run: Run) -> None:
    before = running.client.now()
    order = ("--status", "500", "--operation", "openai.models.list", "--after", "1", "--times", "1", "--takes", "25")
    run("sandbox", "fault", "status", *order)
    run("deployment", "list", "--provider", "openai", "--no-usage")
    run("deployment", "list", "--provider", "openai", "--no-usage")
    assert (running.client.now() - before).total_seconds() >= 25


def test_faults_are_cleared(running: Sandbox, run: Run) -> None:
    run("sandbox", "fault", "status", "--status", "403")
    run("sandbox", "fault", "--clear")

    run("deployment", "list", expect=0)


@pytest.mark.parametrize(
    "arguments",
    [[], ["flood"], ["slow", "--clear"], ["status", "--status", "200"], ["status", "--header", "x"]],
    ids=str,
)
def test_fault_that_cannot_be_is_a_usage_error(running: Sandbox, run: Run, arguments: list[str]) -> None:
    run("sandbox", "fault", *arguments, expect=2)


def test_traffic_is_used_and_billed(running: Sandbox, run: Run) -> None:
    running.client.create_deployments([{"account": DEV, "name": "bot", "model": "gpt-4.1-mini"}])
    flow = ["--account", DEV, "--deployment", "bot", "--for", "24h", "--per-hour", "100", "--input-tokens", "1000"]

    run("sandbox", "traffic", *flow)
    run("sandbox", "advance", "24h")
    invoice = json.loads(run("sandbox", "invoice", "-o", "json").stdout)

    assert {line["deployment"] for line in invoice["lines"]} == {"bot"}
    assert invoice["total"] == run("sandbox", "invoice").stdout.split()[-2]
    assert invoice["total"] != "0.00"


def test_invoice_of_nothing_is_zero(running: Sandbox, run: Run) -> None:
    assert run("sandbox", "invoice").stdout == "total 0.00 USD\n"


def test_trace_is_replayed_by_the_hour(tmp_path: Path) -> None:
    file = tmp_path / "trace.csv"
    file.write_text(f"{TRACE}2023-11-16 18:17:03.9799600,100,10\n2023-11-16 18:59:03,300,30\n2023-11-16 19:18:00,5,7\n")

    first, second = read_streams(file, DEV, "bot", START)

    assert (first["requests_per_hour"], first["input_tokens"], first["output_tokens"]) == (2, 200, 20)
    assert first["start"] == "2026-09-01T00:00:00+00:00"
    assert second["start"] == "2026-09-01T01:00:00+00:00"
    assert (second["requests_per_hour"], second["input_tokens"]) == (1, 5)


@pytest.mark.parametrize(
    ("name", "content", "where"),
    [
        ("a.csv", "when,what\n", "a.csv:1: column TIMESTAMP"),
        ("a.csv", f"{TRACE}2023-11-16 18:17:03,x,1\n", "a.csv:2: invalid literal"),
        ("a.csv", f"{TRACE}yesterday,1,1\n", "a.csv:2: Invalid isoformat"),
        ("a.json", "{", "a.json: not JSON"),
        ("a.json", "{}", "a.json: expected a list"),
        ("a.csv.gz", "plain", "a.csv.gz: Not a gzipped file"),
    ],
)
def test_trace_that_cannot_be_read_names_its_line(tmp_path: Path, name: str, content: str, where: str) -> None:
    file = tmp_path / name
    file.write_text(content)

    with pytest.raises(InvalidTrace, match=where.replace(".", r"\.")):
        read_streams(file, DEV, "bot", START)


def test_invalid_trace_ends_with_4(running: Sandbox, run: Run, tmp_path: Path) -> None:
    (tmp_path / "trace.csv").write_text("when,what\n")

    run("sandbox", "traffic", str(tmp_path / "trace.csv"), "--account", DEV, "--deployment", "bot", expect=4)


def test_traffic_needs_a_file_or_a_deployment(running: Sandbox, run: Run) -> None:
    run("sandbox", "traffic", expect=2)
    run("sandbox", "traffic", "--account", DEV, expect=2)
