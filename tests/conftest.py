"""Fixtures that every test may use: a real sandbox over TLS, its clock, and the command line."""

import contextlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deployer.sandbox.client import SandboxClient
from deployer.sandbox.process import Sandbox as RunningSandbox
from deployer.sandbox.process import start as start_sandbox

BEGINNING = datetime(2026, 9, 1, tzinfo=UTC)
"""The virtual instant at which every test begins."""


class SandboxTestClock:
    """The sandbox's virtual time as a `Clock`: sleeping advances it, so that no test waits."""

    def __init__(self, client: SandboxClient) -> None:
        self._client = client

    def now(self) -> datetime:
        return self._client.now()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._client.advance(seconds=seconds)

    def monotonic(self) -> float:
        return self.now().timestamp()


@pytest.fixture(autouse=True)
def _settings_stay() -> Iterator[None]:
    """What a test left in the environment, as the application does for its SDKs, is no other test's setting."""
    before = {name: value for name, value in os.environ.items() if _is_setting(name)}
    yield
    for name in [name for name in os.environ if _is_setting(name) and name not in before]:
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[RunningSandbox]:
    """One sandbox process for the whole session."""
    with start_sandbox(seed=0, start=BEGINNING, frozen=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: RunningSandbox) -> RunningSandbox:
    """The sandbox with a fresh world: seed 0, frozen at `BEGINNING`."""
    running_sandbox.client.reset(seed=0, start=BEGINNING, frozen=True)
    return running_sandbox


@pytest.fixture
def clock(sandbox: RunningSandbox) -> SandboxTestClock:
    return SandboxTestClock(sandbox.client)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A fresh state folder."""
    path = tmp_path / "home"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def run(sandbox: RunningSandbox, home: Path, tmp_path: Path) -> Callable[..., Any]:
    """`run("guard", "plan", expect=5)`: one command in this process, on the sandbox, in an empty working folder."""
    from click.testing import CliRunner, Result

    from deployer.cli.main import cli

    work = tmp_path / "work"
    work.mkdir()

    def run_command(
        *arguments: str, expect: int | None = 0, env: dict[str, str] | None = None, **options: Any
    ) -> Result:
        settings: dict[str, str | None] = dict.fromkeys(filter(_is_setting, os.environ))
        settings |= sandbox.env
        settings |= {"DEPLOYER_HOME": str(home), "DEPLOYER_POLICIES": str(work / "policies")}
        settings |= env or {}
        with contextlib.chdir(work):
            result = CliRunner().invoke(cli, list(arguments), env=settings, **options)
        if expect is not None:
            assert result.exit_code == expect, f"exit {result.exit_code}\n{result.stdout}\n{result.stderr}"
        return result

    return run_command


def _is_setting(name: str) -> bool:
    return name.startswith(("DEPLOYER_", "AZURE_", "OPENAI_")) or name in {"REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"}
