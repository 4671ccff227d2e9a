"""Whether a region would take a deployment, asked before money is held: name, model, SKU, size, dates, quota.

What the vendor's own lists deny is refused with the arithmetic, or with the regions that have it. A
list that cannot be read denies nothing: it is a warning, and the vendor decides. So is a limit of the vendor's
documents that an account evidently exceeds already, and a rule about names, which no specification prints.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from deployer.domain.catalog import OfferedModel, OfferedSku
from deployer.domain.model import is_fine_tuned, split_version, trained_on
from deployer.domain.retirement import SOON
from deployer.errors import CloudError, Refused
from deployer.guard.context import GuardContext
from deployer.ports.cloud import DeploymentRequest, Provider

_LEAVING = frozenset({"deprecating", "deprecated"})
CAPACITY_STEP = "give --capacity a size that the vendor's list allows; a restore takes the old one: create it anew"
QUOTA_STEP = "delete or scale down what is not needed, take another region or SKU, or ask the vendor for more quota"


@dataclass(frozen=True)
class _Asked:
    """What is wanted, in the words of the vendor's lists."""

    request: DeploymentRequest
    model: str
    version: str
    tuned: bool

    @property
    def what(self) -> str:
        full = f"{self.model} {self.version}".strip()
        return f"fine-tunes of {full}" if self.tuned else full

    @property
    def region(self) -> str:
        return self.request.account.region or self.request.account.name


def check_room(
    context: GuardContext, request: DeploymentRequest, *, held: int = 0, standing: bool = False
) -> tuple[str, ...]:
    """Warnings, also about what could not be found out. Raises Refused.

    `held`: units that the deployment has already; one that is `standing` takes no new place.
    """
    provider = context.providers[request.account.provider]
    asked = _asked(request)
    known = tuple(_check_limits(provider, asked)) if not standing else ()
    return (*known, *_check_offer(context, provider, asked, held))


def check_capacity(context: GuardContext, request: DeploymentRequest) -> None:
    """Whether the vendor's list has that size, and nothing more: fewer units need no room. Raises Refused."""
    asked = _asked(request)
    try:
        models = context.providers[request.account.provider].catalog.models(request.account)
    except CloudError:
        return
    model = models.find(asked.model, asked.version)
    sku = model.sku(request.sku, tuned=asked.tuned) if model else None
    if sku is not None:
        _refuse_capacity(asked, sku)


def _check_offer(context: GuardContext, provider: Provider, asked: _Asked, held: int) -> tuple[str, ...]:
    request = asked.request
    try:
        models = provider.catalog.models(request.account)
    except CloudError as error:
        return (f"it is not known whether {asked.region} offers {asked.what}: {error.message}",)
    if not models.models:
        return (f"it is not known whether {asked.region} offers {asked.what}: its list of models is empty",)
    model = models.find(asked.model, asked.version)
    sku = model.sku(request.sku, tuned=asked.tuned) if model else None
    if model is None or sku is None:
        raise _not_offered(provider, asked, model)
    _refuse_retired(context, asked, model, sku)
    _refuse_capacity(asked, sku)
    return (*_check_quota(provider, asked, sku, held), *_ending(context, asked, model, sku))


def _asked(request: DeploymentRequest) -> _Asked:
    if is_fine_tuned(request.model):
        return _Asked(request, *split_version(trained_on(request.model)), tuned=True)
    return _Asked(request, request.model, request.model_version, tuned=False)


def _not_offered(provider: Provider, asked: _Asked, model: OfferedModel | None) -> Refused:
    """The no of a region, with what it has instead and who has what was asked for."""
    request = asked.request
    there = sorted(sku.name for sku in model.skus if sku.tuned == asked.tuned) if model else []
    instead = f"; it offers {', '.join(there)}" if there else ""
    try:
        places = provider.quotas.places(request.account, asked.model, asked.version, request.sku, tuned=asked.tuned)
    except CloudError as error:
        where = f"which regions do could not be read ({error.message})"
    else:
        where = f"regions that do: {', '.join(places)}" if places else "no region is known that does"
    return Refused(
        f"{asked.region} does not offer {asked.what} with {request.sku}{instead}; {where}",
        next_step="take another --sku, or an account in a region that offers it",
    )


