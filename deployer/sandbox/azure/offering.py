"""What tools ask before they make something: operations, names that are free, SKUs, places, capacity."""

from typing import Any

from deployer.sandbox.azure.account import ACCOUNT, PROVIDER
from deployer.sandbox.azure.error import guarded
from deployer.sandbox.azure.lookup import require_account, require_subscription
from deployer.sandbox.azure.measure import TOKENS_PER_UNIT
from deployer.sandbox.azure.page import arm_page
from deployer.sandbox.azure.retail import REGIONS
from deployer.sandbox.resource import Refusal
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

NAMESPACE = "Microsoft.CognitiveServices"
OPERATIONS = {
    NAMESPACE: (
        "accounts/read", "accounts/write", "accounts/delete", "accounts/listKeys/action",
        "accounts/deployments/read", "accounts/deployments/write", "accounts/deployments/delete",
        "accounts/models/read", "accounts/usages/read", "locations/models/read", "locations/usages/read",
    ),
    "Microsoft.CostManagement": ("query/read", "forecast/read", "budgets/read", "budgets/write", "budgets/delete"),
    "Microsoft.Insights": ("metrics/read", "metricDefinitions/read", "metricNamespaces/read"),
    "Microsoft.ResourceGraph": ("resources/read",),
}  # fmt: skip
TYPES = ("accounts", "accounts/deployments", "deletedAccounts", "locations", "operations")
VERSIONS = ("2026-09-15-preview", "2025-09-01", "2025-06-01", "2024-10-01", "2023-05-01")


def routes(world: World) -> list[Route]:
    service = Offering(world)
    subscription = "/subscriptions/{subscription}"
    table = [
        ("GET", "/providers/{namespace}/operations", "arm.operations", service.operations),
        ("GET", subscription + "/locations", "subscriptions.locations", service.locations),
        ("GET", subscription + "/providers", "providers.list", service.providers),
        ("GET", subscription + "/providers/{namespace}", "providers.get", service.provider),
        ("POST", subscription + "/providers/{namespace}/register", "providers.register", service.provider),
        ("GET", ACCOUNT + "/skus", "accounts.skus", service.skus),
        ("POST", subscription + PROVIDER + "/checkDomainAvailability", "names.check", service.check_name),
        ("POST", subscription + PROVIDER + "/calculateModelCapacity", "capacity.calculate", service.calculate),
        (
            "POST",
            subscription + PROVIDER + "/locations/{location}/checkSkuAvailability",
            "skus.check",
            service.check_skus,
        ),
        ("GET", subscription + PROVIDER + "/locations/{location}/commitmentTiers", "tiers.list", service.tiers),
    ]
    return [Route(method, pattern, name, guarded(world, handler)) for method, pattern, name, handler in table]


class Offering:
    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self, request: Request) -> Response:
        wanted = request.params["namespace"].lower()
        rows = [
            {"name": f"{namespace}/{name}", "isDataAction": False, "display": _display(namespace, name)}
            for namespace, names in OPERATIONS.items()
            for name in names
            if namespace.lower() == wanted
        ]
        return arm_page(self._world, request, rows, dict)

    def locations(self, request: Request) -> Response:
        subscription = require_subscription(self._world, request)
        return Response.json({"value": [_location(subscription, name) for name in REGIONS]})

    def providers(self, request: Request) -> Response:
        subscription = require_subscription(self._world, request)
        return arm_page(self._world, request, list(OPERATIONS), lambda name: _provider(subscription, name))

    def provider(self, request: Request) -> Response:
        subscription, wanted = require_subscription(self._world, request), request.params["namespace"].lower()
        name = next((item for item in OPERATIONS if item.lower() == wanted), "")
        if not name:
            text = f"The resource namespace '{request.params['namespace']}' is invalid."
            raise Refusal(404, "InvalidResourceNamespace", text)
        return Response.json(_provider(subscription, name))

    def skus(self, request: Request) -> Response:
        require_account(self._world, request)
        row = {"resourceType": f"{NAMESPACE}/accounts", "sku": {"name": "S0", "tier": "Standard"}}
        return Response.json({"value": [row]})

    def check_name(self, request: Request) -> Response:
        """An account's name is free when nobody has it, deleted ones included."""
        require_subscription(self._world, request)
        body, cloud = request.document(), self._world.cloud
        name = str(body["subdomainName"])
        free = cloud.account(name) is None and name.lower() not in cloud.deleted
        answer = {"isSubdomainAvailable": free, "subdomainName": name, "type": body.get("type", "")}
        return Response.json(answer | ({} if free else {"reason": f"Sub domain name '{name}' is already used."}))

    def check_skus(self, request: Request) -> Response:
        require_subscription(self._world, request)
        body = request.document()
        rows = [
            {
                "kind": body.get("kind", ""),
                "type": body.get("type", ""),
                "skuName": sku,
                "skuAvailable": sku == "S0",
                **({} if sku == "S0" else {"reason": "NotAvailableForSubscription", "message": "No such SKU here."}),
            }
            for sku in body.get("skus") or ()
        ]
        return Response.json({"value": rows})

    def calculate(self, request: Request) -> Response:
        """Provisioned units for the given workloads."""
        require_subscription(self._world, request)
        body = request.document()
        tokens = sum(_tokens_a_minute(item) for item in body.get("workloads") or ())
        units = -(-tokens // TOKENS_PER_UNIT)
        capacity = {"value": units, "deployableValue": -(-units // 50) * 50}
        return Response.json(
            {"model": body.get("model", {}), "skuName": body.get("skuName", ""), "estimatedCapacity": capacity}
        )

    def tiers(self, request: Request) -> Response:
        """Commitment tiers are of other services than the models."""
        require_subscription(self._world, request)
        return Response.json({"value": []})


def _display(namespace: str, name: str) -> dict[str, str]:
    resource, _, act = name.rpartition("/")
    return {"provider": namespace, "resource": resource, "operation": name, "description": f"{act} {resource}"}


def _location(subscription: str, name: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}/locations/{name}",
        "name": name,
        "type": "Region",
        "displayName": name,
        "regionalDisplayName": name,
        "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
    }


def _provider(subscription: str, name: str) -> dict[str, Any]:
    types = TYPES if name == NAMESPACE else ()
    return {
        "id": f"/subscriptions/{subscription}/providers/{name}",
        "namespace": name,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": [
            {"resourceType": kind, "locations": list(REGIONS), "apiVersions": list(VERSIONS)} for kind in types
        ],
    }


def _tokens_a_minute(workload: dict[str, Any]) -> int:
    parameters = workload.get("requestParameters") or {}
    tokens = int(parameters.get("avgPromptTokens") or 0) + int(parameters.get("avgGeneratedTokens") or 0)
    return int(workload.get("requestPerMinute") or 0) * tokens
