"""How estimates, and jobs that were just started, look in tables and documents."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from deployer.cli.render import Column, emit, money, say, tell, warn
from deployer.domain.charge import Bound, Meter
from deployer.domain.money import Money
from deployer.spend.price import Unpriced

if TYPE_CHECKING:
    from deployer.spend.price import Rate
    from deployer.training.estimate import Estimate
    from deployer.training.start import Started
    from deployer.training.tier import TierCost

UNKNOWN = "unknown"
"""What a table shows where no price is known: neither a dash, which reads as nothing, nor zero."""


def _amount(value: Any) -> str:
    return money(value) if isinstance(value, Money) else str(value)


_PRICES = {
    "hours": Column("price_per_hour", "$/h of training", right=True),
    "tokens": Column("price_per_million", "$/1M tokens", right=True),
}
_BEFORE = (Column("provider"), Column("tier"), Column("cost", "training", right=True, show=_amount))
_AFTER = (
    Column("hosting_hourly", "hosting $/h", right=True, show=_amount),
    Column("hosting_monthly", "$/month", right=True, show=_amount),
    Column("processed", "data goes to"),
    Column("price_read_on", "price of"),
)


def estimate_rows(estimate: "Estimate") -> list[dict[str, Any]]:
    """One row per training tier, an unknown price as the words that name it."""
    return [_tier_row(cost, estimate.place.account.provider) for cost in estimate.tiers]


def _instead(estimates: "Sequence[Estimate]") -> "tuple[TierCost, ...]":
    """The same job on Azure, unless it is among what was asked for."""
    if any(each.place.account.provider == "azure" for each in estimates):
        return ()
    return next((each.instead for each in estimates if each.instead), ())


def _ending(estimate: "Estimate") -> dict[str, Any]:
    """Whether the job can be created (null: the vendor was not asked), and what stops answering when."""
    closing, obstacle = estimate.closing, estimate.obstacle
    return {
        "can_start": False if obstacle else True if closing.asked else None,
        "obstacle": obstacle or None,
        "base_until": closing.base,
        "fine_tune_until": closing.tuned,
        "new_jobs_until": closing.training,
        "source": closing.source or None,
    }


def _tier_row(tier: "TierCost", provider: str) -> dict[str, Any]:
    rate = tier.rate
    return {
        "provider": provider,
        "tier": tier.tier or None,
        "cost": known(tier.cost),
        "unpriced": tier.cost.what if isinstance(tier.cost, Unpriced) else None,
        "bound": tier.bound,
        "price_per_million": _price(rate, Meter.TRAINING, 1_000_000),
        "price_per_hour": _price(rate, Meter.TRAINING_HOURS, 1),
        "hosting_hourly": known(tier.hosting),
        "hosting_monthly": known(tier.hosting_monthly),
        "processed": tier.processed or None,
        "refused": tier.refused or None,
        "price_source": rate.source if rate else None,
        "price_read_on": rate.read_on if rate else None,
    }


def _price(rate: "Rate | None", meter: Meter, units: int) -> Decimal | None:
    return rate.cost(Decimal(units)).amount if rate and rate.meter is meter else None


def known(amount: Money | Unpriced) -> Money | None:
    return amount if isinstance(amount, Money) else None


def estimate_document(estimates: Sequence["Estimate"]) -> dict[str, Any]:
    """Estimates of one data set on one or several clouds."""
    first = estimates[0]
    return {
        "model": first.model,
        "method": first.method,
        "billed_by": _unit(first),
        "examples": first.examples,
        "tokens_per_epoch": first.tokens,
        "epochs": first.epochs,
        "epochs_expected": first.epochs_expected,
        "trained_tokens": first.trained_tokens if _unit(first) == "tokens" else None,
        "region": first.place.account.region or None,
        "tiers": [row for each in estimates for row in estimate_rows(each)],
        "inference_until": next((each.inference_until for each in estimates if each.inference_until), None),
        "endings": {each.place.account.provider: _ending(each) for each in estimates},
        "azure_instead": [_tier_row(tier, "azure") for tier in _instead(estimates)],
        "warnings": list(dict.fromkeys(warning for each in estimates for warning in each.warnings)),
        "notes": list(dict.fromkeys(note for each in estimates for note in each.notes)),
    }


def print_estimates(summary: Mapping[str, Any]) -> None:
    """The data in one line, and the tiers in a table."""
    expected = " (what auto is expected to choose)" if summary["epochs_expected"] else ""
    by_token = summary["billed_by"] == "tokens"
    work = f"{summary['trained_tokens']:,} tokens to train" if by_token else "billed by the hour of training"
    say(
        f"{summary['model']}: {summary['examples']:,} examples, {summary['tokens_per_epoch']:,} tokens an epoch, "
        f"{summary['epochs']} epochs{expected}: {work}"
    )
    rows = summary["tiers"] + summary["azure_instead"]
    emit([_shown(row) for row in rows], "table", (*_BEFORE, _PRICES[summary["billed_by"]], *_AFTER))


def tell_estimates(summary: Mapping[str, Any]) -> None:
    """Everything that should be known beside the figures."""
    rows = summary["tiers"] + summary["azure_instead"]
    for what in dict.fromkeys(row["unpriced"] for row in rows if row["unpriced"]):
        warn(f"no price known for {what}: not free")
    for row in rows:
        if row["refused"]:
            warn(f"{row['tier'] or row['provider']} is refused: {row['refused']}")
    for warning in summary["warnings"]:
        warn(warning)
    for note in summary["notes"]:
        tell(f"Note: {note}")


def _unit(estimate: "Estimate") -> str:
    return "hours" if estimate.method == "reinforcement" else "tokens"


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the document as a table shows it."""
    amounts = {name: row[name] or UNKNOWN for name in ("cost", "hosting_hourly", "hosting_monthly")}
    if row["bound"] is Bound.UPPER and row["cost"]:
        amounts["cost"] = f"at most {money(row['cost'])}"
    return {**row, **amounts}


def started_document(started: "Started") -> dict[str, Any]:
    job = started.job
    return {
        "id": job.id,
        "job": job.id,
        "provider": job.provider,
        "account": started.quote.account.name,
        "status": job.status,
        "found": started.found,
        "act": started.act_id,
        "estimate": estimate_document([started.quote.estimate]),
        "warnings": started.warnings,
    }


def _bill(estimate: "Estimate") -> str:
    chosen = estimate.chosen
    if estimate.method != "reinforcement":
        return f"{estimate.trained_tokens:,} tokens in {estimate.epochs} epochs, about {chosen}"
    price = f"{chosen.rate.cost(Decimal(1))} an hour of training, " if chosen.rate else ""
    return f"{estimate.epochs} epochs, {price}{chosen}"


def print_started(started: "Started") -> None:
    estimate, job = started.quote.estimate, started.job
    verb = "Found" if started.found else "Started"
    say(f"{verb} {job.id} in {job.provider}:{started.quote.account.name}: {job.status}")
    say(f"  {_bill(estimate)}")
    say(f"  served afterwards: {estimate.chosen.hosting} an hour, {estimate.chosen.hosting_monthly} a month")
    say(f"  journal entry {started.act_id}; next: deployer finetune watch {job.id}")
