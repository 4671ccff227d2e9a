"""How estimates, jobs and their events look in tables and documents."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from deployer.cli.render import Column, emit, iso, moment, money, say, tell, warn
from deployer.domain.money import Money
from deployer.spend.price import Unpriced

if TYPE_CHECKING:
    from deployer.domain.charge import Spend
    from deployer.domain.job import Checkpoint, Job, JobEvent
    from deployer.training.estimate import Estimate, TierCost
    from deployer.training.follow import Followed
    from deployer.training.start import Started

UNKNOWN = "unknown"
"""What a table shows where no price is known: neither a dash, which reads as nothing, nor zero."""

_LOSSES = {"train_loss": "train loss", "valid_loss": "valid loss", "full_valid_loss": "full valid loss"}


def _amount(value: Any) -> str:
    return money(value) if isinstance(value, Money) else str(value)


ESTIMATE_COLUMNS = (
    Column("provider"),
    Column("tier"),
    Column("cost", "training", right=True, show=_amount),
    Column("price_per_million", "$/1M tokens", right=True),
    Column("hosting_hourly", "hosting $/h", right=True, show=_amount),
    Column("hosting_monthly", "$/month", right=True, show=_amount),
    Column("processed", "data goes to"),
    Column("price_read_on", "price of"),
)
JOB_COLUMNS = (
    Column("id", "job"),
    Column("account"),
    Column("model"),
    Column("status"),
    Column("created_at", "created"),
    Column("trained_tokens", "tokens", right=True),
    Column("cost", right=True),
    Column("fine_tuned_model", "fine-tuned model"),
    Column("error", "why it failed", show=lambda value: shorten(value, 80, placeholder="…")),
)
"""The last one is left out where nothing failed."""


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
        "price_per_million": rate.cost(Decimal(1_000_000)).amount if rate else None,
        "hosting_hourly": known(tier.hosting),
        "hosting_monthly": known(tier.hosting_monthly),
        "processed": tier.processed or None,
        "refused": tier.refused or None,
        "price_source": rate.source if rate else None,
        "price_read_on": rate.read_on if rate else None,
    }


def known(amount: Money | Unpriced) -> Money | None:
    return amount if isinstance(amount, Money) else None


def estimate_document(estimates: Sequence["Estimate"]) -> dict[str, Any]:
    """Estimates of one data set on one or several clouds."""
    first = estimates[0]
    return {
        "model": first.model,
        "examples": first.examples,
        "tokens_per_epoch": first.tokens,
        "epochs": first.epochs,
        "epochs_expected": first.epochs_expected,
        "trained_tokens": first.trained_tokens,
        "region": first.place.account.region or None,
        "tiers": [row for each in estimates for row in estimate_rows(each)],
        "inference_until": next((each.inference_until for each in estimates if each.inference_until), None),
        "endings": {each.place.account.provider: _ending(each) for each in estimates},
        "azure_instead": [_tier_row(tier, "azure") for tier in _instead(estimates)],
        "warnings": list(dict.fromkeys(warning for each in estimates for warning in each.warnings)),
        "notes": list(dict.fromkeys(note for each in estimates for note in each.notes)),
    }


def job_row(found: "Followed") -> dict[str, Any]:
    job = found.job
    return {
        "id": job.id,
        "provider": job.provider,
        "account": found.account.name,
        "model": job.model,
        "status": job.status,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "trained_tokens": job.trained_tokens,
        "cost": str(found.cost) if found.cost else None,
        "fine_tuned_model": job.fine_tuned_model or None,
        "error": job.error or None,
    }


def job_document(
    found: "Followed", checkpoints: Sequence["Checkpoint"], metrics: Mapping[str, Any] | None
) -> dict[str, Any]:
    """One job in full."""
    job = found.job
    return job_row(found) | {
        "epochs": job.hyperparameters.epochs,
        "batch_size": job.hyperparameters.batch_size,
        "learning_rate_multiplier": job.hyperparameters.learning_rate_multiplier,
        "suffix": job.suffix or None,
        "tier": job.training_tier or None,
        "training_file": job.training_file,
        "validation_file": job.validation_file or None,
        "result_files": job.result_files,
        "metadata": job.metadata,
        "checkpoints": [{**each.metrics, "step": each.step, "model": each.model} for each in checkpoints],
        "metrics": metrics,
    }


def print_job(document: Mapping[str, Any]) -> None:
    """One job for people: its facts, then its checkpoints in a table of their own."""
    facts = {name: value for name, value in document.items() if name != "checkpoints" and value not in (None, (), {})}
    emit(facts, "table")
    rows = document["checkpoints"]
    if rows:
        names = [name for name in dict.fromkeys(key for row in rows for key in row) if name not in ("step", "model")]
        measured = [Column(name, show=lambda value: f"{value:g}", right=True) for name in names]
        say()
        emit(rows, "table", [Column("step", right=True), *measured, Column("model", "checkpoint")])


def event_document(event: "JobEvent") -> dict[str, Any]:
    return {
        "at": iso(event.at) if event.at else None,
        "level": event.level,
        "message": event.message,
        "data": dict(event.data),
    }


def print_event(event: "JobEvent") -> None:
    """One line of a job's log, with its losses where the message leaves them out."""
    losses = [
        f"{title} {float(event.data[name]):.4f}"
        for name, title in _LOSSES.items()
        if isinstance(event.data.get(name), int | float)
    ]
    told = "" if "loss" in event.message or not losses else f" ({', '.join(losses)})"
    level = f"{event.level.upper()}: " if event.level not in ("info", "") else ""
    say(f"{moment(event.at)}  {level}{event.message}{told}")


