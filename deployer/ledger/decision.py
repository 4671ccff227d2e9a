"""What was told, protected, paused and concluded: the memory that the next decision reads."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.dialects.sqlite import insert

from deployer.domain.act import ActKind, Phase
from deployer.domain.plan import Action, History
from deployer.domain.subject import Subject
from deployer.ledger.codec import from_json, to_instant, to_json, to_micros
from deployer.ledger.resumption import Resumptions
from deployer.ledger.schema import act, outcome, pause, protection, step, told
from deployer.ledger.sighting import read_unread
from deployer.ledger.statement import Statement
from deployer.ledger.store import Store
from deployer.ledger.telling import Telling

_TOLD = Statement(insert(told))
_withdrawn = exists(select(step.c.id).where(step.c.act_id == act.c.id, step.c.phase == Phase.WITHDRAWN.value))
_ACTS = Statement(
    select(func.count().label("acts")).where(
        act.c.at >= bindparam("since"), act.c.kind == ActKind.UNDEPLOY.value, act.c.who.like("policy %"), ~_withdrawn
    )
)
_PROTECT = Statement(insert(protection))
_latest = select(func.max(protection.c.id)).group_by(protection.c.key)
_PROTECTED = Statement(select(protection.c.key).where(protection.c.id.in_(_latest), protection.c.protected))
_PAUSE = Statement(insert(pause))
_PAUSED = Statement(select(pause.c.paused).order_by(pause.c.id.desc()).limit(1))
_OUTCOME = Statement(insert(outcome))
_LAST = Statement(select(outcome.c.at, outcome.c.summary).order_by(outcome.c.id.desc()).limit(1))


class SqlDecisions:
    """Implements `ports.Decisions`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._resumptions = Resumptions()
        self._telling = Telling()

    def history(self, now: datetime) -> History:
        """What the ledger remembers at `now`. `acts_today` are undeploys by policy; a person's are not limited."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        with self._store.read() as connection:
            warnings, alerts = self._telling.read(connection, now)
            acts = connection.first(_ACTS, {"since": to_micros(midnight)}).acts
            protected = frozenset(row.key for row in connection.rows(_PROTECTED))
            paused = connection.first(_PAUSED)
            unread, resumed = read_unread(connection), self._resumptions.read(connection)
        return History(warnings, alerts, acts, protected, bool(paused and paused.paused), unread, resumed)

    def record_told(self, action: Action, at: datetime, delivered: bool) -> None:
        subject = Subject.of(action.target) if action.target else None
        values = {
            "kind": action.kind.value,
            "policy": action.policy,
            "rule": action.rule,
            "key": subject.key if subject else "",
            "instance": subject.instance if subject else "",
            "episode": action.episode,
            "reason": action.reason,
            "numbers": to_json(action.numbers),
            "due": to_micros(action.due),
            "at": to_micros(at),
            "delivered": delivered,
        }
        with self._store.write() as connection:
            connection.append(_TOLD, values)

    def protect(self, key: str, protected: bool, who: str, reason: str, at: datetime) -> None:
        values = {"key": key.lower(), "protected": protected, "who": who, "reason": reason, "at": to_micros(at)}
        with self._store.write() as connection:
            connection.append(_PROTECT, values)

    def pause(self, paused: bool, who: str, at: datetime) -> None:
        with self._store.write() as connection:
            connection.append(_PAUSE, {"paused": paused, "who": who, "at": to_micros(at)})

    def record_sweep(self, at: datetime, summary: Mapping[str, Any]) -> None:
        with self._store.write(lasting=False) as connection:
            connection.append(_OUTCOME, {"at": to_micros(at), "summary": to_json(summary)})

    def last_sweep(self) -> tuple[datetime, Mapping[str, Any]] | None:
        with self._store.read() as connection:
            row = connection.first(_LAST)
        return (to_instant(row.at), from_json(row.summary)) if row else None
