"""Starting a sandbox as a child process that cannot outlive its parent."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from deployer.sandbox.client import FILE, SandboxClient, SandboxError

END_SECONDS = 5.0


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: where it is, how to point a client at it, how to control it."""

    url: str
    ca_file: str
    env: dict[str, str]
    client: SandboxClient
    process: "subprocess.Popen[bytes]"

    def announce(self, home: Path) -> Path:
        """Write down where it listens, for `SandboxClient.find(home)`."""
        home.mkdir(parents=True, exist_ok=True)
        file = home / FILE
        file.write_text(json.dumps({"url": self.url, "ca_file": self.ca_file}))
        return file

    def wait(self) -> int:
        """Return when the sandbox has ended."""
        return self.process.wait()


@contextmanager
def start(
    seed: int = 0,
    start: datetime | None = None,
    frozen: bool = True,
    empty: bool = False,
    port: int = 0,
) -> Iterator[Sandbox]:
    """A sandbox in a process of its own, ready when entered and gone when left. Raises SandboxError."""
    with tempfile.TemporaryDirectory(prefix="deployer-sandbox-") as folder:
        process = _spawn(_command(seed, start, frozen, empty, port, folder))
        try:
            ready = _ready(process)
            client = SandboxClient(ready["url"], ready["ca_file"])
            yield Sandbox(ready["url"], ready["ca_file"], ready["env"], client, process)
            client.close()
        finally:
            _end(process)


def _command(seed: int, start: datetime | None, frozen: bool, empty: bool, port: int, folder: str) -> list[str]:
    # -P keeps the working directory off the import path: a user's `queue.py` is not the library's.
    command = [sys.executable, "-P", "-m", "deployer.sandbox.server", "--folder", folder]
    command += ["--seed", str(seed), "--port", str(port)]
    command += ["--start", start.isoformat()] if start else []
    command += [] if frozen else ["--flowing"]
    return command + (["--empty"] if empty else [])


def _spawn(command: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None, start_new_session=True)


def _ready(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    line = process.stdout.readline() if process.stdout else b""
    if not line:
        code = process.wait()
        raise SandboxError(f"the sandbox ended before it was ready (exit {code}); its own words stand above")
    document: dict[str, Any] = json.loads(line)
    return document


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Closing its input ends it; what does not listen is killed."""
    for stream in (process.stdin, process.stdout):
        if stream:
            with suppress(OSError):
                stream.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
