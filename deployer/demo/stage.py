"""Where the story plays: a sandbox, a folder of a user's own, and the command line in this process.

Everything is done by the commands that a user would type. Only time and the traffic of other
programs are moved from outside, through the sandbox's control API.
"""

import contextlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from shlex import join
from typing import Any

from deployer.app import App
from deployer.cli.context import Session
from deployer.demo.report import Beat
from deployer.errors import DeployerError
from deployer.guard.context import GuardContext
from deployer.ports.notifier import Message
from deployer.sandbox.client import SandboxClient
from deployer.settings import load_settings

DATA = ("support.jsonl", "validation.jsonl")


class Stage:
    """One run of the story: a fresh world and a fresh state folder."""

    def __init__(
        self, client: SandboxClient, env: Mapping[str, str], folder: Path, echo: Callable[[str], None]
    ) -> None:
        self.client = client
        self.folder = folder
        self.echo = echo
        self.beats: list[Beat] = []
        home = {"DEPLOYER_HOME": str(folder / "state"), "DEPLOYER_POLICIES": str(folder / "policies")}
        self.settings = load_settings({**env, **home}, folder)
        self.app = App.from_settings(self.settings)

    def now(self) -> datetime:
        return self.client.now()

    def beat(self, what: str) -> None:
        """Note and tell one moment of the story."""
        self.beats.append(Beat(self.now(), what))
        self.echo(f"  {self.now():%d %b %H:%M}  {what}")

    def run(self, *words: str, expect: int = 0, lines: int = 12) -> str:
        """Show a command and the first `lines` of what it prints; returns all of it."""
        self.echo(f"\n  $ deployer {join(words)}")
        code, text = self._invoke(words)
        shown = [line for line in text.splitlines() if line.strip()]
        for line in shown[:lines]:
            self.echo(f"    {line}")
        if len(shown) > lines:
            self.echo(f"    ... {len(shown) - lines} more lines")
        _require(code, expect, words, text)
        return text

    def ask(self, *words: str, expect: int = 0) -> Any:
        """What a command prints with `-o json`, without showing it."""
        output = io.StringIO()
        code, text = self._invoke((*words, "-o", "json"), output)
        _require(code, expect, words, text)
        return json.loads(output.getvalue())

    def guard(self) -> GuardContext:
        """What the background scheduler stands on, with its messages told as beats."""
        return replace(self.app.guard_context(), notifier=Telling(self.beat))

    def _invoke(self, words: Sequence[str], output: io.StringIO | None = None) -> tuple[int, str]:
        from deployer.cli.main import cli

        errors = output and io.StringIO()
        output = output or io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(output), _errors_to(errors or output):
            result = cli.main(list(words), "deployer", obj=Session(self.settings, self.app), standalone_mode=False)
        return (result if isinstance(result, int) else 0), output.getvalue()


class Telling:
    """A notifier whose channel is the story itself."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    def send(self, message: Message, channels: Sequence[str] = ()) -> bool:
        for line in message.body.splitlines():
            self._tell(line)
        return True


@contextmanager
def open_stage(
    client: SandboxClient, env: Mapping[str, str], folder: Path, start: datetime, echo: Callable[[str], None]
) -> Iterator[Stage]:
    """A fresh world at `start`, and a user's folder with the data of the story in it."""
    client.reset(seed=0, start=start, frozen=True)
    folder.mkdir()
    for name in DATA:
        (folder / name).write_bytes(files("deployer.demo").joinpath("data", name).read_bytes())
    stage = Stage(client, env, folder, echo)
    try:
        yield stage
    finally:
        stage.app.close()


@contextmanager
def _errors_to(stream: io.StringIO) -> Iterator[None]:
    with contextlib.redirect_stderr(stream):
        yield


def _require(code: int, expected: int, words: Sequence[str], text: str) -> None:
    if code != expected:
        raise DeployerError(
            f"the story stopped: `deployer {join(words)}` ended with {code}, not {expected}:\n{text.strip()}",
            next_step="this is a defect of deployer: please report it with the lines above",
        )
