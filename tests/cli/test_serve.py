"""`deployer serve` as a process of its own: guards, follows the clock, stops when told to."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from deployer.sandbox.process import Sandbox
from tests.fakes import TUNED

POLICY = """\
version: 1
mode: enforce
policies:
  - name: dev
    match: {provider: azure}
    ttl: 30m
"""
PATIENCE = timedelta(seconds=30)


class Served:
    """A running `deployer serve` and what it says."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.said: list[str] = []

    def until(self, words: str) -> str:
        """The next line that holds these words."""
        deadline = monotonic() + PATIENCE.total_seconds()
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if words in line:
                return line
            assert monotonic() < deadline, "".join(self.said)
        raise AssertionError(f"it ended without saying {words!r}: {''.join(self.said)}")


@pytest.fixture
def served(sandbox: Sandbox, home: Path, tmp_path: Path) -> Iterator[Served]:
    sandbox.client.create_deployments([{"account": "aoai-dev-eastus2", "name": "bot", "model": TUNED}])
    policies = tmp_path / "policy.yaml"
    policies.write_text(POLICY)
    vendors = ("AZURE_", "OPENAI_", "DEPLOYER_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(vendors)}
    process = subprocess.Popen(
        [sys.executable, "-c", "from deployer.cli.main import main; main()", "serve", "--no-web"],
        env={**inherited, **sandbox.env, "DEPLOYER_HOME": str(home), "DEPLOYER_POLICIES": str(policies)},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield Served(process)
    process.kill()
    process.wait()
    if process.stderr:
        process.stderr.close()


def test_it_sweeps_acts_at_the_booked_instant_and_stops_on_sigterm(sandbox: Sandbox, served: Served) -> None:
    assert "next due 2026-09-01" in served.until(" swept:")
    sandbox.client.advance(seconds=31 * 60)
    assert "done" in served.until("undeploy azure:aoai-dev-eastus2/bot")
    served.until(" swept:")
    served.process.send_signal(signal.SIGTERM)
    served.until("Stopped.")
    assert served.process.wait(timeout=10) == 0
    deleted = [event["deployment"] for event in sandbox.client.deployment_events() if event["event"] == "deleted"]
    assert deleted == ["bot"]
