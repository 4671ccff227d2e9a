"""What a job costs on each training tier: tokens times price, or hours times price as far as something bounds them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from deployer.datasets.check import DatasetReport
from deployer.domain.charge import Bound, Meter
from deployer.domain.deployment import Account, Deployment, DeploymentId, Tier
from deployer.domain.model import base_model
from deployer.domain.money import Money
from deployer.domain.residency import processed
from deployer.errors import InvalidUsage
from deployer.spend.price import PriceBook, PriceQuery, Rate, Unpriced
from deployer.spend.standing import hourly

TIERS = {
    "standard": (Tier.REGIONAL, "Standard"),
    "globalStandard": (Tier.GLOBAL, "GlobalStandard"),
    "developerTier": (Tier.DEVELOPER, "DeveloperTier"),
}
"""Azure's training tiers: where the price is looked up, and the SKU that the model is then served on."""

PAUSED_AT = Money.of(5000)
"""Azure pauses a reinforcement job by itself at this much training and grading, and makes a deployable checkpoint
(reinforcement fine-tuning guide, read 2026-11-20). OpenAI's billing guide names no such limit."""


LATE = Decimal(1)
"""Hours that a job may train beyond its limit, until a sweep sees it: the scheduler's come every hour."""


@dataclass(frozen=True)
class Place:
    """Where to train: an account, whose region prices depend on, and Azure's training tier ("" elsewhere)."""

    account: Account
    tier: str = ""


@dataclass(frozen=True)
class Terms:
    """What bounds a job that is billed by the hour: the hours after which we pause it, and models that grade.

    Both vendors bill a grading model's tokens beside the hours, and nobody knows beforehand how many.
    """

    hours: Decimal | None = None
    graders: tuple[str, ...] = ()


UNBOUNDED = Terms()


@dataclass(frozen=True)
class TierCost:
    """The price of one training tier and what the model costs an hour when served on its SKU.

    `processed` says where the data goes; `refused` why a policy does not let this tier be taken, "" if none does.
    """

    tier: str
    cost: Money | Unpriced
    rate: Rate | None
    hosting: Money | Unpriced
    processed: str = ""
    refused: str = ""
    bound: Bound = Bound.EXACT

    @property
    def hosting_monthly(self) -> Money | Unpriced:
        """730 hours, as the vendors reckon a month."""
        return self.hosting if isinstance(self.hosting, Unpriced) else self.hosting * 730

    def __str__(self) -> str:
        """What the training costs, in words."""
        return f"at most {self.cost}" if self.bound is Bound.UPPER else str(self.cost)


def tier_cost(
    report: DatasetReport, place: Place, epochs: int, terms: Terms, book: PriceBook, at: datetime
) -> TierCost:
    """The price of a checked data set in one place."""
    account, tier = place.account, place.tier
    hosting = _hosting(account, report.model, tier, book, at)
    where = processed(account.provider, price_tier(tier), account.region)
    by_hour = report.method == "reinforcement"
    rate = training_rate(account, report.model, tier, book, at, Meter.TRAINING_HOURS if by_hour else Meter.TRAINING)
    if isinstance(rate, Unpriced):
        return TierCost(tier, rate, None, hosting, where)
    if by_hour:
        return TierCost(tier, at_most(account, report.model, rate, terms), rate, hosting, where, bound=Bound.UPPER)
    tokens = billed_tokens(account.provider, report.tokens * epochs)
    return TierCost(tier, rate.cost(Decimal(tokens)), rate, hosting, where)


def at_most(account: Account, model: str, rate: Rate, terms: Terms) -> Money | Unpriced:
    """The most that hours at this rate can come to, or what keeps them from being bounded.

    Our own limit bounds them only where sweeps, or a watch, go on as they should.
    """
    bounds = [PAUSED_AT] if account.provider == "azure" and rate.currency == PAUSED_AT.currency else []
    if terms.hours is not None and not terms.graders:
        bounds.append(rate.cost(terms.hours + LATE))
    if bounds:
        return min(bounds)
    hours = "for hours that nothing limits" if terms.hours is None else f"for {terms.hours:f} hours"
    tokens = f", and for the tokens of {', '.join(terms.graders)}, which grades" if terms.graders else ""
    return Unpriced(f"a reinforcement job of {base_model(model)} at {rate.cost(Decimal(1))} an hour {hours}{tokens}")


def training_tier(place: Place) -> str:
    """Azure's tier as Azure spells it, `standard` when none is named; "" where there are no tiers."""
    if place.account.provider != "azure":
        if place.tier:
            raise InvalidUsage(f"--tier is Azure's: {place.account.provider} has no training tiers")
        return ""
    names = {name.lower(): name for name in TIERS}
    found = names.get((place.tier or "standard").lower())
    if found is None:
        raise InvalidUsage(f"--tier {place.tier} is not known", next_step=f"use one of {', '.join(TIERS)}")
    return found


def billed_tokens(provider: str, tokens: int) -> int:
    """Tokens as billed: Azure rounds to 1,000 (up here, so that an estimate is not below the bill)."""
    return -(-tokens // 1000) * 1000 if provider == "azure" else tokens


def training_rate(
    account: Account, model: str, tier: str, book: PriceBook, at: datetime, meter: Meter = Meter.TRAINING
) -> Rate | Unpriced:
    """The price of a trained token (or of an hour, of reinforcement) in force at `at`."""
    return book.find(
        PriceQuery(
            provider=account.provider,
            meter=meter,
            model=base_model(model),
            tier=price_tier(tier),
            region=account.region,
            fine_tuned=True,
            at=at,
        )
    )


def price_tier(tier: str) -> Tier:
    """Where the price of a training tier is looked up; a tier that is not known has no price."""
    lowered = {name.lower(): price for name, (price, _) in TIERS.items()}
    return lowered.get(tier.lower(), Tier.UNKNOWN) if tier else Tier.GLOBAL


def _hosting(account: Account, model: str, tier: str, book: PriceBook, at: datetime) -> Money | Unpriced:
    """What the fine-tuned model will cost an hour, used or not."""
    price, sku = TIERS.get(tier, (Tier.GLOBAL, ""))
    identity = DeploymentId(account.provider, account.name, "estimate")
    return hourly(Deployment(identity, account, model, base_model(model), True, sku=sku, tier=price), book, at)
