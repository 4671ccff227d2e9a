"""What a fine-tune will cost before it is started: training by tier, and hosting afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from deployer.datasets.check import DatasetReport
from deployer.datasets.encoding import reading_of
from deployer.domain.charge import Meter
from deployer.domain.deployment import Account, Deployment, DeploymentId, Tier
from deployer.domain.job import Hyperparameters
from deployer.domain.model import base_model
from deployer.domain.money import Money
from deployer.domain.residency import RETENTION, processed
from deployer.errors import InvalidUsage
from deployer.spend.price import PriceBook, PriceQuery, Rate, Unpriced
from deployer.spend.standing import hourly
from deployer.training.closing import NOTHING_KNOWN, Closing, obstacle, printed, warnings
from deployer.training.epoch import expected_epochs

MOST_EPOCHS = 50
"""The vendors take 1 to 50."""

CAP_IS_GONE = (
    "Azure pauses a reinforcement job by itself at $5,000 of training and grading; "
    "once it is resumed, nothing stops it again but its end, a cancel or a pause"
)
"""From Azure's cost management page for fine-tuning, read 2026-11-20; the pause leaves a deployable checkpoint."""

_AUTO_CEILING = 25
"""The most that `auto` is expected to choose, which a budget has to allow for."""

TIERS = {
    "standard": (Tier.REGIONAL, "Standard"),
    "globalStandard": (Tier.GLOBAL, "GlobalStandard"),
    "developerTier": (Tier.DEVELOPER, "DeveloperTier"),
}
"""Azure's training tiers: where the price is looked up, and the SKU that the model is then served on."""


@dataclass(frozen=True)
class Place:
    """Where to train: an account, whose region prices depend on, and Azure's training tier ("" elsewhere)."""

    account: Account
    tier: str = ""


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

    @property
    def hosting_monthly(self) -> Money | Unpriced:
        """730 hours, as the vendors reckon a month."""
        return self.hosting if isinstance(self.hosting, Unpriced) else self.hosting * 730


@dataclass(frozen=True)
class Estimate:
    """The cost of one job. `epochs` are asked for or, when `epochs_expected`, what is expected of `auto`.

    `tokens` are of one epoch. `ceiling` is the most that a budget has to allow for. `obstacle`: why it cannot be
    created, "" as far as is known. `instead`: the same job on Azure, by tier, where the cloud asked for closes.
    """

    place: Place
    model: str
    examples: int
    tokens: int
    epochs: int
    epochs_expected: bool
    chosen: TierCost
    tiers: tuple[TierCost, ...]
    ceiling: Money | Unpriced
    inference_until: date | None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    closing: Closing = NOTHING_KNOWN
    obstacle: str = ""
    instead: tuple[TierCost, ...] = ()

    @property
    def trained_tokens(self) -> int:
        return self.tokens * self.epochs


def estimate(
    report: DatasetReport,
    place: Place,
    parameters: Hyperparameters,
    book: PriceBook,
    at: datetime,
    seen: Closing | None = None,
) -> Estimate:
    """Price a job on checked data; `seen` is what the vendor says of its end, by default what its pages say.

    Raises InvalidUsage for an impossible tier or number of epochs.
    """
    if parameters.epochs is not None and not 1 <= parameters.epochs <= MOST_EPOCHS:
        raise InvalidUsage(f"--epochs {parameters.epochs} cannot be: the vendors take 1 to {MOST_EPOCHS}")
    provider, model, tier = place.account.provider, report.model, training_tier(place)
    epochs = parameters.epochs or expected_epochs(report.valid)
    names = list(TIERS) if provider == "azure" else [""]
    costs = {name: _tier_cost(report, place.account, name, epochs, book, at) for name in names}
    closing = seen or printed(provider, model)
    at_most = epochs if parameters.epochs else max(epochs, _AUTO_CEILING)
    return Estimate(
        place=Place(place.account, tier),
        model=model,
        examples=report.valid,
        tokens=report.tokens,
        epochs=epochs,
        epochs_expected=parameters.epochs is None,
        chosen=costs[tier],
        tiers=tuple(costs.values()),
        ceiling=_tier_cost(report, place.account, tier, at_most, book, at).cost,
        inference_until=closing.tuned,
        warnings=tuple(_warnings(report, place, at, closing)),
        notes=tuple(_notes(provider)),
        closing=closing,
        obstacle=obstacle(provider, model, at, closing),
        instead=tuple(_instead(report, provider, epochs, book, at)),
    )


def offer(estimate: Estimate) -> str:
    """The same job on Azure in one line: what each tier costs to train and to host."""
    tiers = "; ".join(f"{one.tier} {one.cost}, then {one.hosting_monthly} a month" for one in estimate.instead)
    return f"fine-tune on Azure OpenAI with --provider azure ({tiers})" if tiers else "choose another model"


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


def _tier_cost(
    report: DatasetReport, account: Account, tier: str, epochs: int, book: PriceBook, at: datetime
) -> TierCost:
    rate = training_rate(account, report.model, tier, book, at)
    if report.kind == "reinforcement":
        rate = Unpriced(
            f"reinforcement training of {report.model}: it is billed by the hour, and no one knows how many"
        )
    hosting = _hosting(account, report.model, tier, book, at)
    where = processed(account.provider, price_tier(tier), account.region)
    if isinstance(rate, Unpriced):
        return TierCost(tier, rate, None, hosting, where)
    tokens = billed_tokens(account.provider, report.tokens * epochs)
    return TierCost(tier, rate.cost(Decimal(tokens)), rate, hosting, where)


def _hosting(account: Account, model: str, tier: str, book: PriceBook, at: datetime) -> Money | Unpriced:
    """What the fine-tuned model will cost an hour, used or not."""
    price, sku = TIERS.get(tier, (Tier.GLOBAL, ""))
    identity = DeploymentId(account.provider, account.name, "estimate")
    return hourly(Deployment(identity, account, model, base_model(model), True, sku=sku, tier=price), book, at)


def _notes(provider: str) -> Iterator[str]:
    yield "how long it will train and queue is not known beforehand; neither is billed on supervised jobs"
    if provider in RETENTION:
        yield RETENTION[provider]


def _instead(report: DatasetReport, provider: str, epochs: int, book: PriceBook, at: datetime) -> Iterator[TierCost]:
    """OpenAI closes: the same job on Azure, at list prices, for each of its tiers."""
    if provider == "openai":
        yield from (_tier_cost(report, Account("azure", "", ""), tier, epochs, book, at) for tier in TIERS)


def _warnings(report: DatasetReport, place: Place, at: datetime, closing: Closing) -> Iterator[str]:
    yield from warnings(place.account.provider, report.model, at, closing)
    if reading_of(report.model).assumed:
        yield f"{report.model} is not known here: its tokens were counted with {report.encoding}"
    if place.tier.lower() == "developertier":
        yield "a model served on the developer tier is deleted after 24 hours, whatever it does"
    if report.kind == "reinforcement" and place.account.provider == "azure":
        yield CAP_IS_GONE
