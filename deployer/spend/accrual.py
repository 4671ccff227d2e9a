"""What has been spent since the last look: hours and tokens times their rates, known before any bill comes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from deployer.domain.charge import Bound, Charge, Known, Meter
from deployer.domain.deployment import Deployment
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.snapshot import Snapshot, Tracked
from deployer.spend.consumption import Charged, Consumption, by_grain, charge_tokens
from deployer.spend.price import PriceBook, Unpriced
from deployer.spend.standing import PROVISIONED, Stretch, charge_standing, hourly, standing_meter

__all__ = ["Accrual", "accrue", "close", "hourly"]


KEPT_AFTER_DELETION = timedelta(hours=48)


@dataclass(frozen=True)
class Accrual:
    """What to append to the ledger; `gone` are keys of deployments that are no longer there."""

    charges: tuple[Charge, ...] = ()
    gone: tuple[str, ...] = ()


def accrue(
    tracked: Mapping[str, Tracked],
    snapshot: Snapshot,
    book: PriceBook,
    charged: Mapping[tuple[str, str, Meter, datetime], Decimal],
    now: datetime,
) -> Accrual:
    """Charges from what the ledger knows up to `now`.

    Standing costs run from the cloud's creation instant (or from where they were charged to); tokens
    are what each grain shows beyond what was charged. A tracked deployment that is missing from an
    account that was read to the end, or whose account does not exist any more, is gone: its last stretch
    is charged in full, as an upper bound. One that nobody could look for goes on costing, as an upper
    bound too: money does not stop because a right was lost.
    """
    seen = {deployment.id.key: deployment for deployment in snapshot.deployments}
    grains = by_grain(charged)
    charges: list[Charge] = []
    for key, deployment in seen.items():
        known = tracked.get(key)
        charges.extend(_standing_charges(deployment, known, book, now))
        charges.extend(_token_charges(deployment, known, snapshot, book, grains, now))
    read = {account.resource_id.lower() for account in snapshot.accounts} - snapshot.unread | snapshot.vanished
    missing = {key: known for key, known in tracked.items() if key not in seen}
    gone = {
        key: known
        for key, known in missing.items()
        if _account_of(known) in read and not _outlives_its_account(known, snapshot, now)
    }
    for key, known in missing.items():
        charges.extend(close(known, now, book, now) if key in gone else _unseen_charges(known, book, now))
    return Accrual(tuple(charges), tuple(gone))


def close(known: Tracked, end: datetime, book: PriceBook, as_of: datetime, bound: Bound = Bound.UPPER) -> list[Charge]:
    """Charges of the last stretch of a deployment that ended at `end` (exactly, or at the latest)."""
    if end <= known.accrued_to:
        return []
    period = Period(known.accrued_to, end)
    return list(charge_standing(Stretch(known.deployment, known.instance, period, as_of, bound), book))


def _outlives_its_account(known: Tracked, snapshot: Snapshot, now: datetime) -> bool:
    """Azure keeps a deleted account for 48 hours, and bills its provisioned units until it is purged."""
    provisioned = known.deployment.tier in PROVISIONED and _account_of(known) in snapshot.vanished
    return provisioned and now < known.last_seen + KEPT_AFTER_DELETION


def _unseen_charges(known: Tracked, book: PriceBook, now: datetime) -> Iterator[Charge]:
    """It was there when it was last seen, and nothing says that it is gone."""
    start = _charged_to(known, book)
    if start < now:
        yield from charge_standing(
            Stretch(known.deployment, known.instance, Period(start, now), now, Bound.UPPER), book
        )


def _account_of(known: Tracked) -> str:
    return known.deployment.account.resource_id.lower()


def _standing_charges(
    deployment: Deployment, known: Tracked | None, book: PriceBook, now: datetime
) -> Iterator[Charge]:
    if known and not _same(deployment, known):
        yield from close(known, min(now, deployment.created_at or now), book, now)
        known = None
    if known is None and deployment.created_at is None:
        yield from _unknown_start(deployment, book, now)
        return
    start = _charged_to(known, book) if known else deployment.created_at
    if start is None or start >= now:
        return
    instance = deployment.instance or (known.instance if known else "")
    bound = Bound.EXACT if deployment.serving else Bound.UPPER  # listed, so perhaps billed, but ending or broken
    before = known.deployment if known else None
    yield from charge_standing(Stretch(deployment, instance, Period(start, now), now, bound, before), book)


def _charged_to(known: Tracked, book: PriceBook) -> datetime:
    """Where the next charge begins; a kind that was free is not charged for the time in which it was seen so."""
    before = hourly(known.deployment, book, known.last_seen)
    free = isinstance(before, Money) and not before.amount
    return max(known.accrued_to, known.last_seen) if free else known.accrued_to


def _same(deployment: Deployment, known: Tracked) -> bool:
    """Whether this is the instance that is on record; one that shows no creation time is taken for it."""
    instance = deployment.instance
    return not instance or not known.instance or instance == known.instance


def _unknown_start(deployment: Deployment, book: PriceBook, now: datetime) -> Iterator[Charge]:
    """A marker without an amount: what was spent before first sight is not known, and not zero."""
    an_hour = hourly(deployment, book, now)
    if isinstance(an_hour, Unpriced) or an_hour.amount:
        yield Charge(
            subject=deployment.id.key,
            instance="",
            meter=standing_meter(deployment),
            period=Period(now, now),
            quantity=Decimal(0),
            amount=None,
            known=Known.ACCRUED,
            source=f"{deployment.id} before {now.isoformat()}: its creation time was not shown",
            as_of=now,
        )


def _token_charges(
    deployment: Deployment,
    known: Tracked | None,
    snapshot: Snapshot,
    book: PriceBook,
    grains: Charged,
    now: datetime,
) -> Iterator[Charge]:
    reading = snapshot.usage.get(deployment.id.key)
    if reading is not None:
        yield from charge_tokens(Consumption(deployment, reading, known, now), book, grains)
