"""Which metrics an account has: definitions and namespaces, as Azure Monitor lists them."""

from typing import Any

from deployer.sandbox.azure.account import ACCOUNT
from deployer.sandbox.azure.error import guarded
from deployer.sandbox.azure.lookup import require_account
from deployer.sandbox.azure.measure import MEASURES, Measure
from deployer.sandbox.azure.metric import NAMESPACE
from deployer.sandbox.azure.point import AGGREGATIONS
from deployer.sandbox.azure.question import STEPS
from deployer.sandbox.resource import Account
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

_INSIGHTS = ACCOUNT + "/providers/Microsoft.Insights"
_DIMENSIONS = ("ModelDeploymentName", "StatusCode")


def routes(world: World) -> list[Route]:
    service = Definitions(world)
    return [
        Route("GET", _INSIGHTS + "/metricDefinitions", "metric_definitions.list", guarded(world, service.list)),
        Route("GET", _INSIGHTS + "/metricNamespaces", "metric_namespaces.list", guarded(world, service.namespaces)),
    ]


class Definitions:
    def __init__(self, world: World) -> None:
        self._world = world

    def list(self, request: Request) -> Response:
        account = require_account(self._world, request)
        return Response.json({"value": [_definition(account, measure) for measure in MEASURES.values()]})

    def namespaces(self, request: Request) -> Response:
        account = require_account(self._world, request)
        row = {
            "id": f"{account.resource_id}/providers/microsoft.insights/metricNamespaces/{NAMESPACE}",
            "name": NAMESPACE,
            "type": "Microsoft.Insights/metricNamespaces",
            "classification": "Platform",
            "properties": {"metricNamespaceName": NAMESPACE},
        }
        return Response.json({"value": [row]})


def _definition(account: Account, measure: Measure) -> dict[str, Any]:
    name = measure.name
    return {
        "id": f"{account.resource_id}/providers/microsoft.insights/metricdefinitions/{name}",
        "resourceId": account.resource_id,
        "namespace": NAMESPACE,
        "category": "Azure OpenAI",
        "name": {"value": name, "localizedValue": name},
        "displayDescription": name,
        "isDimensionRequired": False,
        "unit": measure.unit,
        "primaryAggregationType": measure.primary,
        "supportedAggregationTypes": list(AGGREGATIONS),
        "metricAvailabilities": [{"timeGrain": step, "retention": "P93D"} for step in STEPS],
        "dimensions": [{"value": item, "localizedValue": item} for item in _DIMENSIONS],
    }
