"""When each deployment that is alive last began to take calls again after a pause.

The journal knows what was resumed from here. What somebody resumed elsewhere shows between two sweeps: it was
seen paused, and then it was not; the later sweep is taken for the instant.
"""

from datetime import datetime

from sqlalchemy import func, select

from deployer.domain.act import ActKind, Phase
from deployer.ledger.codec import to_deployment, to_instant
from deployer.ledger.schema import act, sighting, step, subject, sweep, tracked
from deployer.ledger.statement import Connection, Statement

_DONE = Statement(
    select(act.c.subject, act.c.instance, func.max(step.c.at).label("at"))
    .join(step, step.c.act_id == act.c.id)
    .where(act.c.kind == ActKind.RESUME.value, step.c.phase == Phase.DONE.value)
    .group_by(act.c.subject, act.c.instance)
)
_alive = select(tracked.c.subject_id).where(tracked.c.gone_at.is_(None))
_once_paused = select(sighting.c.subject_id).where(
    sighting.c.subject_id.in_(_alive), sighting.c.document.like('%"state":"Paused"%')
)
_SEEN = Statement(
    select(subject.c.key, subject.c.instance, sighting.c.document, sweep.c.as_of)
    .join(subject, subject.c.id == sighting.c.subject_id)
    .join(sweep, sweep.c.id == sighting.c.sweep_id)
    .where(sighting.c.subject_id.in_(_once_paused), sighting.c.document != "")
    .order_by(sighting.c.id)
)


def read_resumed(connection: Connection) -> dict[tuple[str, str], datetime]:
    """By (DeploymentId.key, instance)."""
    found = _seen_resumed(connection)
    for row in connection.rows(_DONE):
        name, at = (row.subject, row.instance), to_instant(row.at)
        found[name] = max(at, found.get(name, at))
    return found


def _seen_resumed(connection: Connection) -> dict[tuple[str, str], datetime]:
    paused: dict[tuple[str, str], bool] = {}
    found: dict[tuple[str, str], datetime] = {}
    for row in connection.rows(_SEEN):
        name, now_paused = (row.key, row.instance), to_deployment(row.document).paused
        if paused.get(name) and not now_paused:
            found[name] = to_instant(row.as_of)
        paused[name] = now_paused
    return found
