"""A small world to account for: a book with one price of each kind, deployments, snapshots."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import settings

from deployer.domain.charge import Charge, Meter
from deployer.domain.deployment import Account, Deployment, DeploymentId, Tier
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.snapshot import Snapshot, Tracked
from deployer.domain.usage import UsageBucket, UsageReading
from deployer.spend.price import PriceBook, Rate

steady = settings(deadline=None, derandomize=True, max_examples=50)
"""Property tests that find the same at every run, however busy the machine is."""

START = datetime(2026, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ACCOUNT = Account("azure", "aoai-dev", "/subscriptions/s/aoai-dev", "eastus2")
OTHER = Account("azure", "aoai-other", "/subscriptions/s/aoai-other", "eastus2")


def rate(
    meter: Meter, price: str, *, per: int = 1, model: str = "gpt-4.1-mini", tier: str = "*", tuned: bool | None = None
) -> Rate:
    return Rate(
        provider="azure",
        meter=meter,
        model=model,
        price=Decimal(price),
        per=Decimal(per),
        effective_from=date(2025, 1, 1),
        source="a price list",
        read_on=date(2026, 7, 31),
        tier=tier,
        fine_tuned=tuned,
    )


BOOK = PriceBook(
    [
        rate(Meter.HOSTING, "1.70", tier="regional", tuned=True),
        rate(Meter.HOSTING, "0", model="*", tier="regional", tuned=False),
        rate(Meter.HOSTING, "0", model="*", tier="developer", tuned=True),
        rate(Meter.PROVISIONED, "2", model="*", tier="provisioned"),
        rate(Meter.INPUT, "0.40", per=1_000_000),
        rate(Meter.CACHED_INPUT, "0.10", per=1_000_000),
        rate(Meter.OUTPUT, "1.60", per=1_000_000),
    ]
)


def deployment(
    name: str = "chat",
    *,
    account: Account = ACCOUNT,
    created: datetime | None = START,
    tier: Tier = Tier.REGIONAL,
    tuned: bool = True,
    capacity: int | None = 1,
    model: str = "gpt-4.1-mini",
    state: str = "Succeeded",
) -> Deployment:
    return Deployment(
        id=DeploymentId("azure", account.name, name),
        account=account,
        model=f"{model}-2025-04-14",
        base_model=model,
        fine_tuned=tuned,
        tier=tier,
        capacity=capacity,
        created_at=created,
        state=state,
    )


def tracked(one: Deployment, accrued_to: datetime, last_seen: datetime | None = None) -> dict[str, Tracked]:
    instance = one.created_at.isoformat() if one.created_at else ""
    return {one.id.key: Tracked(one, instance, accrued_to, last_seen or accrued_to, accrued_to)}


def snapshot(at: datetime, *deployments: Deployment, usage: Iterable[UsageReading] = ()) -> Snapshot:
    readings = {reading.deployment.key: reading for reading in usage}
    return Snapshot(at, (ACCOUNT, OTHER), deployments, readings)


def reading(one: Deployment, *buckets: UsageBucket, complete: bool = True) -> UsageReading:
    window = Period(min(bucket.start for bucket in buckets), max(bucket.end for bucket in buckets))
    return UsageReading(one.id, window, complete, buckets=buckets)


def bucket(
    start: datetime, *, tokens_in: int | None = None, cached: int | None = None, out: int | None = None
) -> UsageBucket:
    return UsageBucket(start, start + HOUR, 1, 0, tokens_in, cached, out)


def total(charges: Iterable[Charge]) -> Decimal:
    return Money.total(charge.amount for charge in charges if charge.amount is not None).amount
