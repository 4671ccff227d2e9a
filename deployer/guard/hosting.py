"""Which deployments pay by the hour: by the vendor's own list where it says so, by the price book else.

Azure's list of models names the costs of each SKU; for fine-tunes that pay, there stands `Hosting`.
Such a word outweighs a price of nothing in the book: then the price is unknown, not zero. The list's
silence outweighs nothing. It is asked only about fine-tunes that the book takes to be free, once a
region and day.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from deployer.domain.catalog import ModelList
from deployer.domain.deployment import Deployment
from deployer.domain.model import trained_on
from deployer.domain.snapshot import Snapshot
from deployer.guard.context import GuardContext
from deployer.guard.retirement import model_lists, place_of
from deployer.ports.cloud import Provider
from deployer.spend.price import PriceBook, Unpriced
from deployer.spend.standing import PROVISIONED, standing


@dataclass(frozen=True)
class Hosting:
    """Whether a deployment pays by the hour, None when that is not known, and who says so."""

    pays: bool | None
    source: str


def with_hosting(context: GuardContext, snapshot: Snapshot) -> Snapshot:
    """The snapshot with what the vendors' lists say against the price book."""
    marked = mark_hosted(context.providers, snapshot.deployments, context.book, snapshot.as_of)
    return snapshot if marked is snapshot.deployments else replace(snapshot, deployments=marked)


def mark_hosted(
    providers: Mapping[str, Provider], deployments: tuple[Deployment, ...], book: PriceBook, now: datetime
) -> tuple[Deployment, ...]:
    """Those that the book takes to be free are marked when the vendor's list says that they pay."""
    free = [one for one in deployments if _taken_for_free(one, book, now)]
    if not free:
        return deployments
    lists = model_lists(providers, [one.account for one in free])
    paying = {one.id.key for one in free if _says(one, lists[place_of(one.account)])}
    if not paying:
        return deployments
    return tuple(replace(one, hosted=True) if one.id.key in paying else one for one in deployments)


def hosting_of(providers: Mapping[str, Provider], deployment: Deployment, book: PriceBook, now: datetime) -> Hosting:
    """What `deployment show` says of one."""
    if deployment.tier in PROVISIONED:
        return Hosting(True, f"its SKU: {deployment.sku} is paid by the unit and hour")
    if deployment.sku and deployment.fine_tuned:
        models = model_lists(providers, [deployment.account])[place_of(deployment.account)]
        if not isinstance(models, str) and _says(deployment, models):
            return Hosting(True, f"{models.source} of {models.place} ({models.as_of:%Y-%m-%d})")
    found = standing(deployment, book, now)
    if isinstance(found, Unpriced):
        return Hosting(None, str(found))
    return Hosting(bool(found.rate.price), f"price book: {found.rate.source} ({found.rate.read_on})")


def _taken_for_free(deployment: Deployment, book: PriceBook, now: datetime) -> bool:
    if not deployment.fine_tuned or not deployment.sku:
        return False
    found = standing(deployment, book, now)
    return not isinstance(found, Unpriced) and not found.rate.price


def _says(deployment: Deployment, models: ModelList | str) -> bool:
    """Whether the list names hosting among the costs of its SKU."""
    model = None if isinstance(models, str) else models.find(trained_on(deployment.model))
    sku = model.sku(deployment.sku, tuned=True) if model else None
    return sku is not None and sku.hosted is True
