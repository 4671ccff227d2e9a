"""Azure budgets: they are evaluated and told, and they stop nothing.

The same budget is seen under Microsoft.Consumption and Microsoft.CostManagement.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from deployer.sandbox.azure.cost import Costs, Query
from deployer.sandbox.azure.page import arm_page
from deployer.sandbox.clock import parse_instant
from deployer.sandbox.resource import Refusal
from deployer.sandbox.wire import Request, Response
from deployer.sandbox.world import World

MONTHS = {"monthly": 1, "billingmonth": 1, "quarterly": 3, "billingquarter": 3, "annually": 12, "billingannual": 12}
EARLIEST = datetime.fromisoformat("2017-06-01T00:00:00+00:00")
_KEPT = ("category", "amount", "timeGrain", "timePeriod", "filter", "notifications")


@dataclass
class Budget:
    """`scope` as the path spells it, without the provider."""

    scope: str
    name: str
    properties: dict[str, Any]
    revision: int = 1


class Budgets:
    def __init__(self, world: World, costs: Costs) -> None:
        self._world = world
        self._costs = costs
        self._kept: dict[tuple[str, str], Budget] = {}

    def list(self, request: Request) -> Response:
        return arm_page(self._world, request, self.of(request), lambda budget: self._render(budget, request))

    def of(self, request: Request) -> tuple[Budget, ...]:
        """Those of the scope that the path names. Raises Refusal."""
        self._costs.accounts(request)
        scope = _scope(request)
        return tuple(budget for budget in self._kept.values() if budget.scope.lower() == scope.lower())

    def get(self, request: Request) -> Response:
        return Response.json(self._render(self._find(request), request))

    def put(self, request: Request) -> Response:
        """Create or replace; replacing needs the eTag of what is replaced."""
        self._costs.accounts(request)
        body, name = request.document(), request.params["budget"]
        properties = _checked(body.get("properties") or {}, self._world.now())
        key = (_scope(request).lower(), name.lower())
        known = self._kept.get(key)
        if known and body.get("eTag", "").strip('"') != str(known.revision):
            raise Refusal(409, "409", "The budget was changed meanwhile: its eTag is needed to update it.")
        self._kept[key] = Budget(_scope(request), name, properties, known.revision + 1 if known else 1)
        return Response.json(self._render(self._kept[key], request), 200 if known else 201)

    def delete(self, request: Request) -> Response:
        budget = self._find(request)
        del self._kept[budget.scope.lower(), budget.name.lower()]
        return Response(200)

    def _find(self, request: Request) -> Budget:
        self._costs.accounts(request)
        found = self._kept.get((_scope(request).lower(), request.params["budget"].lower()))
        if found is None:
            raise Refusal(404, "404", f"Budget '{request.params['budget']}' is not found.")
        return found

    def _render(self, budget: Budget, request: Request) -> dict[str, Any]:
        provider = "Microsoft.Consumption" if "/microsoft.consumption/" in request.path.lower() else _COST_MANAGEMENT
        spent = self.spent(budget, request)
        told = {"currentSpend": {"amount": float(spent), "unit": "USD"}}
        if _foresees(budget):
            told["forecastSpend"] = {"amount": float(self._expected(budget, spent)), "unit": "USD"}
        return {
            "id": f"{budget.scope.lstrip('/')}/providers/{provider}/budgets/{budget.name}",
            "name": budget.name,
            "type": f"{provider}/budgets",
            "eTag": f'"{budget.revision}"',
            "properties": {**budget.properties, **told},
        }

    def spent(self, budget: Budget, request: Request) -> Decimal:
        """What its grain has cost so far, as late as costs are told."""
        now = self._world.now()
        start = _grain_start(now, MONTHS[str(budget.properties["timeGrain"]).lower()])
        query = Query(start, now + timedelta(days=1), False, (("Cost", "cost"),), (), budget.properties.get("filter"))
        return sum((row[0] for row in self._costs.rows(query, self._costs.accounts(request))), Decimal(0))

    def _expected(self, budget: Budget, spent: Decimal) -> Decimal:
        """What the whole grain will have cost when it goes on as it did."""
        now, months = self._world.now(), MONTHS[str(budget.properties["timeGrain"]).lower()]
        start = _grain_start(now, months)
        end = _grain_start(start + timedelta(days=31 * months), months)
        return spent * Decimal((end - start) / max(now - start, timedelta(days=1))).quantize(Decimal("0.000001"))


_COST_MANAGEMENT = "Microsoft.CostManagement"


def _foresees(budget: Budget) -> bool:
    """`forecastSpend` is only told of a budget that has an alert about it."""
    notices = (budget.properties.get("notifications") or {}).values()
    return any(str(notice.get("thresholdType", "")).lower() == "forecasted" for notice in notices)


def _scope(request: Request) -> str:
    return request.path.partition("/providers/")[0]


def _grain_start(now: datetime, months: int) -> datetime:
    month = (now.month - 1) // months * months + 1
    return now.replace(month=month, day=1, hour=0, minute=0, second=0, microsecond=0)


def _checked(given: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The properties that are kept. Raises Refusal, as the service does."""
    period, amount = given.get("timePeriod") or {}, given.get("amount")
    if not isinstance(amount, int | float) or amount <= 0:
        raise Refusal(400, "400", "Budget amount must be greater than zero.")
    if str(given.get("timeGrain", "")).lower() not in MONTHS:
        raise Refusal(400, "400", f"Invalid budget configuration: timeGrain '{given.get('timeGrain')}' is invalid.")
    if str(given.get("category", "")).lower() != "cost":
        raise Refusal(400, "400", f"Invalid budget configuration: category '{given.get('category')}' is invalid.")
    if not period.get("startDate"):
        raise Refusal(400, "400", "Invalid budget configuration: timePeriod needs a startDate.")
    start = parse_instant(str(period["startDate"]))
    if start.day != 1 or start < EARLIEST or start > now + timedelta(days=366):
        raise Refusal(400, "400", "Invalid budget configuration: Start date must be first of the month.")
    return {name: given[name] for name in _KEPT if name in given}
