"""Whether a region would take a deployment, asked before money is held: model, SKU, its dates, quota.

What the vendor's own lists deny is refused with the arithmetic, or with the regions that have it. A
list that cannot be read denies nothing: it is a warning, and the vendor decides.
"""

from dataclasses import dataclass

from deployer.domain.catalog import OfferedModel, OfferedSku
from deployer.domain.model import is_fine_tuned, split_version, trained_on
from deployer.errors import CloudError, Refused
from deployer.guard.context import GuardContext
from deployer.ports.cloud import DeploymentRequest, Provider

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


def check_room(context: GuardContext, request: DeploymentRequest, *, held: int = 0) -> tuple[str, ...]:
    """Warnings about what could not be found out. Raises Refused. `held`: units that the deployment has already."""
    provider = context.providers[request.account.provider]
    asked = _asked(request)
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
    return _check_quota(provider, asked, sku, held)


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
