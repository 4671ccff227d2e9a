"""Reading what a client wants deployed, as ARM checks it before anything is made."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from deployer.sandbox.catalog import INFERENCE_SKUS, TUNED_SKUS, find_base
from deployer.sandbox.clock import seconds_of
from deployer.sandbox.resource import PAUSABLE_SKUS, Account, Deployed, Refusal, TunedModel, wanted_tags


def whole_seconds(at: datetime) -> float:
    """Azure bills and prints whole seconds here, so that no two sums differ by a fraction."""
    return float(int(seconds_of(at)))


def read_deployment(account: Account, name: str, body: Mapping[str, Any], at: datetime) -> Deployed:
    """The deployment that `body` describes, not yet placed. Raises Refusal for what the account cannot serve."""
    properties = dict(body.get("properties") or {})
    model = properties.pop("model", None) or {}
    paused = str(properties.pop("deploymentState", None) or "").lower() == "paused"
    sku = body.get("sku") or {}
    wanted, version = str(model.get("name") or ""), str(model.get("version") or "")
    tuned = account.models.get(wanted.lower())
    if wanted.lower() in account.awaited:
        raise Refusal(404, "ModelNotFound", f"The model '{wanted}' was not found. It may not be available yet.")
    sku_name = sku.get("name") or "Standard"
    if not is_offered(sku_name, tuned=tuned is not None):
        raise unsupported(sku_name, wanted, version)
    return Deployed(
        account=account,
        name=name,
        model=tuned.name if tuned else wanted,
        version=_served_version(tuned, model, wanted, version),
        base_model=tuned.base_model if tuned else wanted,
        fine_tuned=tuned is not None,
        sku=sku_name,
        capacity=int(sku.get("capacity") or 1),
        created=whole_seconds(at),
        tags=wanted_tags(body),
        properties=properties,
        paused=paused and sku_name.lower() in PAUSABLE_SKUS,
    )


def _served_version(tuned: TunedModel | None, model: Mapping[str, Any], wanted: str, version: str) -> str:
    if tuned:
        return version or "1"
    base = find_base(wanted, version)
    if base is None:
        shown = f"Format: {model.get('format') or 'OpenAI'}, Name: {wanted}, Version: {version}"
        message = f"The model '{shown}' of account deployment is not supported."
        raise Refusal(400, "DeploymentModelNotSupported", message)
    return base.version


def is_offered(sku: str, *, tuned: bool) -> bool:
    """Whether there is such a SKU at all, for fine-tuned or for base models."""
    return sku.lower() in {offered.lower() for offered in (TUNED_SKUS if tuned else INFERENCE_SKUS)}


def unsupported(sku: str, name: str, version: str) -> Refusal:
    message = f"The specified SKU '{sku}' for model '{name} {version}' is not supported in this region."
    return Refusal(400, "InvalidResourceProperties", message)
