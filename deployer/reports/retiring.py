"""What `doctor` says about dates and places: fine-tunes whose base retires soon, and where data goes.

A fine-tune ends with its base, and what replaces it must be trained before: the last day for that is told
with it. All of it is warning: nothing is broken yet.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from deployer.domain.catalog import ModelList
from deployer.domain.deployment import Account
from deployer.domain.model import trained_on
from deployer.domain.residency import RETENTION, processed
from deployer.domain.retirement import SOON, Retirement, retirement_of, retirement_of_model
from deployer.domain.snapshot import InventoryReading
from deployer.errors import DeployerError
from deployer.guard.retirement import Place, model_lists, place_of
from deployer.ports.cloud import Provider

_AT_ONCE = 8


@dataclass(frozen=True)
class Notice:
    """One thing to know; `soon` says that something should be done about it."""

    what: str
    detail: str
    soon: bool = True
    next_step: str = ""


def retiring(provider: Provider, reading: InventoryReading, now: datetime) -> list[Notice]:
    """Fine-tunes that end within 90 days, the first to end first; then what could not be found out."""
    lists = model_lists({provider.name: provider}, reading.accounts)
    jobs, gaps = _trained(provider, reading.accounts)
    ends: dict[str, tuple[str, Retirement]] = {}
    for one in reading.deployments:
        models = lists.get(place_of(one.account))
        if one.fine_tuned and isinstance(models, ModelList):
            ends[one.id.key] = (f"deployment {one.id.account}/{one.name}", retirement_of(one, models))
    deployed = {(one.id.account.lower(), one.model.lower()) for one in reading.deployments}
    for account, name, what in jobs:
        models = lists.get(place_of(account))
        if (account.name.lower(), name.lower()) not in deployed and isinstance(models, ModelList):
            ends[f"{account.resource_id} {name}".lower()] = (what, retirement_of_model(name, models))
    notices = _soon(ends.values(), provider.name, now) + _undated(lists, gaps)
    return notices or [Notice("retiring", f"no fine-tune ends within {SOON.days} days", soon=False)]


def whereabouts(provider: Provider, reading: InventoryReading) -> Notice:
    """Where the data of what is deployed is processed, and how long the vendor keeps what it is given."""
    places = Counter(
        processed(one.id.provider, one.tier, one.account.region, one.sku) for one in reading.deployments
    ).most_common()
    standing = ", ".join(f"{place} ({count})" for place, count in places) or "nothing is deployed"
    tiers = ""
    if provider.name == "azure":
        tiers = (
            "; Standard stays in the resource's region, DataZone in its data zone, "
            "Global and Developer give no residency, neither served nor trained"
        )
    kept = RETENTION.get(provider.name, "")
    return Notice("data", f"processed in: {standing}{tiers}{'. ' + kept if kept else ''}", soon=False)


def _trained(provider: Provider, accounts: Sequence[Account]) -> tuple[list[tuple[Account, str, str]], list[str]]:
    """Every model that a job made or is making, with what to call it; and which jobs could not be listed."""
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        answers = list(pool.map(lambda account: _jobs(provider, account), accounts))
    gaps = [answer for answer in answers if isinstance(answer, str)]
    return [row for answer in answers if not isinstance(answer, str) for row in answer], gaps


def _jobs(provider: Provider, account: Account) -> list[tuple[Account, str, str]] | str:
    try:
        jobs = provider.training.jobs(account)
    except DeployerError as error:
        return error.message
    rows = []
    for job in jobs:
        if job.succeeded and job.fine_tuned_model:
            rows.append((account, job.fine_tuned_model, f"model {job.fine_tuned_model} of {account.name}"))
        elif not job.ended:
            rows.append((account, job.model, f"job {job.id} of {account.name}, which trains {trained_on(job.model)}"))
    return rows


def _soon(ends: Iterable[tuple[str, Retirement]], provider: str, now: datetime) -> list[Notice]:
    dated = [(end.at, what, end) for what, end in ends if end.at is not None and end.at - now <= SOON]
    return [
        Notice("retiring", _told(what, end, at, now), next_step=_step(end, provider, now))
        for at, what, end in sorted(dated, key=lambda one: one[:2])
    ]


def _told(what: str, end: Retirement, at: datetime, now: datetime) -> str:
    last = end.retrain_until
    word = "was" if last is not None and last <= now else "is"
    training = (
        f"the last day to train {end.model} {word} {last:%Y-%m-%d}" if last else "its last day to train is unknown"
    )
    return f"{what}: {end.model} retires on {at:%Y-%m-%d}, {_when((at.date() - now.date()).days)}; {training}"


def _when(days: int) -> str:
    number = f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
    return "today" if days == 0 else f"in {number}" if days > 0 else f"{number} ago"


def _step(end: Retirement, provider: str, now: datetime) -> str:
    if end.at is not None and end.at <= now and provider != "openai":
        return "undeploy it: no source says that its bill stops"
    if end.retrain_until is not None and end.retrain_until <= now:
        return "fine-tune a newer base: `deployer finetune estimate` prices it"
    return "fine-tune a newer base in time, or the same once more while that can be done"


def _undated(lists: Mapping[Place, ModelList | str], gaps: Sequence[str]) -> list[Notice]:
    causes = list(dict.fromkeys([cause for cause in lists.values() if isinstance(cause, str)]))
    step = "`deployer doctor --role watcher` prints the rights that reading needs"
    return [*_unknown("when models retire is unknown", causes, step), *_unknown("jobs are unknown", gaps, step)]


def _unknown(what: str, causes: Sequence[str], step: str) -> Iterator[Notice]:
    if causes:
        more = f" (and {len(causes) - 1} more)" if len(causes) > 1 else ""
        yield Notice("retiring", f"{what}: {causes[0]}{more}", next_step=step)
