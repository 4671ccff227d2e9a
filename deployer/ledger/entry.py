"""A charge as it is written down: whole numbers, cut at UTC midnight, never charging a stretch twice."""

from typing import NamedTuple

from deployer.domain.charge import Bound, Charge, Known, Meter
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.ledger.codec import DAY, to_instant, to_micros, to_money, to_nano, to_quantity, to_units
from deployer.ledger.register import Instance


class Entry(NamedTuple):
    """One row of the charge table, its subject and source still by name. A tuple: sweeps make thousands."""

    who: Instance
    meter: Meter
    start: int
    end: int
    quantity: int
    nano: int | None
    currency: str
    known: Known
    bound: Bound
    source: str
    as_of: int

    @property
    def day(self) -> int:
        return self.start // DAY

    def part(self, start: int, end: int) -> "Entry":
        """What falls between two instants, in proportion; the parts of a whole add up to it exactly."""
        if start <= self.start and self.end <= end:
            return self
        start, end = max(start, self.start), min(end, self.end)
        quantity = share(self.quantity, self.start, self.end, start, end)
        nano = None if self.nano is None else share(self.nano, self.start, self.end, start, end)
        return self._replace(start=start, end=end, quantity=quantity, nano=nano)

    def by_day(self) -> tuple["Entry", ...]:
        """The same charge, cut at each UTC midnight."""
        first, last = self.start // DAY, (self.end - 1) // DAY
        if last <= first:
            return (self,)
        return tuple(self.part(day * DAY, (day + 1) * DAY) for day in range(first, last + 1))


def share(whole: int, start: int, end: int, from_: int, to: int) -> int:
    """The part of `whole`, spread evenly over [start, end), that falls into [from_, to)."""
    if end <= start:
        return whole
    return whole * (to - start) // (end - start) - whole * (from_ - start) // (end - start)


def to_entry(charge: Charge) -> Entry:
    """Raises ValueError for a forecast: the ledger holds what happened."""
    if charge.known is Known.FORECAST:
        raise ValueError(f"a forecast is not a charge: {charge}")
    amount = charge.amount
    return Entry(  # in its order: names take as long as all the rest
        (charge.subject, charge.instance),
        charge.meter,
        to_micros(charge.period.start),
        to_micros(charge.period.end),
        to_units(charge.quantity, charge.meter),
        None if amount is None else to_nano(amount),
        "" if amount is None else amount.currency,
        charge.known,
        charge.bound,
        charge.source,
        to_micros(charge.as_of),
    )


def to_charge(entry: Entry) -> Charge:
    amount: Money | None = None if entry.nano is None else to_money(entry.nano, entry.currency)
    return Charge(
        subject=entry.who[0],
        instance=entry.who[1],
        meter=entry.meter,
        period=Period(to_instant(entry.start), to_instant(entry.end)),
        quantity=to_quantity(entry.quantity, entry.meter),
        amount=amount,
        known=entry.known,
        source=entry.source,
        as_of=to_instant(entry.as_of),
        bound=entry.bound,
    )
