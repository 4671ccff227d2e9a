"""What a region offers: models with their life cycle, quotas and SKUs."""

from collections.abc import Iterator
from typing import Any

from deployer.sandbox.azure.account import ACCOUNT
from deployer.sandbox.azure.deployment import LOCATION
from deployer.sandbox.azure.error import guarded
from deployer.sandbox.azure.lookup import require_account, require_subscription
from deployer.sandbox.azure.page import arm_page
from deployer.sandbox.catalog import (
    INFERENCE_SKUS,
    MODELS,
    MOST_TUNED,
    QUOTA_UNITS,
    REGIONS,
    TUNED_SKUS,
    TUNED_USAGE,
    BaseModel,
    find_base,
    offers,
    sizes,
    usage_name,
)
from deployer.sandbox.resource import HOSTED_SKUS, TunedModel
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World


def routes(world: World) -> list[Route]:
    service = Models(world)
    capacities = "/subscriptions/{subscription}/providers/Microsoft.CognitiveServices/modelCapacities"
    skus = "/subscriptions/{subscription}/providers/Microsoft.CognitiveServices/skus"
    return [
        Route("GET", LOCATION + "/models", "models.list", guarded(world, service.list)),
        Route("GET", LOCATION + "/modelCapacities", "capacities.list", guarded(world, service.capacities)),
        Route("GET", capacities, "capacities.list", guarded(world, service.capacities)),
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
        region = request.params["location"].lower()
        rows = [model for model in MODELS if any(offers(region, sku) for sku in INFERENCE_SKUS)]
        return arm_page(self._world, request, rows, lambda model: _location_model(model, region))

    def of_account(self, request: Request) -> Response:
        account = require_account(self._world, request)
        rows = [_model(model, account.region) for model in MODELS]
        rows += [_tuned(model, account.region) for model in account.models.values()]
        return arm_page(self._world, request, rows, dict)

    def capacities(self, request: Request) -> Response:
        """What is left for one model, by region and SKU; every region unless the path names one."""
        subscription = require_subscription(self._world, request)
        model = find_base(request.query("modelName"), request.query("modelVersion"))
        if model is None:
            return arm_page(self._world, request, list[dict[str, Any]](), dict)
        location = request.params.get("location", "").lower()
        regions = [location] if location else sorted({*REGIONS, *self._regions(subscription)})
        rows = [row for region in regions for row in self._room(subscription, region, model)]
        return arm_page(self._world, request, rows, dict)

    def _regions(self, subscription: str) -> set[str]:
        return {account.region for account in self._world.cloud.of_subscription(subscription)}

    def _room(self, subscription: str, region: str, model: BaseModel) -> Iterator[dict[str, Any]]:
        used = self._world.cloud.used_quota(subscription, region)
        at = f"/subscriptions/{subscription}/providers/Microsoft.CognitiveServices/locations/{region}"
        for sku in dict.fromkeys((*INFERENCE_SKUS, *TUNED_SKUS)):
            if not offers(region, sku):
                continue
            base, tuned = sku in INFERENCE_SKUS, sku in TUNED_SKUS and bool(model.fine_tune_until)
            room = [QUOTA_UNITS - used.get(usage_name(sku, model.name, flag), 0) for flag in (False, True)]
            yield {
                "id": f"{at}/models/OpenAI.{model.name}.{model.version}/skuCapacities/{sku}",
                "type": "Microsoft.CognitiveServices/locations/models/skuCapacities",
                "name": sku,
                "location": region,
                "properties": {
                    "model": {"format": "OpenAI", "name": model.name, "version": model.version},
                    "skuName": sku,
                    "availableCapacity": room[0] if base else 0,
                    "availableFinetuneCapacity": room[1] if tuned else 0,
                },
            }

    def usages(self, request: Request) -> Response:
        subscription, location = require_subscription(self._world, request), request.params["location"].lower()
        used = self._world.cloud.used_quota(subscription, location)
        return arm_page(self._world, request, sorted(set(_quotas()) | set(used)), lambda name: _usage(name, used))

    def account_usages(self, request: Request) -> Response:
        account = require_account(self._world, request)
        tuned = sum(1 for item in account.deployments.values() if item.fine_tuned)
        row = {"name": _name(TUNED_USAGE), "unit": "Count", "currentValue": tuned, "limit": MOST_TUNED}
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


def _location_model(model: BaseModel, region: str) -> dict[str, Any]:
    return {"kind": "OpenAI", "skuName": "S0", "description": "", "model": _model(model, region)}


def _model(model: BaseModel, region: str) -> dict[str, Any]:
    """As recorded on 2026-09-01: fine-tuned SKUs have their own scope, and say which of them pay hosting."""
    skus = [_sku(model, name, fine_tuned=False) for name in INFERENCE_SKUS if offers(region, name)]
    deprecation = {"inference": f"{model.inference_until}T00:00:00Z"}
    row: dict[str, Any] = {
        "format": "OpenAI",
        "name": model.name,
        "version": model.version,
        "isDefaultVersion": model.default,
        "maxCapacity": 3,
        "capabilities": {
            "chatCompletion" if model.chats else "completion": "true",
            "inference": "true",
            "fineTune": str(bool(model.fine_tune_until)).lower(),
        },
        "lifecycleStatus": model.lifecycle,
        "systemData": {"createdBy": "Microsoft", "createdAt": f"{model.released}T00:00:00Z"},
    }
    if model.fine_tune_until:
        deprecation["fineTune"] = f"{model.fine_tune_until}T00:00:00Z"
        row["finetuneCapabilities"] = {"fineTune": "true", "inference": "true"}
        skus += [_sku(model, name, fine_tuned=True) for name in TUNED_SKUS if offers(region, name)]
    return {**row, "deprecation": deprecation, "skus": skus}


def _sku(model: BaseModel, name: str, *, fine_tuned: bool) -> dict[str, Any]:
    sku: dict[str, Any] = {
        "name": name,
        "usageName": usage_name(name, model.name, fine_tuned),
        "deprecationDate": f"{model.inference_until}T00:00:00Z",
        "capacity": sizes(name, model.name),
        "rateLimits": [{"renewalPeriod": 60, "count": 1000}],
    }
    if fine_tuned:
        sku["scope"] = "Finetune"
        if name.lower() in HOSTED_SKUS:
            sku["costs"] = [{"name": "Hosting", "unit": "1 Hour"}]
    return sku


def _tuned(model: TunedModel, region: str) -> dict[str, Any]:
    base = next((item for item in MODELS if item.name == model.base_model), MODELS[0])
    names = {"name": model.name, "version": "1", "isDefaultVersion": False}
    source = {"baseModel": {"format": "OpenAI", "name": model.base_model, "version": model.base_version}}
    skus = [_sku(base, name, fine_tuned=True) for name in TUNED_SKUS if offers(region, name)]
    return {**_model(base, region), **names, **source, "skus": skus}
