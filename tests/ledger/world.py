"""A small world to record: accounts, deployments, snapshots, and a clock that stands where it is put."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from deployer.domain.charge import Bound, Charge, Known, Meter
from deployer.domain.deployment import Account, Deployment, DeploymentId, Tier
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.snapshot import Snapshot
from deployer.domain.usage import UsageReading
from deployer.ledger import open_ledger
from deployer.ports.ledger import Ledger

START = datetime(2026, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ACCOUNT = Account("azure", "aoai-dev", "/subscriptions/s/aoai-dev", "eastus2", endpoint="https://aoai-dev/")


class StandingClock:
    """A clock that nobody asks: the ledger takes its instants as arguments."""

    def now(self) -> datetime:
        return START

    def sleep(self, seconds: float) -> None:
        raise AssertionError("the ledger does not wait by the clock")

    def monotonic(self) -> float:
        return 0.0


def opened(folder: Path, *, read_only: bool = False) -> Ledger:
    return open_ledger(f"sqlite:///{folder / 'ledger.sqlite3'}", clock=StandingClock(), read_only=read_only)


def deployment(
    name: str = "chat", *, created: datetime | None = START, tags: dict[str, str] | None = None
) -> Deployment:
    return Deployment(
        id=DeploymentId("azure", ACCOUNT.name, name),
        account=ACCOUNT,
        model="gpt-4.1-mini-2025-04-14.ft-0123456789abcdef0123456789abcdef-chat",
        base_model="gpt-4.1-mini",
        fine_tuned=True,
        sku="Standard",
        tier=Tier.REGIONAL,
        created_at=created,
        tags=tags or {},
        body={"sku": {"name": "Standard", "capacity": 1}},
    )


def snapshot(at: datetime, *deployments: Deployment, usage: dict[str, UsageReading] | None = None) -> Snapshot:
    return Snapshot(at, (ACCOUNT,), deployments, usage or {})


def hosting(
    one: Deployment, start: datetime, end: datetime, dollars: str = "1.70", *, bound: Bound = Bound.EXACT
) -> Charge:
    """`dollars` for the whole stretch."""
    return Charge(
        subject=one.id.key,
        instance=one.created_at.isoformat() if one.created_at else "",
        meter=Meter.HOSTING,
        period=Period(start, end),
        quantity=Decimal((end - start) / HOUR),
        amount=Money.of(dollars),
        known=Known.ACCRUED,
        source="a price list",
        as_of=end,
        bound=bound,
    )


def tokens(one: Deployment, start: datetime, quantity: int, dollars: str | None = "0.50") -> Charge:
    """Input tokens of the hour that begins at `start`; no price where `dollars` is None."""
    return Charge(
        subject=one.id.key,
        instance=one.created_at.isoformat() if one.created_at else "",
        meter=Meter.INPUT,
        period=Period(start, start + HOUR),
        quantity=Decimal(quantity),
        amount=None if dollars is None else Money.of(dollars),
        known=Known.METERED,
        source="a price list" if dollars is not None else "input of gpt-9",
        as_of=start + HOUR,
    )


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """What the file itself holds."""
    with closing(sqlite3.connect(folder / "ledger.sqlite3")) as connection:
        return connection.execute(query).fetchall()
