"""The sandbox as a process: soon there, reproducible, and gone with its parent."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deployer.sandbox.client import SandboxClient, SandboxError
from deployer.sandbox.process import Sandbox, start
from tests.sandbox.azure_wire import Wire, deployment_body

PARENT = """
import sys
from deployer.sandbox.process import start
with start() as sandbox:
    print(sandbox.process.pid, flush=True)
    sys.stdin.read()
"""


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def ended(pid: int) -> bool:
    """Within a few seconds."""
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not alive(pid)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to look at processes")
def test_the_sandbox_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-P", "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        os.kill(parent.pid, 9)
    assert ended(child)


def test_one_seed_makes_one_world() -> None:
    bodies = []
    for _ in range(2):
        with start(seed=5) as sandbox:
            made = Wire(sandbox).deployment("PUT", "base", deployment_body("gpt-4.1-mini"))
            shown = made.headers["azure-asyncoperation"].removeprefix(sandbox.url), made.body
            bodies.append((shown, sandbox.env["AZURE_TENANT_ID"], sandbox.env["OPENAI_API_KEY"]))
    assert bodies[0] == bodies[1]


def test_another_seed_makes_other_credentials(sandbox: Sandbox) -> None:
    with start(seed=6, empty=True) as other:
        assert other.env["AZURE_TENANT_ID"] != sandbox.env["AZURE_TENANT_ID"]
        assert Wire(other).arm("GET", "/providers/Microsoft.CognitiveServices/accounts").body["value"] == []


def test_a_flowing_clock_moves_by_itself_and_can_be_advanced() -> None:
    begin = datetime(2026, 9, 1, tzinfo=UTC)
    with start(start=begin, frozen=False) as sandbox:
        first = sandbox.client.now()
        ahead = sandbox.client.advance(seconds=3600)
    assert begin <= first < ahead - timedelta(seconds=3600) < begin + timedelta(seconds=30)


def test_a_frozen_clock_stands_still_and_never_runs_back(sandbox: Sandbox) -> None:
    assert sandbox.client.now() == sandbox.client.now()
    with pytest.raises(SandboxError, match="does not run back"):
        sandbox.client.advance(seconds=-1)


def test_the_running_sandbox_is_found_by_its_state_folder(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.announce(tmp_path)
    found = SandboxClient.find(tmp_path)
    assert found.now() == sandbox.client.now()
    found.close()


def test_no_sandbox_is_told_with_the_place_looked_at(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"sandbox\.json"):
        SandboxClient.find(tmp_path)


@pytest.mark.parametrize(
    ("kind", "order", "reason"),
    [
        ("create_accounts", {"name": "x"}, "region missing"),
        ("create_deployments", {"account": "none", "name": "x", "model": "gpt-4.1"}, "no account 'none'"),
        ("create_deployments", {"account": "aoai-dev-eastus2", "name": "x", "modle": "y"}, "unknown modle"),
        (
            "traffic",
            {"account": "aoai-dev-eastus2", "deployment": "d", "start": "now", "end": "then", "requests_per_hour": 1},
            "ISO",
        ),
    ],
)
def test_a_wrong_order_is_refused_with_the_reason(
    sandbox: Sandbox, kind: str, order: dict[str, object], reason: str
) -> None:
    with pytest.raises(SandboxError, match=reason):
        getattr(sandbox.client, kind)([order])


def test_requests_are_counted_and_logged(sandbox: Sandbox) -> None:
    Wire(sandbox).send("GET", "/subscriptions?api-version=2022-12-01")
    counted = {"entra.token": 1, "subscriptions.list": 1}
    assert sandbox.client.requests() == {"total": 2, "faults": 0, "by_operation": counted}
    assert [(line["operation"], line["status"]) for line in sandbox.client.log()] == [
        ("entra.token", 200),
        ("subscriptions.list", 200),
    ]
