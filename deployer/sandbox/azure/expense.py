"""Money in Azure: what Cost Management and Consumption serve, over one quota and one view of the costs."""

from deployer.sandbox.azure.budget import Budgets
from deployer.sandbox.azure.cost import SCOPES, Costs
from deployer.sandbox.azure.error import guarded
from deployer.sandbox.azure.forecast import Forecasts
from deployer.sandbox.wire import Route
from deployer.sandbox.world import World

_COST_MANAGEMENT = "/providers/Microsoft.CostManagement"
_BUDGETS = ("/providers/Microsoft.Consumption/budgets", f"{_COST_MANAGEMENT}/budgets")
"""The same budgets under both names."""


def routes(world: World) -> list[Route]:
    costs = Costs(world)
    questions = {"query": costs.query, "forecast": Forecasts(world, costs).forecast}
    asked = [
        Route("POST", f"{scope}{_COST_MANAGEMENT}/{kind}", f"costs.{kind}", guarded(world, handler))
        for scope in SCOPES
        for kind, handler in questions.items()
    ]
    return asked + _budget_routes(world, Budgets(world, costs))


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
