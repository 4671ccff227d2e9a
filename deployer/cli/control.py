"""Reaching the sandbox that runs for this state folder, its refusals as errors for people."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.errors import DeployerError, InvalidFile, InvalidUsage, Problem

if TYPE_CHECKING:
    from deployer.sandbox.client import SandboxClient


@contextmanager
def told() -> Iterator[None]:
    """What the sandbox says, as an error for people."""
    from deployer.sandbox.client import SandboxError
    from deployer.sandbox.trace import InvalidTrace

    try:
        yield
    except SandboxError as error:
        raise DeployerError(str(error)) from error
    except InvalidTrace as error:
        raise InvalidFile((Problem(error.where, error.seen),)) from error
    except ValueError as error:
        raise InvalidUsage(str(error)) from error


@contextmanager
def control() -> "Iterator[SandboxClient]":
    """A client of the running sandbox, found by the state folder."""
    from deployer.sandbox.client import SandboxClient, SandboxError
    from deployer.settings import load_home

    try:
        client = SandboxClient.find(load_home())
    except SandboxError as error:
        raise DeployerError(str(error), next_step="start one with `deployer sandbox up`") from error
    with told():
        try:
            yield client
        finally:
            client.close()


def refuse_second(home: Path) -> None:
    """Raises InvalidUsage when a sandbox answers already for this state folder."""
    from deployer.sandbox.client import SandboxClient, SandboxError

    try:
        client = SandboxClient.find(home)
    except SandboxError:
        return
    try:
        client.now()
    except (SandboxError, OSError):
        return
    finally:
        client.close()
    raise InvalidUsage(f"a sandbox already runs at {client.url}", next_step="end it, or set another DEPLOYER_HOME")
