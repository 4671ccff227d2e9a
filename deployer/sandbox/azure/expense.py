"""Money in Azure: what Cost Management and Consumption serve, over one quota and one view of the costs."""

from deployer.sandbox.azure.alarm import Alarms
from deployer.sandbox.azure.budget import Budgets
from deployer.sandbox.azure.consumption import UsageDetails
from deployer.sandbox.azure.cost import SCOPES, Costs
from deployer.sandbox.azure.dimension import Dimensions
from deployer.sandbox.azure.error import guarded
from deployer.sandbox.azure.forecast import Forecasts
from deployer.sandbox.wire import Route
from deployer.sandbox.world import World

_COST_MANAGEMENT = "/providers/Microsoft.CostManagement"
_BUDGETS = ("/providers/Microsoft.Consumption/budgets", f"{_COST_MANAGEMENT}/budgets")
"""The same budgets under both names."""


def routes(world: World) -> list[Route]:
    costs = Costs(world)
    budgets = Budgets(world, costs)
    alarms, dimensions = Alarms(world, budgets), Dimensions(world, costs)
    details = UsageDetails(world, costs)
    table = (
        ("POST", f"{_COST_MANAGEMENT}/query", "costs.query", costs.query),
        ("POST", f"{_COST_MANAGEMENT}/forecast", "costs.forecast", Forecasts(world, costs).forecast),
        ("GET", f"{_COST_MANAGEMENT}/dimensions", "costs.dimensions", dimensions.list),
        ("GET", f"{_COST_MANAGEMENT}/alerts", "costs.alerts.list", alarms.list),
        ("GET", f"{_COST_MANAGEMENT}/alerts/{{alert}}", "costs.alerts.get", alarms.get),
        ("PATCH", f"{_COST_MANAGEMENT}/alerts/{{alert}}", "costs.alerts.dismiss", alarms.dismiss),
        ("GET", "/providers/Microsoft.Consumption/usageDetails", "consumption.usage", details.list),
    )
    asked = [
        Route(method, f"{scope}{path}", name, guarded(world, handler))
        for scope in SCOPES
        for method, path, name, handler in table
    ]
    return asked + _budget_routes(world, budgets)


def _budget_routes(world: World, service: Budgets) -> list[Route]:
    return [
        Route(method, f"{scope}{path}{rest}", f"budgets.{name}", guarded(world, handler))
        for scope in SCOPES[:2]
        for path in _BUDGETS
        for method, rest, name, handler in (
            ("GET", "", "list", service.list),
            ("GET", "/{budget}", "get", service.get),
            ("PUT", "/{budget}", "put", service.put),
            ("DELETE", "/{budget}", "delete", service.delete),
        )
    ]
