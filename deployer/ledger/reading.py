"""The ledger's readings: what sweeps saw, and what it cost."""

import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.sqlite import insert

from deployer.domain.charge import Bill, Charge, Meter
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.snapshot import Gone, Snapshot, Tracked
from deployer.domain.subject import Subject, SubjectSpend
from deployer.domain.usage import UsageReading
from deployer.errors import DeployerError
from deployer.ledger.charging import Basis, append, last_charge
from deployer.ledger.codec import to_instant, to_micros, to_money, to_nano
from deployer.ledger.entry import Entry, to_charge, to_entry
from deployer.ledger.metering import append_usage
from deployer.ledger.register import Instance, Sources, correct, find, instances_of, register
from deployer.ledger.schema import TOKENS_ONLY, bill, charge
from deployer.ledger.sighting import Known, append_sightings, append_sweep, read_alive, read_gone, read_tracked
from deployer.ledger.spending import read_charges, read_metered, read_spent
from deployer.ledger.statement import Connection, Statement
from deployer.ledger.store import Store

_TOKENS = Statement(
    select(charge.c.subject_id, charge.c.meter, charge.c.start, func.sum(charge.c.quantity).label("tokens"))
    .where(charge.c.start >= bindparam("start"), charge.c.start < bindparam("end"), TOKENS_ONLY)
    .group_by(charge.c.subject_id, charge.c.meter, charge.c.start)
)
_METERS = {meter.value: meter for meter in Meter}
_BILL = Statement(insert(bill))
_BILLS = Statement(
    select(bill).where(bill.c.day >= bindparam("start"), bill.c.day < bindparam("end")).order_by(bill.c.id)
)


class _Thread(threading.local):
    """What this thread saw last: the newest charge when it asked what had been charged."""

    looked: int | None = None


