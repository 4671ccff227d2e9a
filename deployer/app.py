"""The composition root: the one place that puts concrete adapters behind the ports.

Everything is built when it is first asked for, so a command pays only for what it uses.
"""

import os
import platform
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployer.clock import Clock, SystemClock
from deployer.errors import DeployerError, InvalidFile, Problem
from deployer.settings import Settings, prepare_home, trust_everywhere

if TYPE_CHECKING:
    from deployer.domain.deployment import Account
    from deployer.guard.context import GuardContext
    from deployer.policy.document import PolicySet
    from deployer.ports.cloud import Connection, Provider, ProviderPlugin
    from deployer.ports.ledger import Ledger
    from deployer.ports.notifier import Notifier
    from deployer.spend.price import PriceBook

PLUGINS = "deployer.providers"
BUILT_IN = {"azure": "deployer.providers.azure:connect", "openai": "deployer.providers.openai:connect"}
"""What the package's metadata declares too; used where it is missing (a source folder on the path)."""


class App:
    """The application of one process, with its adapters."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        if clock is not None:
            self.clock = clock

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock | None = None) -> "App":
        return cls(settings, clock)

    @cached_property
    def clock(self) -> Clock:
        if not self.settings.clock_url:
            return SystemClock()
        from deployer.remoteclock import RemoteClock

        return RemoteClock(self.settings.clock_url, self.settings.any_ca_bundle)

    @cached_property
    def providers(self) -> "Mapping[str, Provider]":
        """The clouds that are configured, by name."""
        connection = self.connection
        found = {name: _connected(name, load, connection, self.clock) for name, load in _plugins().items()}
        return {name: provider for name, provider in sorted(found.items()) if provider is not None}

    @cached_property
    def connection(self) -> "Connection":
        from deployer.ports.cloud import Connection

        settings = self.settings
        cache, bundle = settings.home / "cache", str(settings.ca_bundle or "")
        return Connection(
            settings.vendor(), ca_bundle=bundle, scrub=settings.scrub, cache=cache, written=self._accounts_written
        )

    def _accounts_written(self) -> "tuple[Account, ...]":
        """What the ledger knows to be alive, by account; none is made, and none that cannot be read is missed."""
        from deployer.ledger.opening import database_path

        with suppress(DeployerError):  # who needs the ledger is told by what needs it
            if database_path(self.settings.database_url.reveal()).exists():
                return tuple(known.deployment.account for known in self.ledger.readings.tracked().values())
        return ()

    @cached_property
    def ledger(self) -> "Ledger":
        return self.open_ledger(read_only=self.ledger_is_read_only)

    def open_ledger(self, *, read_only: bool = False) -> "Ledger":
        """Open the ledger; one of our own making is readable by its owner only."""
        from deployer.ledger import open_ledger

        if self.settings.own_database and not read_only:
            _create_private(prepare_home(self.settings.home), self.settings.ledger_file)
        return open_ledger(self.settings.database_url.reveal(), clock=self.clock, read_only=read_only)

    @cached_property
    def ledger_is_read_only(self) -> bool:
        """Whether our own ledger file exists and may only be read."""
        path = self.settings.ledger_file
        return self.settings.own_database and path.exists() and not os.access(path, os.W_OK)

    @cached_property
    def book(self) -> "PriceBook":
        from deployer import pricebook

        return pricebook.load()

    @cached_property
    def policies(self) -> "PolicySet":
        """The policies in force. Raises InvalidFile when there are none: a missing file is no decision."""
        from deployer.policy.load import load_policies

        if not self.settings.policies.exists():
            raise InvalidFile(
                (Problem("DEPLOYER_POLICIES", f"there is no {self.settings.policies}", "a policy file or folder"),),
                next_step="run `deployer init` to write example policies, or set DEPLOYER_POLICIES",
            )
        return load_policies(self.settings.policies)

    @cached_property
    def policies_if_any(self) -> "PolicySet":
        """The policies in force, none when no file exists; an invalid file is an error all the same."""
        from deployer.policy.document import PolicySet

        if not self.settings.policies.exists():
            return PolicySet(source=str(self.settings.policies))
        return self.policies

    @cached_property
    def notifier(self) -> "Notifier":
        from deployer.notify.channel import open_notifier

        trust_everywhere(self.settings)
        return open_notifier([url.reveal() for url in self.settings.notify_urls], scrub=self.settings.scrub)

    def guard_context(self, *, policies_needed: bool = True) -> "GuardContext":
        """What the guard's use cases stand on; without `policies_needed`, no policies are as good as empty ones."""
        from deployer.guard.context import GuardContext

        return GuardContext(
            providers=self.providers,
            ledger=self.ledger,
            book=self.book,
            policies=self.policies if policies_needed else self.policies_if_any,
            notifier=self.notifier,
            clock=self.clock,
            verify_seconds=self.settings.verify_seconds,
            holder=platform.node() or "guard",
            locks=self.settings.home / "locks",
            read_only=self.ledger_is_read_only,
        )

    def role_definition(self, role: str) -> "Mapping[str, Any]":
        """The least that Azure must allow for `role`, assignable in the configured subscriptions."""
        from deployer.providers.azure.role import definition

        subscriptions = self.settings.get("AZURE_SUBSCRIPTION_ID").split(",")
        return definition(role, [one.strip() for one in subscriptions if one.strip()])

    def close(self) -> None:
        """Close what was opened."""
        opened = vars(self)
        for name in ("ledger", "clock"):
            close = getattr(opened.get(name), "close", None)
            if close is not None:
                close()


def _create_private(home: Path, ledger: Path) -> None:
    try:
        os.close(os.open(ledger, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        raise InvalidFile(
            (Problem("DEPLOYER_HOME", f"cannot write {ledger}: {error.strerror}", "a folder that you may write"),),
            next_step=f"give yourself the right to write in {home}, or set DEPLOYER_HOME",
        ) from error


# --- plug-ins ---------------------------------------------------------------------------------


def _plugins() -> "dict[str, Callable[[], ProviderPlugin]]":
    """Every provider's loader by name: what is installed, over what is built in."""
    from importlib.metadata import EntryPoint, entry_points

    points = {name: EntryPoint(name, value, PLUGINS) for name, value in BUILT_IN.items()}
    points |= {point.name: point for point in entry_points(group=PLUGINS)}
    return {name: point.load for name, point in points.items()}


def _connected(
    name: str, load: "Callable[[], ProviderPlugin]", connection: "Connection", clock: Clock
) -> "Provider | None":
    try:
        return load()(connection, clock)
    except DeployerError:
        raise
    except Exception as error:
        raise DeployerError(
            f"the provider {name!r} cannot be loaded: {type(error).__name__}: {error}",
            next_step=f"reinstall or remove the package that provides {name!r} in the group {PLUGINS!r}",
        ) from error
