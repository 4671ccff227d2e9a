"""What every command needs: the settings and the application, opened once and closed at the end.

    @click.command()
    @pass_app
    def show(app: App) -> None: ...

Nothing is read before a command asks for it, so `--help` works with broken settings.
"""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from deployer.app import App
    from deployer.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")


class Session:
    """One run of the command line."""

    def __init__(self, settings: "Settings | None" = None, app: "App | None" = None) -> None:
        self._settings = settings
        self._app = app

    @property
    def settings(self) -> "Settings":
        if self._settings is None:
            from deployer.cli.render import warn
            from deployer.settings import load_settings

            self._settings = load_settings()
            for warning in self._settings.warnings:
                warn(warning)
        return self._settings

    @property
    def app(self) -> "App":
        if self._app is None:
            from deployer.app import App

            self._app = App.from_settings(self.settings)
        return self._app

    def close(self) -> None:
        if self._app is not None:
            self._app.close()


def current_session() -> Session:
    """The session of this run; tests pass theirs as click's `obj`."""
    root = click.get_current_context().find_root()
    if not isinstance(root.obj, Session):
        root.obj = Session()
        root.call_on_close(root.obj.close)
    return root.obj


def pass_app(function: Callable[Concatenate["App", P], R]) -> Callable[P, R]:
    """Give the command the application as its first argument."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(current_session().app, *args, **kwargs)

    return call


def pass_settings(function: Callable[Concatenate["Settings", P], R]) -> Callable[P, R]:
    """Give the command the settings as its first argument."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(current_session().settings, *args, **kwargs)

    return call


def finish(code: int) -> None:
    """End the command with this exit code; 0 returns."""
    if code:
        click.get_current_context().exit(code)


def person() -> str:
    """Who acts, as the journal names them: the account of the shell, and how."""
    import getpass
    import os

    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = f"uid {os.getuid()}" if hasattr(os, "getuid") else "somebody"
    return f"{name} (command line)"
