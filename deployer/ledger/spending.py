"""What was spent over a period: whole days from the daily sums, the days at its edges from the charges.

So a month of hourly sweeps is read in a few dozen rows, however old the ledger is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, or_, select

from deployer.domain.charge import Bound, Known, Meter, Spend
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.subject import SubjectSpend
from deployer.ledger.codec import DAY, to_micros, to_money
from deployer.ledger.entry import Entry, share
from deployer.ledger.register import read, source_texts
from deployer.ledger.schema import charge, daily, source, subject, unpriced
from deployer.ledger.statement import Connection, Statement

_FIRST: ColumnElement[int] = bindparam("first")
_LAST: ColumnElement[int] = bindparam("last")
_DAYS = Statement(
    select(
        daily.c.subject_id, daily.c.currency, func.sum(daily.c.low).label("low"), func.sum(daily.c.high).label("high")
    )
    .where(daily.c.day >= _FIRST, daily.c.day < _LAST)
    .group_by(daily.c.subject_id, daily.c.currency)
)
_DAYS_UNPRICED = Statement(
    select(unpriced.c.subject_id, unpriced.c.source_id)
    .where(unpriced.c.day >= _FIRST, unpriced.c.day < _LAST)
    .distinct()
)
_START: ColumnElement[int] = bindparam("start")
_END: ColumnElement[int] = bindparam("end")
_DAY: ColumnElement[int] = bindparam("day")
_EXACT = case((charge.c.bound == Bound.EXACT.value, charge.c.nano), else_=0)
_WITHIN = Statement(
    select(
        charge.c.subject_id,
        charge.c.currency,
        func.sum(_EXACT).label("low"),
        func.sum(charge.c.nano).label("high"),
    )
    .where(charge.c.day == _DAY, charge.c.start >= _START, charge.c.end <= _END, charge.c.nano.is_not(None))
    .group_by(charge.c.subject_id, charge.c.currency)
)
_across: ColumnElement[bool] = or_(charge.c.start < _START, charge.c.end > _END, charge.c.nano.is_(None))
_ACROSS = Statement(select(charge).where(charge.c.day == _DAY, charge.c.start < _END, charge.c.end >= _START, _across))
_METERED = Statement(
    select(subject.c.key, charge.c.currency, func.sum(charge.c.nano).label("nano"))
    .join(subject, subject.c.id == charge.c.subject_id)
    .where(charge.c.day >= _FIRST, charge.c.day < _LAST, charge.c.start >= _START, charge.c.start < _END)
    .where(charge.c.known == Known.METERED.value, charge.c.nano.is_not(None))
    .group_by(subject.c.key, charge.c.currency)
)
_CHARGES = Statement(
    select(charge, subject.c.key, subject.c.instance, source.c.text)
    .join(subject, subject.c.id == charge.c.subject_id)
    .join(source, source.c.id == charge.c.source_id)
    .where(charge.c.day >= _FIRST, charge.c.day < _LAST)
    .where(charge.c.start < _END, or_(charge.c.end > _START, charge.c.start >= _START))
    .order_by(charge.c.id)
)


@dataclass
class _Sums:
    """Low and high by (subject row, currency), and what is not priced, by subject row."""

    amounts: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    unpriced: dict[int, dict[int, None]] = field(default_factory=dict)

    def add(self, row: int, currency: str, low: int, high: int) -> None:
        both = self.amounts.setdefault((row, currency), [0, 0])
        both[0] += low
        both[1] += high

    def name(self, row: int, source_id: int) -> None:
        self.unpriced.setdefault(row, {})[source_id] = None


def read_spent(connection: Connection, period: Period) -> tuple[SubjectSpend, ...]:
    """The spend of each subject that has charges in the period."""
    sums = _Sums()
    start, end = to_micros(period.start), to_micros(period.end)
    first, last = -(-start // DAY), end // DAY
    if first < last:
        _add_days(connection, sums, first, last)
    for from_, to in _edges(start, end, first, last):
        _add_part_of_day(connection, sums, from_, to)
    return tuple(_spends(connection, sums))


def read_metered(connection: Connection, period: Period) -> tuple[tuple[str, Money], ...]:
    """What tokens cost whose grains began in the period, by subject key and currency."""
    rows = connection.rows(_METERED, _bounds(period))
    return tuple((row.key, to_money(row.nano, row.currency)) for row in rows)


def read_charges(connection: Connection, period: Period) -> Iterator[Entry]:
    """All charges that touch the period, whole, in the order in which they were written."""
    for row in connection.rows(_CHARGES, _bounds(period)):
        yield Entry(
            who=(row.key, row.instance),
            meter=Meter(row.meter),
            start=row.start,
            end=row.end,
            quantity=row.quantity,
            nano=row.nano,
            currency=row.currency,
            known=Known(row.known),
            bound=Bound(row.bound),
            source=row.text,
            as_of=row.as_of,
        )


def _bounds(period: Period) -> dict[str, int]:
    """The period and the days that it touches."""
    start, end = to_micros(period.start), to_micros(period.end)
    return {"first": start // DAY, "last": end // DAY + 1, "start": start, "end": end}


def _edges(start: int, end: int, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The parts of the period that are not whole days; each lies within one day."""
    if first > last:
        yield start, end
        return
    if start < first * DAY:
        yield start, first * DAY
    if last * DAY < end:
        yield last * DAY, end


def _add_days(connection: Connection, sums: _Sums, first: int, last: int) -> None:
    days = {"first": first, "last": last}
    for row in connection.rows(_DAYS, days):
        sums.add(row.subject_id, row.currency, row.low, row.high)
    for row in connection.rows(_DAYS_UNPRICED, days):
        sums.name(row.subject_id, row.source_id)


def _add_part_of_day(connection: Connection, sums: _Sums, start: int, end: int) -> None:
    values = {"day": start // DAY, "start": start, "end": end}
    for row in connection.rows(_WITHIN, values):
        sums.add(row.subject_id, row.currency, row.low, row.high)
    for row in connection.rows(_ACROSS, values):
        _add_across(sums, row, start, end)


def _add_across(sums: _Sums, row: Any, start: int, end: int) -> None:
    from_, to = max(row.start, start), min(row.end, end)
    if from_ >= to and row.start < row.end:
        return
    if row.nano is None:
        sums.name(row.subject_id, row.source_id)
        return
    part = share(row.nano, row.start, row.end, from_, to)
    sums.add(row.subject_id, row.currency, part if row.bound == Bound.EXACT.value else 0, part)


def _spends(connection: Connection, sums: _Sums) -> Iterator[SubjectSpend]:
    subjects = read(connection, {row for row, _ in sums.amounts} | sums.unpriced.keys())
    named = {one for names in sums.unpriced.values() for one in names}
    texts = source_texts(connection, named) if named else {}
    names = {row: tuple(texts[one] for one in sources) for row, sources in sums.unpriced.items()}
    for (row, currency), (low, high) in sums.amounts.items():
        spend = Spend(to_money(low, currency), to_money(high, currency), names.pop(row, ()))
        yield SubjectSpend(subjects[row], spend)
    for row, left in names.items():
        yield SubjectSpend(subjects[row], replace(Spend.zero(), unpriced=left))
