"""The journal: the intent of every act, durable before anything is done, and each step after it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.dialects.sqlite import insert

from deployer.domain.act import Act, ActKind, Phase, Step
from deployer.errors import DeployerError
from deployer.ledger.codec import from_json, to_instant, to_json, to_micros
from deployer.ledger.schema import ENDED_ONLY, act, step
from deployer.ledger.statement import Connection, Statement, among, listed
from deployer.ledger.store import Store

_ACT = Statement(insert(act))
_STEP = Statement(insert(step))
_ended = exists(select(step.c.id).where(step.c.act_id == act.c.id, ENDED_ONLY))
_OPEN = Statement(select(act).where(act.c.id > bindparam("ended_to"), ~_ended).order_by(act.c.id))
_LAST = Statement(select(func.max(act.c.id).label("id")))
_NEWEST = Statement(select(act).order_by(act.c.id.desc()).limit(bindparam("limit")))
_ONE = Statement(select(act).where(act.c.id == bindparam("number")))
_STEPS = Statement(select(step).where(among(step.c.act_id, "acts")).order_by(step.c.id))


class SqlJournal:
    """Implements `ports.Journal`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ended_to = 0
        """All acts up to this one have ended, and what has ended stays so."""

    def intend(
        self,
        kind: ActKind,
        subject: str,
        instance: str,
        who: str,
        reason: str,
        body: Mapping[str, Any],
        numbers: Mapping[str, str],
        at: datetime,
    ) -> Act:
        values = {
            "kind": kind.value,
            "subject": subject,
            "instance": instance,
            "who": who,
            "reason": reason,
            "body": to_json(body),
            "numbers": to_json(numbers),
            "at": to_micros(at),
        }
        with self._store.write() as connection:
            number = connection.append(_ACT, values)
            _append(connection, number, Phase.INTENT, at, "")
        return Act(number, kind, subject, instance, who, reason, body, numbers, (Step(Phase.INTENT, at),))

    def step(self, act_id: int, phase: Phase, at: datetime, detail: str = "") -> None:
        """Append a step. An act that ended stays ended: the same end again is no step, another one is an error."""
        with self._store.write() as connection:
            found = _acts(connection, connection.rows(_ONE, {"number": act_id}))
            if not found:
                raise DeployerError(f"act {act_id} is not in the journal", next_step="see `deployer journal list`")
            if not found[0].phase.final:
                _append(connection, act_id, phase, at, detail)
            elif found[0].phase is not phase:
                ended = found[0].phase
                raise DeployerError(f"act {act_id} has ended as {ended}; it cannot become {phase}")

    def unfinished(self) -> tuple[Act, ...]:
        with self._store.read() as connection:
            last = connection.first(_LAST).id or 0
            found = _acts(connection, connection.rows(_OPEN, {"ended_to": self._ended_to}))
        self._ended_to = found[0].id - 1 if found else last
        return found

    def acts(self, limit: int = 100) -> tuple[Act, ...]:
        with self._store.read() as connection:
            return _acts(connection, connection.rows(_NEWEST, {"limit": limit}))

    def act(self, act_id: int) -> Act | None:
        with self._store.read() as connection:
            return next(iter(_acts(connection, connection.rows(_ONE, {"number": act_id}))), None)


def _append(connection: Connection, act_id: int, phase: Phase, at: datetime, detail: str) -> None:
    connection.append(_STEP, {"act_id": act_id, "phase": phase.value, "at": to_micros(at), "detail": detail})


def _acts(connection: Connection, rows: list[Any]) -> tuple[Act, ...]:
    steps: dict[int, list[Step]] = {row.id: [] for row in rows}
    for row in connection.rows(_STEPS, {"acts": listed(steps)}) if steps else ():
        steps[row.act_id].append(Step(Phase(row.phase), to_instant(row.at), row.detail))
    return tuple(_act(row, tuple(steps[row.id])) for row in rows)


def _act(row: Any, steps: tuple[Step, ...]) -> Act:
    return Act(
        id=row.id,
        kind=ActKind(row.kind),
        subject=row.subject,
        instance=row.instance,
        who=row.who,
        reason=row.reason,
        body=from_json(row.body),
        numbers=from_json(row.numbers),
        steps=steps,
    )
