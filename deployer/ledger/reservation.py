"""Reservations: of two starts at once that fit only singly, one is refused."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.dialects.sqlite import insert

from deployer.domain.money import Money
from deployer.errors import DeployerError
from deployer.ledger.codec import to_instant, to_micros, to_money, to_nano
from deployer.ledger.schema import reservation, settlement
from deployer.ledger.statement import Connection, Statement
from deployer.ledger.store import Store
from deployer.ports.ledger import Reservation, ReservationRefusal, ReservationRequest

_settled = exists(select(settlement.c.reservation_id).where(settlement.c.reservation_id == reservation.c.id))
_HELD = Statement(
    select(func.coalesce(func.sum(reservation.c.nano), 0).label("nano")).where(
        reservation.c.policy == bindparam("policy"),
        reservation.c.period_start == bindparam("period_start"),
        reservation.c.period_end == bindparam("period_end"),
        reservation.c.currency == bindparam("currency"),
        ~_settled,
    )
)
_other = reservation.alias("other")
_newest = select(func.coalesce(func.max(_other.c.id), 0)).scalar_subquery()
_RECENT = 1000
_OPEN = Statement(select(reservation).where(reservation.c.id > _newest - _RECENT, ~_settled).order_by(reservation.c.id))
_RESERVE = Statement(insert(reservation))
_SETTLE = Statement(insert(settlement).on_conflict_do_nothing())
_ONE = Statement(select(reservation.c.id).where(reservation.c.id == bindparam("number")))


class _Refused(Exception):
    def __init__(self, answer: ReservationRefusal) -> None:
        self.answer = answer


class SqlReservations:
    """Implements `ports.Reservations`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def reserve(self, requests: Sequence[ReservationRequest]) -> tuple[Reservation, ...] | ReservationRefusal:
        try:
            with self._store.write() as connection:
                return tuple(_reserve(connection, request) for request in requests)
        except _Refused as refused:
            return refused.answer

    def open(self) -> tuple[Reservation, ...]:
        with self._store.read() as connection:
            return tuple(_reservation(row) for row in connection.rows(_OPEN))

    def settle(self, reservation_id: int, at: datetime, outcome: str) -> None:
        """End a reservation; one that has ended stays as it ended."""
        with self._store.write() as connection:
            if connection.first(_ONE, {"number": reservation_id}) is None:
                raise DeployerError(f"reservation {reservation_id} is not in the ledger")
            values = {"reservation_id": reservation_id, "at": to_micros(at), "outcome": outcome}
            connection.append(_SETTLE, values)


def _reserve(connection: Connection, request: ReservationRequest) -> Reservation:
    held = _held(connection, request)
    if not request.override and request.spent + held + request.amount > request.limit:
        raise _Refused(ReservationRefusal(request.policy, request.spent, held, request.amount, request.limit))
    number = connection.append(_RESERVE, _row(request))
    return Reservation(number, request.policy, request.amount, request.subject.key, request.at)


def _reservation(row: Any) -> Reservation:
    return Reservation(row.id, row.policy, to_money(row.nano, row.currency), row.subject, to_instant(row.at))


def _held(connection: Connection, request: ReservationRequest) -> Money:
    """What is reserved under the policy for the same period, those of this very call included."""
    currency = request.limit.currency
    values = {
        "policy": request.policy,
        "period_start": to_micros(request.period.start),
        "period_end": to_micros(request.period.end),
        "currency": currency,
    }
    return to_money(connection.first(_HELD, values).nano, currency)


def _row(request: ReservationRequest) -> dict[str, Any]:
    return {
        "policy": request.policy,
        "period_start": to_micros(request.period.start),
        "period_end": to_micros(request.period.end),
        "subject": request.subject.key,
        "nano": to_nano(request.amount),
        "currency": request.amount.currency,
        "at": to_micros(request.at),
        "override": request.override,
    }
