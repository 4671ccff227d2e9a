"""What is charged for what was done: hosting to the second, provisioned capacity, tokens, training."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from deployer.sandbox.clock import at_seconds, seconds_of
from deployer.sandbox.price import MILLION, Price, azure_price, openai_price, tier_of
from deployer.sandbox.resource import HOSTED_SKUS, PROVISIONED_SKUS, Deployed
from deployer.sandbox.usage import Counts
from deployer.sandbox.world import TrainingCharge, World

HOUR = Decimal(3600)
OPENAI_PROJECT = "proj_"
"""How the ids of OpenAI's projects begin; every other account is Azure's."""


@dataclass(frozen=True)
class Line:
    """One line of the invoice; `subject` is a deployment (`job` empty) or a job; `quantity` in `price.per`'s units."""

    provider: str
    account: str
    subject: str
    job: bool
    model: str
    meter: str
    tier: str
    quantity: Decimal
    price: Price
    start: datetime
    end: datetime

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.price.amount / self.price.per


def charges(world: World, start: datetime | None = None, end: datetime | None = None) -> Iterator[Line]:
    """Everything charged in [start, end), up to now."""
    first = seconds_of(start) if start else _beginning(world)
    last = min(seconds_of(end), world.clock.seconds()) if end else world.clock.seconds()
    for life in world.cloud.lives:
        yield from deployment_charges(world, life, first, last)
    yield from openai_charges(world, first if start else 0.0, last)
    for charge in world.training:
        if first <= seconds_of(charge.at) < last or (end is None and seconds_of(charge.at) == last):
            yield training_line(world, charge)


def _beginning(world: World) -> float:
    """Before anything that costs: deployments may be older than the world."""
    return min([seconds_of(world.clock.start), *(life.created for life in world.cloud.lives)])


def deployment_charges(world: World, life: Deployed, first: float, last: float) -> Iterator[Line]:
    """What one deployment cost in a window, by the SKU that it had."""
    until = min(last, life.gone if life.gone is not None else last)
    if until <= max(first, life.created):
        return
    ends = [billing.since for billing in life.billing[1:]] + [until]
    for billing, stop in zip(life.billing, ends, strict=True):
        begin, finish = max(first, billing.since), min(until, stop)
        if begin < finish:
            sku = billing.sku.lower()
            if sku in PROVISIONED_SKUS:
                yield _time_line(life, billing.sku, "provisioned", begin, finish, billing.capacity)
                continue
            if life.fine_tuned and sku in HOSTED_SKUS:
                yield _time_line(life, billing.sku, "hosting", begin, finish, 1)
            yield from _token_lines(world, life, billing.sku, begin, finish)


def _time_line(life: Deployed, sku: str, meter: str, begin: float, finish: float, units: int) -> Line:
    hours = Decimal(str(finish - begin)) * units / HOUR
    tier = tier_of(sku)
    price = azure_price(life.base_model, tier, meter, life.account.region)
    return Line(
        "azure", life.account.name, life.name, False, life.model, meter, tier, hours, price,
        at_seconds(begin), at_seconds(finish),
    )  # fmt: skip


def _token_lines(world: World, life: Deployed, sku: str, begin: float, finish: float) -> Iterator[Line]:
    served = min(finish, life.closed if life.closed is not None else finish)
    if served <= begin:
        return
    counts = world.usage.series(life.account.name, life.name).total(begin, served)
    tier, region = tier_of(sku), life.account.region
    for meter, tokens in _by_meter(counts):
        price = azure_price(life.base_model, tier, meter, region)
        yield Line(
            "azure", life.account.name, life.name, False, life.model, meter, tier, Decimal(tokens), price,
            at_seconds(begin), at_seconds(finish),
        )  # fmt: skip


def openai_charges(world: World, first: float, last: float) -> Iterator[Line]:
    """Tokens of every model called in a project of the OpenAI organisation."""
    for project in world.usage.accounts():
        if not project.startswith(OPENAI_PROJECT):
            continue
        for model, series in world.usage.of_account(project).items():
            for meter, tokens in _by_meter(series.total(first, last)):
                price = openai_price(model, meter)
                yield Line(
                    "openai", project, model, False, model, meter, "*", Decimal(tokens), price,
                    at_seconds(first) if first else world.clock.start, at_seconds(last),
                )  # fmt: skip


def training_line(world: World, charge: TrainingCharge) -> Line:
    account = world.cloud.account_at(charge.account, charge.at)
    if charge.provider == "azure" and account:
        price = azure_price(charge.model, charge.tier, charge.meter, account.region)
    else:
        price = openai_price(charge.model, charge.meter)
    return Line(
        charge.provider, charge.account, charge.job, True, charge.model, charge.meter, charge.tier, charge.quantity,
        price, charge.start or charge.at, charge.at,
    )  # fmt: skip


def _by_meter(counts: Counts) -> list[tuple[str, int]]:
    """Tokens by meter, without the empty ones; cached input is not charged as input too."""
    fresh = counts.input_tokens - counts.cached_tokens
    meters = (("input", fresh), ("cached-input", counts.cached_tokens), ("output", counts.output_tokens))
    return [(meter, tokens) for meter, tokens in meters if tokens > 0]


def unit_of(line: Line) -> str:
    """The unit that the price is for."""
    if line.meter in ("hosting", "training-hours"):
        return "1 Hour"
    if line.meter == "provisioned":
        return "1 PTU-Hour"
    return "1M Tokens" if line.price.per == MILLION else "1K Tokens"
