"""Accrual and ledger together: whatever happens between sweeps, the truth lies between low and high."""

import shutil
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployer.domain.charge import Meter, Spend
from deployer.domain.deployment import Deployment
from deployer.domain.period import Period
from deployer.domain.snapshot import Snapshot
from deployer.ports.ledger import Ledger
from deployer.spend.accrual import accrue
from deployer.spend.price import PriceBook, Rate
from tests.ledger.world import ACCOUNT, DAY, HOUR, START, deployment, opened

RATE = Decimal("1.70")
BOOK = PriceBook(
    [
        Rate("azure", Meter.HOSTING, "*", RATE, Decimal(1), date(2025, 1, 1), "a price list", date(2026, 7, 31)),
    ]
)
NAMES = ("chat", "search")
EVENTS = ("create", "delete", "recreate", "sweep", "unread sweep", "two sweeps at once")


@dataclass
class World:
    """One account, what stands in it, what it truly cost, and a ledger that watches."""

    ledger: Ledger
    now: datetime = START
    standing: dict[str, datetime] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    ended: timedelta = timedelta(0)
    deletions: int = 0
    blind: int = 0

    def happen(self, event: str, name: str, after: timedelta) -> None:
        self.now += after
        if event == "create":
            self.standing.setdefault(name, self.now)
        elif event == "delete" and name in self.seen:
            self._delete(name)
        elif event == "recreate" and name in self.seen:
            self._delete(name)
            self.standing[name] = self.now
        elif event == "sweep":
            self.sweep()
        elif event == "unread sweep":
            self.blind += bool(self.seen)
            self._record(self._accrued(frozenset({ACCOUNT.resource_id.lower()})))
        elif event == "two sweeps at once":
            both = [self._accrued(), self._accrued()]
            for one in both:
                self._record(one)

    def sweep(self) -> None:
        self._record(self._accrued())

    @property
    def truth(self) -> Decimal:
        """What the vendor would bill by now."""
        length = self.ended + sum((self.now - created for created in self.standing.values()), timedelta(0))
        return RATE * (length // timedelta(microseconds=1)) / Decimal(3_600_000_000)

    def _delete(self, name: str) -> None:
        self.ended += self.now - self.standing.pop(name)
        self.seen.discard(name)
        self.deletions += 1

    def _deployments(self) -> tuple[Deployment, ...]:
        return tuple(deployment(name, created=created) for name, created in self.standing.items())

    def _accrued(self, unread: frozenset[str] = frozenset()) -> Snapshot:
        seen = () if unread else self._deployments()
        return Snapshot(self.now, (ACCOUNT,), seen, unread=unread)

    def _record(self, snapshot: Snapshot) -> None:
        """What a sweep does; a second one that started from the same state is recorded after the first."""
        accrual = accrue(self.ledger.readings.tracked(), snapshot, BOOK, {}, self.now)
        self.ledger.readings.record(snapshot, accrual.charges, accrual.gone)
        self.ledger.readings.record(snapshot, accrual.charges, [])
        self.seen |= {one.name for one in snapshot.deployments}


@settings(deadline=None, derandomize=True, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(
        st.tuples(st.sampled_from(EVENTS), st.sampled_from(NAMES), st.timedeltas(timedelta(0), 30 * HOUR)), max_size=25
    )
)
def test_true_cost_lies_between_what_was_certainly_and_what_was_possibly_used(
    fresh_file: Path, tmp_path: Path, events: list[tuple[str, str, timedelta]]
) -> None:
    for leftover in tmp_path.iterdir():
        leftover.unlink()
    shutil.copy(fresh_file, tmp_path)
    world = World(opened(tmp_path))
    for event, name, after in events:
        world.happen(event, name, after)
    world.sweep()

    spent = sum((one.spend for one in world.ledger.readings.spent(Period(START, world.now + DAY))), Spend.zero())
    world.ledger.close()

    rounding = Decimal("1e-6")
    assert spent.low.amount - rounding <= world.truth <= spent.high.amount + rounding
    if not world.deletions:
        assert abs(spent.high.amount - world.truth) <= rounding
        assert world.blind or spent.low == spent.high
