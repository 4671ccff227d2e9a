"""What a region offers: models with their life cycle, quotas and SKUs."""

from typing import Any

from deployer.sandbox.azure.account import ACCOUNT
from deployer.sandbox.azure.deployment import LOCATION
from deployer.sandbox.azure.error import guarded
from deployer.sandbox.azure.lookup import require_account, require_subscription
from deployer.sandbox.azure.page import arm_page
from deployer.sandbox.catalog import INFERENCE_SKUS, MODELS, QUOTA_UNITS, TUNED_SKUS, BaseModel, usage_name
from deployer.sandbox.resource import HOSTED_SKUS, TunedModel
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World


def routes(world: World) -> list[Route]:
    service = Models(world)
    skus = "/subscriptions/{subscription}/providers/Microsoft.CognitiveServices/skus"
    return [
        Route("GET", LOCATION + "/models", "models.list", guarded(world, service.list)),
        Route("GET", LOCATION + "/usages", "usages.list", guarded(world, service.usages)),
        Route("GET", ACCOUNT + "/models", "accounts.models", guarded(world, service.of_account)),
        Route("GET", ACCOUNT + "/usages", "accounts.usages", guarded(world, service.account_usages)),
        Route("GET", skus, "skus.list", guarded(world, service.skus)),
    ]


class Models:
    def __init__(self, world: World) -> None:
        self._world = world

    def list(self, request: Request) -> Response:
        require_subscription(self._world, request)
        return arm_page(self._world, request, MODELS, _location_model)

    def of_account(self, request: Request) -> Response:
        account = require_account(self._world, request)
        rows = [_model(model) for model in MODELS] + [_tuned(model) for model in account.models.values()]
        return arm_page(self._world, request, rows, dict)

    def usages(self, request: Request) -> Response:
        subscription, location = require_subscription(self._world, request), request.params["location"].lower()
        used = self._world.cloud.used_quota(subscription, location)
        return arm_page(self._world, request, sorted(set(_quotas()) | set(used)), lambda name: _usage(name, used))

    def account_usages(self, request: Request) -> Response:
        account = require_account(self._world, request)
        tuned = sum(1 for item in account.deployments.values() if item.fine_tuned)
        name = "OpenAI.FineTunedDeployments"
        row = {"name": _name(name), "unit": "Count", "currentValue": tuned, "limit": 10}
        return arm_page(self._world, request, [row], dict)

    def skus(self, request: Request) -> Response:
        require_subscription(self._world, request)
        locations = sorted({account.region.upper() for account in self._world.cloud.accounts.values()})
        base = {"resourceType": "accounts", "name": "S0", "tier": "Standard", "kind": "OpenAI", "restrictions": []}
        return arm_page(self._world, request, locations, lambda location: {**base, "locations": [location]})


def _quotas() -> list[str]:
    tuned = [usage_name(sku, model.name, True) for model in MODELS if model.fine_tune_until for sku in TUNED_SKUS]
    return tuned + [usage_name(sku, model.name, False) for model in MODELS for sku in INFERENCE_SKUS]


def _usage(name: str, used: dict[str, int]) -> dict[str, Any]:
    return {"name": _name(name), "unit": "Count", "currentValue": used.get(name, 0), "limit": QUOTA_UNITS}


def _name(value: str) -> dict[str, str]:
    return {"value": value, "localizedValue": value}


def _location_model(model: BaseModel) -> dict[str, Any]:
    return {"kind": "OpenAI", "skuName": "S0", "description": "", "model": _model(model)}


def _model(model: BaseModel) -> dict[str, Any]:
    """As recorded on 2026-09-01: fine-tuned SKUs have their own scope, and say which of them pay hosting."""
    skus = [_sku(model, name, fine_tuned=False) for name in INFERENCE_SKUS]
    deprecation = {"inference": f"{model.inference_until}T00:00:00Z"}
    row: dict[str, Any] = {
        "format": "OpenAI",
        "name": model.name,
        "version": model.version,
        "isDefaultVersion": model.default,
        "maxCapacity": 3,
        "capabilities": {
            "chatCompletion": "true",
            "inference": "true",
            "fineTune": str(bool(model.fine_tune_until)).lower(),
        },
        "lifecycleStatus": model.lifecycle,
        "systemData": {"createdBy": "Microsoft", "createdAt": f"{model.released}T00:00:00Z"},
    }
    if model.fine_tune_until:
        deprecation["fineTune"] = f"{model.fine_tune_until}T00:00:00Z"
        row["finetuneCapabilities"] = {"fineTune": "true", "inference": "true"}
        skus += [_sku(model, name, fine_tuned=True) for name in TUNED_SKUS]
    return {**row, "deprecation": deprecation, "skus": skus}


def _sku(model: BaseModel, name: str, *, fine_tuned: bool) -> dict[str, Any]:
    sku: dict[str, Any] = {
        "name": name,
        "usageName": usage_name(name, model.name, fine_tuned),
        "deprecationDate": f"{model.inference_until}T00:00:00Z",
        "capacity": {"maximum": 1000, "default": 10},
        "rateLimits": [{"key": "token", "renewalPeriod": 60, "count": 1000}],
    }
    if fine_tuned:
        sku["scope"] = "Finetune"
        if name.lower() in HOSTED_SKUS:
            sku["costs"] = [{"name": "Hosting", "unit": "1 Hour"}]
    return sku


def _tuned(model: TunedModel) -> dict[str, Any]:
    base = next((item for item in MODELS if item.name == model.base_model), MODELS[0])
    names = {"name": model.name, "version": "1", "isDefaultVersion": False}
    source = {"baseModel": {"format": "OpenAI", "name": model.base_model, "version": model.base_version}}
    return {**_model(base), **names, **source, "skus": [_sku(base, name, fine_tuned=True) for name in TUNED_SKUS]}
