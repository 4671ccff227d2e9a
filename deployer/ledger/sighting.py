"""Appends what a sweep saw, and keeps track of which deployments are believed alive.

A sighting is stored when a deployment is first seen, changes, or is gone; a sweep that saw the
same as before adds one row to `sweep` and nothing else. That is enough to tell what was there at
any instant, and a year of hourly sweeps stays small.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from deployer.domain.deployment import Deployment
from deployer.domain.snapshot import Gone, Snapshot, Tracked
from deployer.domain.subject import Subject
from deployer.ledger.codec import to_deployment, to_instant, to_json, to_micros
from deployer.ledger.register import Instance, correct, register
from deployer.ledger.schema import sighting, subject, sweep, tracked
from deployer.ledger.statement import Connection, Statement

COMPLETE, INCOMPLETE = "complete", "incomplete"
"""How `usage_state` begins; the cause stands behind the second."""

_SWEEP = Statement(insert(sweep))
_SIGHTING = Statement(insert(sighting))
_ALIVE = Statement(
    select(subject.c.key, subject.c.instance, tracked)
    .join(subject, subject.c.id == tracked.c.subject_id)
    .where(tracked.c.gone_at.is_(None))
)
_PAST = Statement(
    select(subject.c.key, subject.c.instance, tracked)
    .join(subject, subject.c.id == tracked.c.subject_id)
    .where(tracked.c.gone_at >= bindparam("since"))
    .order_by(tracked.c.gone_at, tracked.c.subject_id)
)
_track = insert(tracked)
_TRACK = Statement(
    _track.on_conflict_do_update(
        index_elements=[tracked.c.subject_id],
        set_={"document": _track.excluded.document, "last_seen": _track.excluded.last_seen, "gone_at": None},
    )
)
_of_row = update(tracked).where(tracked.c.subject_id == bindparam("row"))
_SEEN = Statement(_of_row.where(tracked.c.last_seen < bindparam("at")).values(last_seen=bindparam("at")))
_GONE = Statement(_of_row.values(gone_at=bindparam("at")))
_DOCUMENT = Statement(_of_row.values(document=bindparam("new")))


@dataclass(frozen=True)
class Known:
    """What the ledger holds of one instance that it believes alive."""

    row: int
    instance: str
    document: str
    accrued_to: int
    usage_state: str
    usage_to: int | None


def read_alive(connection: Connection) -> dict[str, Known]:
    """Those believed alive, by `DeploymentId.key`."""
    return {
        row.key: Known(row.subject_id, row.instance, row.document, row.accrued_to, row.usage_state, row.usage_to)
        for row in connection.rows(_ALIVE)
    }


def read_tracked(connection: Connection) -> dict[str, Tracked]:
    return {row.key: _tracked(row) for row in connection.rows(_ALIVE)}


def read_gone(connection: Connection, since: datetime) -> tuple[Gone, ...]:
    rows = connection.rows(_PAST, {"since": to_micros(since)})
    return tuple(Gone(_tracked(row), to_instant(row.gone_at)) for row in rows)


def _tracked(row: Any) -> Tracked:
    return Tracked(
        deployment=to_deployment(row.document),
        instance=row.instance,
        first_seen=to_instant(row.first_seen),
        last_seen=to_instant(row.last_seen),
        accrued_to=to_instant(row.accrued_to),
        used_to=None if row.usage_to is None else to_instant(row.usage_to),
    )


def read_unread(connection: Connection) -> dict[str, datetime]:
    """Since when the usage of what is alive could not be read as a whole, by key; only where it cannot now."""
    return {
        row.key: to_instant(row.first_seen if row.usage_to is None else row.usage_to)
        for row in connection.rows(_ALIVE)
        if row.usage_state.startswith(INCOMPLETE)
    }


def append_sweep(connection: Connection, snapshot: Snapshot) -> int:
    """One row about the sweep itself; its number."""
    values = {
        "as_of": to_micros(snapshot.as_of),
        "complete": snapshot.complete,
        "accounts": len(snapshot.accounts),
        "deployments": len(snapshot.deployments),
        "gaps": to_json(snapshot.gaps),
        "unread": to_json(sorted(snapshot.unread)),
    }
    return connection.append(_SWEEP, values)


def append_sightings(
    connection: Connection, sweep_id: int, snapshot: Snapshot, alive: Mapping[str, Known], gone: Iterable[str]
) -> dict[Instance, int]:
    """Record what changed; the row numbers of all that was seen."""
    at = to_micros(snapshot.as_of)
    seen = {one.id.key: one for one in snapshot.deployments}
    documents = {key: to_json(one) for key, one in seen.items()}
    instances = {key: _instance(one, alive.get(key)) for key, one in seen.items()}
    same = {key for key, instance in instances.items() if key in alive and alive[key].instance == instance}
    changed = [key for key in same if alive[key].document != documents[key]]
    fresh = [key for key in seen if key not in same]
    ended = [alive[key] for key in (*fresh, *(key for key in gone if key not in seen)) if key in alive]

    rows = register(connection, {(key, instances[key]): Subject.of(seen[key]) for key in fresh})
    ids = {(key, instances[key]): alive[key].row for key in same} | rows
    correct(connection, {ids[key, instances[key]]: Subject.of(seen[key]) for key in (*changed, *fresh)})
    _end(connection, sweep_id, ended, at)
    _start(
        connection,
        sweep_id,
        [(rows[key, instances[key]], seen[key], documents[key], alive.get(key)) for key in fresh],
        at,
    )
    _change(connection, sweep_id, [(alive[key].row, documents[key]) for key in changed], at)
    connection.for_each(_SEEN, [{"row": alive[key].row, "at": at} for key in same])
    return ids


def _instance(deployment: Deployment, known: Known | None) -> str:
    """The instance that is seen; one that shows no creation time is taken for the one on record."""
    return deployment.instance or (known.instance if known else "")


def _end(connection: Connection, sweep_id: int, ended: Sequence[Known], at: int) -> None:
    connection.for_each(_GONE, [{"row": known.row, "at": at} for known in ended])
    connection.for_each(_SIGHTING, [_event(sweep_id, known.row, "gone", "") for known in ended])


def _start(
    connection: Connection, sweep_id: int, started: Sequence[tuple[int, Deployment, str, Known | None]], at: int
) -> None:
    connection.for_each(_TRACK, [_tracking(row, one, document, known, at) for row, one, document, known in started])
    connection.for_each(_SIGHTING, [_event(sweep_id, row, "seen", document) for row, _, document, _ in started])


def _tracking(row: int, deployment: Deployment, document: str, known: Known | None, at: int) -> dict[str, Any]:
    """A new row; it goes on from the record of the same thing whose creation time was not known yet."""
    continued = known.accrued_to if known and not known.instance else None
    created = to_micros(deployment.created_at) if deployment.created_at else at
    return {
        "subject_id": row,
        "document": document,
        "first_seen": at,
        "last_seen": at,
        "accrued_to": created if continued is None else continued,
        "gone_at": None,
        "usage_state": "",
        "usage_to": None,
    }


def _change(connection: Connection, sweep_id: int, changed: Sequence[tuple[int, str]], at: int) -> None:
    connection.for_each(_DOCUMENT, [{"row": row, "new": document} for row, document in changed])
    connection.for_each(_SIGHTING, [_event(sweep_id, row, "changed", document) for row, document in changed])


def _event(sweep_id: int, row: int, event: str, document: str) -> dict[str, Any]:
    return {"sweep_id": sweep_id, "subject_id": row, "event": event, "document": document}
