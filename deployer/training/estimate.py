"""What a fine-tune will cost before it is started: training by tier, and hosting afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from deployer.datasets.check import DatasetReport
from deployer.datasets.encoding import reading_of
from deployer.domain.deployment import Account
from deployer.domain.job import Hyperparameters
from deployer.domain.model import base_model
from deployer.domain.money import Money
from deployer.domain.residency import RETENTION
from deployer.errors import InvalidUsage
from deployer.spend.price import PriceBook, Unpriced
from deployer.training.closing import NOTHING_KNOWN, Closing, obstacle, printed, warnings
from deployer.training.epoch import expected_epochs
from deployer.training.method import is_offered, offered, unsuited
from deployer.training.tier import PAUSED_AT, TIERS, UNBOUNDED, Place, Terms, TierCost, tier_cost, training_tier

MOST_EPOCHS = 50
"""The vendors take 1 to 50."""

CAP_IS_GONE = (
    f"Azure pauses a reinforcement job by itself at {PAUSED_AT} of training and grading; "
    "once it is resumed, nothing stops it again but its end, a cancel or a pause"
)
"""From Azure's cost management page for fine-tuning, read 2026-11-20; the pause leaves a deployable checkpoint."""

_AUTO_CEILING = 25
"""The most that `auto` is expected to choose, which a budget has to allow for."""


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
    method: str = "supervised"

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
    terms: Terms = UNBOUNDED,
) -> Estimate:
    """Price a job on checked data; `seen` is what the vendor says of its end, by default what its pages say.

    Raises InvalidUsage for an impossible tier or number of epochs.
    """
    if parameters.epochs is not None and not 1 <= parameters.epochs <= MOST_EPOCHS:
        raise InvalidUsage(f"--epochs {parameters.epochs} cannot be: the vendors take 1 to {MOST_EPOCHS}")
    account, model, tier = place.account, report.model, training_tier(place)
    epochs = parameters.epochs or expected_epochs(report.valid)
    names = list(TIERS) if account.provider == "azure" else [""]
    costs = {name: tier_cost(report, Place(account, name), epochs, terms, book, at) for name in names}
    closing = seen or printed(account.provider, model)
    at_most = epochs if parameters.epochs else max(epochs, _AUTO_CEILING)
    reason = unsuited(account.provider, model, report.method) or obstacle(account.provider, model, at, closing)
    return Estimate(
        place=Place(account, tier),
        model=model,
        examples=report.valid,
        tokens=report.tokens,
        epochs=epochs,
        epochs_expected=parameters.epochs is None,
        chosen=costs[tier],
        tiers=tuple(costs.values()),
        ceiling=tier_cost(report, Place(account, tier), at_most, terms, book, at).cost,
        inference_until=closing.tuned,
        warnings=tuple(_warnings(report, place, at, closing, reason, terms)),
        notes=tuple(_notes(account.provider, report.method)),
        closing=closing,
        obstacle=reason,
        instead=tuple(_instead(report, account.provider, epochs, terms, book, at)),
        method=report.method,
    )


def offer(estimate: Estimate) -> str:
    """The same job on Azure in one line: what each tier costs to train and to host; or what Azure trains."""
    tiers = "; ".join(f"{one.tier} {one}, then {one.hosting_monthly} a month" for one in estimate.instead)
    if tiers:
        return f"fine-tune on Azure OpenAI with --provider azure ({tiers})"
    asked = estimate.place.account.provider
    where = asked if unsuited(asked, estimate.model, estimate.method) else "azure"
    return f"by {estimate.method}, {where} trains {', '.join(offered(where, estimate.method))}"


def _notes(provider: str, method: str) -> Iterator[str]:
    unknown = "how long it will train and queue is not known beforehand"
    if method == "reinforcement":
        yield f"{unknown}; training is billed by the hour, queueing, pauses and failed jobs are not"
    else:
        yield f"{unknown}; neither is billed on supervised jobs"
    if provider in RETENTION:
        yield RETENTION[provider]


def _instead(
    report: DatasetReport, provider: str, epochs: int, terms: Terms, book: PriceBook, at: datetime
) -> Iterator[TierCost]:
    """OpenAI closes: the same job on Azure, at list prices, for each of its tiers, where Azure trains that model."""
    if provider == "openai" and is_offered("azure", report.model, report.method):
        azure = Account("azure", "", "")
        yield from (tier_cost(report, Place(azure, tier), epochs, terms, book, at) for tier in TIERS)


def _warnings(
    report: DatasetReport, place: Place, at: datetime, closing: Closing, reason: str, terms: Terms
) -> Iterator[str]:
    provider, model = place.account.provider, report.model
    if reason:
        yield f"this job cannot be created: {reason}"
    else:
        yield from warnings(provider, model, at, closing)
    if provider == "openai" and not is_offered("azure", model, report.method):
        models = ", ".join(offered("azure", report.method))
        yield f"Azure does not train {base_model(model)} by {report.method}; it trains {models}"
    if reading_of(model).assumed:
        yield f"{model} is not known here: its tokens were counted with {report.encoding}"
    if place.tier.lower() == "developertier":
        yield "a model served on the developer tier is deleted after 24 hours, whatever it does"
    if report.method == "reinforcement" and provider == "azure":
        yield CAP_IS_GONE
    if terms.hours is not None:
        yield (
            f"it is paused after {terms.hours:f} hours of training, at most an hour late, by `deployer serve`, by "
            "`deployer guard apply` every hour or by `finetune watch`; where none of them runs nothing pauses it"
        )
