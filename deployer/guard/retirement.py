"""When what is deployed stops answering, asked of each region or project once.

A list that cannot be read makes its dates unknown, with the cause; it is no gap of the inventory and keeps
nothing else from being decided.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from deployer.domain.catalog import ModelList
from deployer.domain.deployment import Account, Deployment
from deployer.domain.retirement import Retirement, retirement_of
from deployer.domain.snapshot import Snapshot
from deployer.errors import DeployerError
from deployer.guard.context import GuardContext
from deployer.ports.cloud import Provider

_AT_ONCE = 8
Place = tuple[str, str]
"""Provider, and the region or project whose list is the same for all in it."""


def with_retirements(context: GuardContext, snapshot: Snapshot) -> Snapshot:
    """The snapshot with the dates, if any policy has a rule about them."""
    if not any(policy.retirement for policy in context.policies.policies):
        return snapshot
    return replace(snapshot, retirements=retirements(context.providers, snapshot.deployments))


def retirements(providers: Mapping[str, Provider], deployments: Sequence[Deployment]) -> dict[str, Retirement]:
    """By `DeploymentId.key`; a date that is not known says why."""
    lists = model_lists(providers, [one.account for one in deployments])
    return {one.id.key: _retirement(one, lists[place_of(one.account)]) for one in deployments}


def model_lists(providers: Mapping[str, Provider], accounts: Iterable[Account]) -> dict[Place, ModelList | str]:
    """The list of each place, or why it could not be read."""
    places: dict[Place, dict[str, Account]] = {}
    for account in accounts:
        places.setdefault(place_of(account), {}).setdefault(account.subscription.lower(), account)
    with ThreadPoolExecutor(max_workers=min(_AT_ONCE, max(1, len(places)))) as pool:
        found = pool.map(lambda asked: _list(providers, list(asked.values())), places.values())
        return dict(zip(places, found, strict=True))


def place_of(account: Account) -> Place:
    return account.provider, (account.region or account.resource_id).lower()


def _list(providers: Mapping[str, Provider], accounts: Sequence[Account]) -> ModelList | str:
    """Of one place, through the first subscription that may read it."""
    cause = "its cloud is not configured"
    for account in accounts:
        provider = providers.get(account.provider)
        if provider is None:
            continue
        try:
            return provider.catalog.models(account)
        except DeployerError as error:
            cause = error.message
    return cause


def _retirement(deployment: Deployment, models: ModelList | str) -> Retirement:
    return Retirement(cause=models) if isinstance(models, str) else retirement_of(deployment, models)
