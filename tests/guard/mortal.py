"""Adapters that end the guard at a chosen call, to see what the next start makes of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from deployer.guard.context import GuardContext

CALLS = {"intend", "step", "create", "delete", "scale", "pause", "read", "record", "reserve", "settle"}
"""The calls of which an act consists: on the journal, the cloud, the readings and the reservations."""


class Deadline:
    """Counts the points and calls `end` at one of them; 0 is never."""

    def __init__(self, fatal: int, end: Callable[[], None]) -> None:
        self.fatal = fatal
        self.end = end
        self.passed = 0

    def point(self) -> None:
        self.passed += 1
        if self.passed == self.fatal:
            self.end()


class Mortal:
    """Stands before an adapter and passes a point before each call that counts."""

    def __init__(self, adapter: Any, deadline: Deadline) -> None:
        self._adapter = adapter
        self._deadline = deadline

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._adapter, name)
        if name in {"journal", "readings", "reservations", "inventory", "deployments"}:
            return Mortal(value, self._deadline)
        return self._counted(value) if name in CALLS else value

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self._deadline.point()
            return call(*args, **kwargs)

        return counted


def mortal(context: GuardContext, deadline: Deadline) -> GuardContext:
    """The same guard, about to end."""
    providers: dict[str, Any] = {name: Mortal(one, deadline) for name, one in context.providers.items()}
    ledger: Any = Mortal(context.ledger, deadline)
    return replace(context, ledger=ledger, providers=providers)