def cost_text(cost: "Spend | None") -> str:
    return "cost not known yet" if cost is None else f"cost {cost}"


def print_estimates(found: Sequence["Estimate"]) -> None:
    """The data in one line, the tiers in a table, and everything that a person should know beside it."""
    summary = estimate_document(found)
    expected = " (what auto is expected to choose)" if summary["epochs_expected"] else ""
    say(
        f"{summary['model']}: {summary['examples']:,} examples, {summary['tokens_per_epoch']:,} tokens an epoch, "
        f"{summary['epochs']} epochs{expected}: {summary['trained_tokens']:,} tokens to train"
    )
    rows = summary["tiers"] + summary["azure_instead"]
    shown = ("cost", "hosting_hourly", "hosting_monthly")
    emit([row | {name: row[name] or UNKNOWN for name in shown} for row in rows], "table", ESTIMATE_COLUMNS)
    for what in dict.fromkeys(row["unpriced"] for row in rows if row["unpriced"]):
        warn(f"no price known for {what}: not free")
    for row in rows:
        if row["refused"]:
            warn(f"{row['tier'] or row['provider']} is refused: {row['refused']}")
    for warning in summary["warnings"]:
        warn(warning)
    for note in summary["notes"]:
        tell(f"Note: {note}")


def started_document(started: "Started") -> dict[str, Any]:
    job = started.job
    return {
        "job": job.id,
        "provider": job.provider,
        "account": started.quote.account.name,
        "status": job.status,
        "found": started.found,
        "act": started.act_id,
        "estimate": estimate_document([started.quote.estimate]),
        "warnings": started.warnings,
    }


def print_started(started: "Started") -> None:
    estimate, job = started.quote.estimate, started.job
    verb = "Found" if started.found else "Started"
    say(f"{verb} {job.id} in {job.provider}:{started.quote.account.name}: {job.status}")
    say(f"  {estimate.trained_tokens:,} tokens in {estimate.epochs} epochs, about {estimate.chosen.cost}")
    say(f"  served afterwards: {estimate.chosen.hosting} an hour, {estimate.chosen.hosting_monthly} a month")
    say(f"  journal entry {started.act_id}; next: deployer finetune watch {job.id}")


def print_end(found: "Followed", job: "Job") -> None:
    """How the job ended, and the command that comes next."""
    if not job.fine_tuned_model:
        tell(f"{job.id} {job.status}{': ' + job.error if job.error else ''}")
        if job.paused:
            tell(f"Next: deployer finetune resume {job.id}")
        return
    say(f"{job.status}: {job.fine_tuned_model}")
    if job.provider == "azure":
        say(f"Next: deployer deployment create NAME --account {found.account.name} --model {job.fine_tuned_model}")
    else:
        say(f'Next: deployer deployment call "openai:{found.account.name}/{job.fine_tuned_model}" "..."')
