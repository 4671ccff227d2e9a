"""What costs can be grouped and filtered by, with the values that there are."""

from datetime import timedelta
from typing import Any

from deployer.sandbox.azure.cost import Costs, Query
from deployer.sandbox.clock import stamp
from deployer.sandbox.wire import Request, Response
from deployer.sandbox.world import World

_NAMES = (
    "ResourceId", "ResourceType", "ResourceGroupName", "ResourceLocation", "SubscriptionId", "SubscriptionName",
    "ServiceName", "ServiceFamily", "ConsumedService", "MeterCategory", "MeterSubcategory", "Meter", "MeterId",
    "Product", "UnitOfMeasure", "ChargeType", "Frequency", "PricingModel", "PublisherType", "PublisherName",
)  # fmt: skip
_PAST = timedelta(days=30)


class Dimensions:
    def __init__(self, world: World, costs: Costs) -> None:
        self._world = world
        self._costs = costs

    def list(self, request: Request) -> Response:
        """The values only where they are asked for, by `$expand=properties/data`."""
        accounts, now = self._costs.accounts(request), self._world.now()
        query = Query(now - _PAST, now, True, (), (), None)
        values: dict[str, set[str]] = {name: set() for name in _NAMES}
        for _, facts, _ in self._costs.facts(query, accounts):
            for name, held in values.items():
                held.add(facts[name.lower()])
        expanded = "properties/data" in request.query("$expand").lower()
        period = {"usageStart": stamp(query.start), "usageEnd": stamp(query.end)}
        rows = [_render(request, name, sorted(held), period, expanded) for name, held in values.items()]
        return Response.json({"value": rows})


def _render(request: Request, name: str, values: list[str], period: dict[str, str], expanded: bool) -> dict[str, Any]:
    scope = request.path.partition("/providers/Microsoft.CostManagement")[0].lstrip("/")
    properties = {"description": name, "category": name, "filterEnabled": True, "groupingEnabled": True}
    return {
        "id": f"{scope}/providers/Microsoft.CostManagement/dimensions/{name}",
        "name": name,
        "type": "Microsoft.CostManagement/dimensions",
        "properties": {**properties, **period, "total": len(values), "data": values if expanded else []},
    }
