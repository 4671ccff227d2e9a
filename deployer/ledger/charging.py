"""Appends charges, and keeps the daily sums that make budgets quick to read.

The guard against charging twice stands here, inside the transaction, because two sweeps may have
started from the same state: a stretch of standing that lies before `accrued_to` is left out, and so
are tokens of a grain to which another process has added since this one looked.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.sqlite import insert

from deployer.domain.charge import Bound, Meter
from deployer.ledger.entry import Entry
from deployer.ledger.register import Instance, Sources
from deployer.ledger.schema import TOKENS_ONLY, charge, daily, tracked, unpriced
from deployer.ledger.statement import Connection, Rows, Statement, among, listed

STANDING = frozenset({Meter.HOSTING, Meter.PROVISIONED})
TOKENS = frozenset({Meter.INPUT, Meter.CACHED_INPUT, Meter.OUTPUT})

_LAST = Statement(select(func.max(charge.c.id).label("id")))
_ADDED_SINCE = Statement(
    select(charge.c.subject_id, charge.c.meter, charge.c.start).where(charge.c.id > bindparam("looked"), TOKENS_ONLY)
)
_ACCRUED = Statement(select(tracked.c.subject_id, tracked.c.accrued_to).where(among(tracked.c.subject_id, "ids")))
_ADVANCE = Statement(
    update(tracked)
    .where(tracked.c.subject_id == bindparam("row"), tracked.c.accrued_to < bindparam("to"))
    .values(accrued_to=bindparam("to"))
)
_APPEND = Rows(charge, [column.name for column in charge.columns if column is not charge.c.id])
_daily = insert(daily)
_SUM = Statement(
    _daily.on_conflict_do_update(
        index_elements=[daily.c.day, daily.c.subject_id, daily.c.currency],
        set_={"low": daily.c.low + _daily.excluded.low, "high": daily.c.high + _daily.excluded.high},
    )
)
_NAME = Statement(insert(unpriced).on_conflict_do_nothing())


def last_charge(connection: Connection) -> int:
    """The newest row: everything up to it has been looked at."""
    return connection.first(_LAST).id or 0


@dataclass(frozen=True)
class Basis:
    """What a caller's charges stand on.

    `ids` are the rows of the subjects, `accrued` what is already known of their `accrued_to`, and
    `looked` the newest charge that the caller's token counts take into account (None: they are no deltas).
    """

    ids: Mapping[Instance, int]
    accrued: Mapping[int, int] = field(default_factory=dict)
    looked: int | None = None


def append(connection: Connection, entries: Iterable[Entry], basis: Basis, sources: Sources) -> None:
    """Append what was not charged before."""
    fresh = list(_uncharged(connection, list(entries), basis))
    if not fresh:
        return
    texts = sources.numbers(connection, (entry.source for entry in fresh))
    connection.append_all(_APPEND, (_row(entry, basis.ids[entry.who], texts[entry.source]) for entry in fresh))
    _add_up(connection, fresh, basis.ids, texts)
    ends: dict[int, int] = {}
    for entry in fresh:
        if entry.meter in STANDING:
            row = basis.ids[entry.who]
            ends[row] = max(entry.end, ends.get(row, entry.end))
    connection.for_each(_ADVANCE, [{"row": row, "to": end} for row, end in ends.items()])


def _uncharged(connection: Connection, entries: list[Entry], basis: Basis) -> Iterator[Entry]:
    accrued = _accrued(connection, entries, basis)
    added = _added_since(connection, basis.looked)
    for entry in entries:
        row = basis.ids[entry.who]
        if added and entry.meter in TOKENS and (row, str(entry.meter), entry.start) in added:
            continue
        start = max(entry.start, accrued.get(row, entry.start)) if entry.meter in STANDING else entry.start
        if start < entry.end:
            yield from entry.part(start, entry.end).by_day()
        elif entry.start == entry.end:
            yield entry


def _accrued(connection: Connection, entries: list[Entry], basis: Basis) -> Mapping[int, int]:
    """Up to where each subject was charged for standing, by row; also of those that were gone and are back."""
    standing = {basis.ids[entry.who] for entry in entries if entry.meter in STANDING}
    unknown = standing - basis.accrued.keys()
    if not unknown:
        return basis.accrued
    return {**basis.accrued, **dict(connection.rows(_ACCRUED, {"ids": listed(unknown)}))}


def _added_since(connection: Connection, looked: int | None) -> set[tuple[int, str, int]]:
    if looked is None:
        return set()
    return {(row, meter, start) for row, meter, start in connection.rows(_ADDED_SINCE, {"looked": looked})}


def _row(entry: Entry, subject_id: int, source_id: int) -> tuple[Any, ...]:
    return (
        subject_id,
        str(entry.meter),
        entry.day,
        entry.start,
        entry.end,
        entry.quantity,
        entry.nano,
        entry.currency,
        str(entry.known),
        str(entry.bound),
        source_id,
        entry.as_of,
    )


def _add_up(
    connection: Connection, entries: list[Entry], ids: Mapping[Instance, int], texts: Mapping[str, int]
) -> None:
    sums: dict[tuple[int, int, str], list[int]] = {}
    names: set[tuple[int, int, int]] = set()
    for entry in entries:
        if entry.nano is None:
            names.add((entry.day, ids[entry.who], texts[entry.source]))
            continue
        both = sums.setdefault((entry.day, ids[entry.who], entry.currency), [0, 0])
        both[0] += entry.nano if entry.bound is Bound.EXACT else 0
        both[1] += entry.nano
    connection.for_each(_SUM, [_sum_row(*key, *both) for key, both in sums.items()])
    connection.for_each(_NAME, [{"day": day, "subject_id": row, "source_id": text} for day, row, text in names])


def _sum_row(day: int, subject_id: int, currency: str, low: int, high: int) -> dict[str, Any]:
    return {"day": day, "subject_id": subject_id, "currency": currency, "low": low, "high": high}
