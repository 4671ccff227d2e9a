"""Wire to domain: accounts and deployments as Azure Resource Manager shows them."""

from collections.abc import Mapping
from typing import Any

from deployer.domain.deployment import MANAGED_TAG, Account, Deployment, DeploymentId, Tier
from deployer.domain.model import base_model, is_fine_tuned
from deployer.domain.sku import tier_of
from deployer.errors import CloudError
from deployer.providers.azure.wire import GARBLED, get, instant, mapping, tags, text

PROVIDER = "azure"
PAUSED = "Paused"
_DEPLOYMENT_STATE = "deploymentState"
KINDS = frozenset({"openai", "aiservices"})
"""Kinds of a Cognitive Services account that hold model deployments."""

_OTHER_SPELLINGS = {"developer": "developertier", "provisioned": "provisionedmanaged"}


def to_account(item: Mapping[str, Any]) -> Account | None:
    """An account that can hold deployments, or may as its kind is not told; None for others and without a usable id."""
    resource_id, kind = text(item, "id"), text(item, "kind").lower()
    parts = segments(resource_id)
    if kind not in KINDS | {""} or "accounts" not in parts:
        return None
    return Account(
        provider=PROVIDER,
        name=parts["accounts"],
        resource_id=resource_id,
        region=text(item, "location").lower().replace(" ", ""),
        subscription=parts.get("subscriptions", ""),
        resource_group=parts.get("resourcegroups", ""),
        endpoint=text(mapping(item, "properties"), "endpoint"),
        tags=tags(item),
    )


def to_deployment(item: Mapping[str, Any], account: Account) -> Deployment:
    """A deployment with its whole body, of which a restore is made. Raises CloudError when it has no name."""
    properties, sku = mapping(item, "properties"), mapping(item, "sku")
    model = mapping(properties, "model")
    name, labels = text(model, "name"), tags(item)
    if not text(item, "name"):
        raise CloudError(f"cannot read a deployment of {account.name}: it came without its name", next_step=GARBLED)
    return Deployment(
        id=DeploymentId(PROVIDER, account.name, text(item, "name")),
        account=account,
        model=name,
        base_model=base_model(name),
        fine_tuned=is_fine_tuned(name),
        model_version=text(model, "version"),
        sku=text(sku, "name"),
        tier=to_tier(text(sku, "name")),
        capacity=_units(get(sku, "capacity")),
        created_at=instant(get(mapping(item, "systemData"), "createdAt")),
        state=_state(properties),
        tags=labels,
        managed=_is_managed(labels),
        body=item,
    )


def _units(capacity: Any) -> int | None:
    """A number of units that can stand; none and fewer would be free, so they are unknown like everything else."""
    return capacity if isinstance(capacity, int) and not isinstance(capacity, bool) and capacity > 0 else None


def _state(properties: Mapping[str, Any]) -> str:
    """The provisioning state, or `Paused` where an api-version shows that it stands and takes no calls.

    A word of the deployment's own that is not known is shown beside it, and means nothing else.
    """
    state, deployed = text(properties, "provisioningState"), text(properties, _DEPLOYMENT_STATE)
    if deployed.lower() in ("", "running") or state.lower() not in ("", "succeeded"):
        return state
    return PAUSED if deployed.lower() == PAUSED.lower() else f"{state} ({deployed})".strip()


def wants_paused(body: Mapping[str, Any] | None) -> bool:
    """Whether a document to be sent asks for a deployment that takes no calls, as a preview shows it."""
    return text(mapping(body, "properties"), _DEPLOYMENT_STATE).lower() == PAUSED.lower()


def without_state(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document for a stable api-version, which does not know the state, and makes what runs."""
    properties = {
        key: value for key, value in mapping(body, "properties").items() if key.lower() != _DEPLOYMENT_STATE.lower()
    }
    return {key: properties if key.lower() == "properties" else value for key, value in body.items()}


def to_tier(sku: str) -> Tier:
    """The tier of a SKU name; a name that is not known is unknown, never the cheapest."""
    name = sku.lower()
    if name.endswith("batch"):
        return Tier.BATCH
    return tier_of(_OTHER_SPELLINGS.get(name, name))


def real_name(account: Account) -> str:
    """What Azure itself calls it: `name` may tell it from its namesakes."""
    return segments(account.resource_id).get("accounts", account.name)


def segments(resource_id: str) -> dict[str, str]:
    """The names in an ARM id by their kind in lower case (`subscriptions`, `resourcegroups`, `accounts`)."""
    parts = [part for part in resource_id.split("/") if part]
    names = dict(zip((part.lower() for part in parts[::2]), parts[1::2], strict=False))
    return names


def _is_managed(labels: Mapping[str, str]) -> bool:
    key, value = MANAGED_TAG
    return any(name.lower() == key and content.lower() == value for name, content in labels.items())
