"""Commands as a person gives them, on a stage: in this process, each with a state folder of its own."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from deployer.app import App
from deployer.cli.context import Session
from deployer.cli.main import cli
from deployer.clock import Clock
from deployer.ports.cloud import Connection, Provider
from deployer.settings import Settings, load_settings
from tests.contract.stage import CONNECT, Stage
from tests.contract.trouble import HASTE

_OTHERS = {"azure": ("OPENAI_",), "openai": ("AZURE_", "DEPLOYER_AZURE_", "IDENTITY_")}
_OURS = ("AZURE_", "OPENAI_", "DEPLOYER_")


class OneCloud(App):
    """With one provider, which it need not look for among all that is installed: that takes longer than the rest."""

    def __init__(self, cloud: str, settings: Settings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._cloud = cloud

    @cached_property
    def providers(self) -> Mapping[str, Provider]:
        provider = CONNECT[self._cloud](self.connection, self.clock)
        assert provider is not None
        return {provider.name: provider}


class HastyCloud(OneCloud):
    """Gives up soon what is slow in real time, as the real one does after half a minute."""

    @cached_property
    def connection(self) -> Connection:
        return replace(super().connection, timeout=HASTE, retries=1)


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass
class Console:
    """Gives commands to one cloud; the other one is not configured."""

    stage: Stage
    folder: Path
    _homes: int = 0

    def home(self, like: Path | None = None) -> Path:
        """A new state folder with a ledger in it: an empty one, or what another one holds."""
        self._homes += 1
        new = self.folder / f"home-{self._homes}"
        shutil.copytree(like or self._empty, new)
        return new

    def run(self, home: Path, *words: str, hasty: bool = False, **settings: str) -> Said:
        """One command to its end; `hasty` with a short time-out."""
        env = self._env(home) | settings
        app = (HastyCloud if hasty else OneCloud)(self.stage.cloud, load_settings(env, self.folder), self.stage.clock)
        cleared: dict[str, str | None] = dict.fromkeys(_set_names())
        began = self.stage.clock.monotonic()
        session = Session(app.settings, app)
        result = CliRunner().invoke(cli, list(words), env=cleared | env, obj=session)
        session.close()
        return Said(result.exit_code, result.stdout, result.stderr, self.stage.clock.monotonic() - began)

    @cached_property
    def _empty(self) -> Path:
        home = self.folder / "empty"
        assert self.run(home, "guard", "status").code == 0
        return home

    def _env(self, home: Path) -> dict[str, str]:
        others = _OTHERS[self.stage.cloud]
        known = {name: value for name, value in self.stage.sandbox.env.items() if not name.startswith(others)}
        return known | {"DEPLOYER_HOME": str(home), "DEPLOYER_POLICIES": str(home / "policies.yaml")}

    @property
    def secrets(self) -> Mapping[str, str]:
        words = ("SECRET", "KEY")
        return {name: value for name, value in self.stage.sandbox.env.items() if any(word in name for word in words)}


def _set_names() -> list[str]:
    import os

    return [name for name in os.environ if name.startswith(_OURS) or name in {"REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"}]
