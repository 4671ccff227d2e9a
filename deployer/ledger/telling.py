"""What was told before: the latest warning of each deployment and rule, and the alerts that reached somebody.

What was told is only ever appended, so each row is looked at once by a process: a guard that has
warned for years reads the same few new rows an hour as one that began yesterday.
"""

import threading
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select

from deployer.domain.plan import ActionKind, Warned
from deployer.ledger.codec import to_instant
from deployer.ledger.schema import told
from deployer.ledger.statement import Connection, Statement

MEMORY = timedelta(days=800)
"""How far back warnings and alerts are remembered: longer than two of the longest budget periods."""

Warnings = dict[tuple[str, str, str, str], Warned]
"""By (DeploymentId.key, instance, policy, rule)."""
Alerts = frozenset[tuple[str, str]]
"""As (policy, episode)."""

_COLUMNS = ("id", "kind", "policy", "rule", "key", "instance", "episode", "at", "delivered")
_NEWER = Statement(
    select(*(told.c[name] for name in _COLUMNS)).where(told.c.id > bindparam("last")).order_by(told.c.id)
)


class Telling:
    """What one process has seen so far. Safe to share over threads."""

    def __init__(self) -> None:
        self._last = 0
        self._warnings: Warnings = {}
        self._alerts: dict[tuple[str, str], datetime] = {}
        self._lock = threading.Lock()

    def read(self, connection: Connection, now: datetime) -> tuple[Warnings, Alerts]:
        """As of `now`; an alert that reached nobody is not in it, because it is to be told again."""
        since = now - MEMORY
        with self._lock:
            for row in connection.rows(_NEWER, {"last": self._last}):
                self._note(row, to_instant(row.at))
                self._last = row.id
            warnings = {name: warned for name, warned in self._warnings.items() if warned.at >= since}
            return warnings, frozenset(name for name, at in self._alerts.items() if at >= since)

    def _note(self, row: Any, at: datetime) -> None:
        """The latest counts, whichever of two machines wrote it down first."""
        if row.kind == ActionKind.WARN.value:
            name = (row.key, row.instance, row.policy, row.rule)
            known = self._warnings.get(name)
            if known is None or known.at <= at:
                self._warnings[name] = Warned(at, row.episode, bool(row.delivered))
        elif row.delivered:
            episode = (row.policy, row.episode)
            self._alerts[episode] = max(at, self._alerts.get(episode, at))