class SqlReadings:
    """Implements `ports.Readings`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sources = Sources()
        self._thread = _Thread()

    def record(self, snapshot: Snapshot, charges: Iterable[Charge], gone: Iterable[str]) -> None:
        entries = [to_entry(one) for one in charges]
        with self._store.write(lasting=False) as connection:
            alive = read_alive(connection)
            sweep_id = append_sweep(connection, snapshot)
            ids = append_sightings(connection, sweep_id, snapshot, alive, gone)
            _append_usage(connection, sweep_id, snapshot, ids, alive)
            ids |= _known(alive)
            ids |= _others(connection, entries, ids, alive, snapshot)
            accrued = {known.row: known.accrued_to for known in alive.values()}
            append(connection, entries, Basis(ids, accrued, self._thread.looked), self._sources)
            self._thread.looked = None

    def tracked(self) -> Mapping[str, Tracked]:
        with self._store.read() as connection:
            return read_tracked(connection)

    def gone(self, since: datetime) -> tuple[Gone, ...]:
        with self._store.read() as connection:
            return read_gone(connection, since)

    def record_gone(
        self, at: datetime, readings: Mapping[tuple[str, str], UsageReading], charges: Iterable[Charge]
    ) -> None:
        entries = [to_entry(one) for one in charges]
        with self._store.write(lasting=False) as connection:
            ids = find(connection, {*readings, *(entry.who for entry in entries)})
            sweep_id = append_sweep(connection, Snapshot(at))
            used = {ids[who]: one for who, one in readings.items()}
            settled = {row for row, one in used.items() if one.complete}
            append_usage(connection, sweep_id, used, {}, to_micros(at), settled)
            append(connection, entries, Basis(ids, {}, self._thread.looked), self._sources)
            self._thread.looked = None

    def charged_tokens(self, keys: Iterable[str], window: Period) -> Mapping[tuple[str, str, Meter, datetime], Decimal]:
        values = {"start": to_micros(window.start), "end": to_micros(window.end)}
        with self._store.read() as connection:
            rows = connection.rows(_TOKENS, values)
            who = instances_of(connection, keys) if rows else {}
            self._thread.looked = last_charge(connection)
        starts = {start: to_instant(start) for start in {row.start for row in rows}}
        return {
            (*who[subject_id], _METERS[meter], starts[start]): Decimal(tokens)
            for subject_id, meter, start, tokens in rows
            if subject_id in who
        }

    def spent(self, period: Period) -> tuple[SubjectSpend, ...]:
        with self._store.read() as connection:
            return read_spent(connection, period)

    def metered(self, period: Period) -> tuple[tuple[str, Money], ...]:
        with self._store.read() as connection:
            return read_metered(connection, period)

    def charges(self, period: Period) -> tuple[Charge, ...]:
        with self._store.read() as connection:
            return tuple(to_charge(entry) for entry in read_charges(connection, period))

    def record_subject(self, subject: Subject, charges: Iterable[Charge] = ()) -> None:
        entries = [to_entry(one) for one in charges]
        strangers = {entry.who[0] for entry in entries} - {subject.key}
        if strangers:
            raise ValueError(f"charges of {', '.join(sorted(strangers))} recorded under {subject.key}")
        who = {(subject.key, instance): subject for instance in {subject.instance, *(one.who[1] for one in entries)}}
        with self._store.write() as connection:
            ids = register(connection, who)
            correct(connection, dict.fromkeys(ids.values(), subject))
            append(connection, entries, Basis(ids), self._sources)

    def record_bills(self, bills: Iterable[Bill]) -> None:
        rows = [
            {
                "account": one.account,
                "day": to_micros(one.day),
                "meter": one.meter,
                "nano": to_nano(one.amount),
                "currency": one.amount.currency,
                "as_of": to_micros(one.as_of),
            }
            for one in bills
        ]
        if rows:
            with self._store.write() as connection:
                connection.for_each(_BILL, rows)

    def bills(self, period: Period) -> tuple[Bill, ...]:
        """The latest word of the vendor on each account, day and meter."""
        values = {"start": to_micros(period.start), "end": to_micros(period.end)}
        latest: dict[tuple[str, int, str, str], Bill] = {}
        with self._store.read() as connection:
            for row in connection.rows(_BILLS, values):
                amount = to_money(row.nano, row.currency)
                told = Bill(row.account, to_instant(row.day), row.meter, amount, to_instant(row.as_of))
                latest[row.account, row.day, row.meter, row.currency] = told
        return tuple(latest.values())


def _append_usage(
    connection: Connection, sweep_id: int, snapshot: Snapshot, ids: Mapping[Instance, int], alive: Mapping[str, Known]
) -> None:
    rows = {key: row for (key, _), row in ids.items()}
    readings = {rows[key]: reading for key, reading in snapshot.usage.items() if key in rows}
    known = {one.row: one for one in alive.values()}
    if readings:
        settled = {rows[one.id.key] for one in snapshot.deployments if snapshot.settled(one)}
        append_usage(connection, sweep_id, readings, known, to_micros(snapshot.as_of), settled)


def _known(alive: Mapping[str, Known]) -> dict[Instance, int]:
    return {(key, known.instance): known.row for key, known in alive.items()}


def _others(
    connection: Connection,
    entries: Iterable[Entry],
    ids: Mapping[Instance, int],
    alive: Mapping[str, Known],
    snapshot: Snapshot,
) -> dict[Instance, int]:
    """Rows of charged instances that are neither alive nor seen now: earlier ones, or an earlier life of a name."""
    missing = {entry.who for entry in entries if entry.who not in ids}
    found = find(connection, missing)
    strangers = missing - found.keys()
    if not strangers:
        return found
    seen = {one.id.key: Subject.of(one) for one in snapshot.deployments}
    unknown = sorted(key for key, _ in strangers if key not in seen)
    if unknown:
        raise DeployerError(f"charges of {', '.join(unknown)}, which no sweep has seen", next_step="report this defect")
    return found | register(connection, {(key, instance): seen[key] for key, instance in strangers})