def _refuse_retired(context: GuardContext, asked: _Asked, model: OfferedModel, sku: OfferedSku) -> None:
    ends = [end for end in (model.inference_until, sku.retires) if end is not None]
    if ends and min(ends) <= context.clock.now():
        raise Refused(
            f"{asked.what} with {sku.name} stopped answering in {asked.region} on {min(ends):%Y-%m-%d}",
            next_step="deploy a model that has not retired; `deployer finetune start` trains one again",
        )


def _refuse_capacity(asked: _Asked, sku: OfferedSku) -> None:
    why = "" if asked.request.capacity is None else sku.refuses(asked.request.capacity)
    if why:
        raise Refused(f"{sku.name} of {asked.what} in {asked.region}: {why}", next_step=CAPACITY_STEP)


def _ending(context: GuardContext, asked: _Asked, model: OfferedModel, sku: OfferedSku) -> Iterator[str]:
    """What to know of something that is made now and will not be there for long."""
    now = context.clock.now()
    ends = [end for end in (model.inference_until, sku.retires) if end is not None]
    if ends and min(ends) - now <= SOON:
        days = (min(ends) - now).days
        yield f"{asked.what} with {sku.name} stops answering in {asked.region} on {min(ends):%Y-%m-%d}, in {days} days"
    if model.lifecycle.lower() in _LEAVING:
        yield f"{asked.what} is {model.lifecycle} in {asked.region}: the vendor may take no new deployments of it"
    for text in (*model.unreadable, *([sku.unreadable] if sku.unreadable else [])):
        yield f"when {asked.what} with {sku.name} stops answering is unknown: {text} cannot be read"


def _check_limits(provider: Provider, asked: _Asked) -> Iterator[str]:
    """The name, and the number of fine-tunes that one account may have deployed.

    What is put back had its name and, once, its place: there the vendor decides.
    """
    account, limits = asked.request.account, provider.catalog.limits(asked.request.account)
    new = asked.request.body is None
    if new and limits.name is not None and not limits.name.fullmatch(asked.request.name):
        yield f"the vendor may refuse the name {asked.request.name!r}: names of {limits.named} are safe"
    if not asked.tuned or limits.tuned_deployments is None:
        return
    try:
        standing = sum(1 for one in provider.inventory.of(account) if one.fine_tuned and one.serving)
    except CloudError as error:
        yield f"it is not known how many fine-tunes {account.name} has deployed: {error.message}"
        return
    most = limits.tuned_deployments
    if standing == most and new:
        raise Refused(
            f"{account.name} has {standing} fine-tuned models deployed + this 1 = {standing + 1} is over {most} "
            f"({limits.source})",
            next_step="delete one that is not needed, or take another account",
        )
    if standing >= most:
        yield f"{account.name} has {standing} fine-tuned models deployed, and {most} are documented as the most"


def _check_quota(provider: Provider, asked: _Asked, sku: OfferedSku, held: int) -> tuple[str, ...]:
    if not sku.usage_name:
        return ()
    try:
        quota = provider.quotas.quota(asked.request.account, sku.usage_name)
    except CloudError as error:
        return (f"the quota {sku.usage_name} could not be read: {error.message}",)
    if quota is None:
        return (f"{asked.region} lists no quota {sku.usage_name}: whether there is room is not known",)
    more = (asked.request.capacity or 1) - held
    total = quota.used + more
    if total > quota.limit:
        raise Refused(
            f"quota {quota.name} in {asked.region}: used {quota.used:,} + this {more:,} = {total:,} "
            f"is over {quota.limit:,} by {total - quota.limit:,}",
            next_step=QUOTA_STEP,
        )
    return ()
