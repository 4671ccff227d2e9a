"""The ledger as the use cases see it: four parts and its leases, on one store."""

from datetime import datetime

from sqlalchemy import bindparam, delete, or_
from sqlalchemy.dialects.sqlite import insert

from deployer.ledger.codec import to_micros
from deployer.ledger.decision import SqlDecisions
from deployer.ledger.journal import SqlJournal
from deployer.ledger.reading import SqlReadings
from deployer.ledger.reservation import SqlReservations
from deployer.ledger.schema import lease
from deployer.ledger.statement import Statement
from deployer.ledger.store import Store
from deployer.ports.ledger import Decisions, Journal, Readings, Reservations

_lease = insert(lease)
_TAKE = Statement(
    _lease.on_conflict_do_update(
        index_elements=[lease.c.name],
        set_={"holder": _lease.excluded.holder, "until": _lease.excluded.until},
        where=or_(lease.c.holder == _lease.excluded.holder, lease.c.until <= bindparam("now")),
    )
)
_RELEASE = Statement(delete(lease).where(lease.c.name == bindparam("which"), lease.c.holder == bindparam("who")))


class SqlLedger:
    """Implements `ports.Ledger`."""

    readings: Readings
    journal: Journal
    decisions: Decisions
    reservations: Reservations

    def __init__(self, store: Store) -> None:
        self._store = store
        self.readings = SqlReadings(store)
        self.journal = SqlJournal(store)
        self.decisions = SqlDecisions(store)
        self.reservations = SqlReservations(store)

    @property
    def read_only(self) -> bool:
        return self._store.read_only

    def lease(self, name: str, holder: str, at: datetime, seconds: float) -> bool:
        now = to_micros(at)
        values = {"name": name, "holder": holder, "until": now + int(seconds * 1_000_000), "now": now}
        with self._store.write(lasting=False) as connection:
            return connection.change(_TAKE, values) == 1

    def release(self, name: str, holder: str) -> None:
        with self._store.write(lasting=False) as connection:
            connection.change(_RELEASE, {"which": name, "who": holder})

    def close(self) -> None:
        self._store.close()
