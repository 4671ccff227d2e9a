"""When each deployment that is alive last began to take calls again after a pause.

The journal knows what was resumed from here. What somebody resumed elsewhere shows between two sweeps: it was
seen paused, and then it was not; the later sweep is taken for the instant. Sightings are only ever appended, so
each is looked at once by a process.
"""

import threading
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from deployer.domain.act import ActKind, Phase
from deployer.ledger.codec import to_instant
from deployer.ledger.schema import act, sighting, step, subject, sweep
from deployer.ledger.statement import Connection, Statement

Name = tuple[str, str]
"""`DeploymentId.key` and instance."""

_ended = select(func.max(step.c.at)).where(step.c.act_id == act.c.id, step.c.phase == Phase.DONE.value)
_DONE = Statement(
    select(act.c.subject, act.c.instance, _ended.scalar_subquery().label("at")).where(
        act.c.kind == ActKind.RESUME.value
    )
)
"""Not joined: SQLite would go through all steps of all acts, and there are few acts of this kind."""
_paused = func.instr(sighting.c.document, '"state":"Paused"') > 0
_looked = (
    select(sighting.c.id, subject.c.key, subject.c.instance, sighting.c.event, _paused.label("paused"), sweep.c.as_of)
    .join(subject, subject.c.id == sighting.c.subject_id)
    .join(sweep, sweep.c.id == sighting.c.sweep_id)
    .order_by(sighting.c.id)
)
_ALL = Statement(_looked.where(sighting.c.subject_id.in_(select(sighting.c.subject_id).where(_paused))))
_NEWER = Statement(_looked.where(sighting.c.id > bindparam("last")))
_LAST = Statement(select(func.max(sighting.c.id).label("last")))


class Resumptions:
    """What one process has seen so far. Safe to share over threads."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._paused: set[Name] = set()
        self._resumed: dict[Name, datetime] = {}
        self._lock = threading.Lock()

    def read(self, connection: Connection) -> dict[Name, datetime]:
        with self._lock:
            self._look(connection)
            found = dict(self._resumed)
        for row in connection.rows(_DONE):
            if row.at is not None:
                name, at = (row.subject, row.instance), to_instant(row.at)
                found[name] = max(at, found.get(name, at))
        return found

    def _look(self, connection: Connection) -> None:
        last = connection.first(_LAST).last or 0
        if self._last is None:
            rows = connection.rows(_ALL)
        elif last > self._last:
            rows = connection.rows(_NEWER, {"last": self._last})
        else:
            return
        for row in rows:
            self._note(row)
        self._last = last

    def _note(self, row: Any) -> None:
        name = (row.key, row.instance)
        if row.event == "gone":
            self._paused.discard(name)
            self._resumed.pop(name, None)
        elif row.paused:
            self._paused.add(name)
        elif name in self._paused:
            self._paused.discard(name)
            self._resumed[name] = to_instant(row.as_of)
