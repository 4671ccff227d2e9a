"""Cost alerts: what budgets told when a threshold was passed. They can be dismissed, and stop nothing."""

from collections.abc import Callable, Iterator
from typing import Any

from deployer.sandbox.azure.budget import Budget, Budgets
from deployer.sandbox.azure.page import arm_page
from deployer.sandbox.clock import stamp
from deployer.sandbox.resource import Refusal
from deployer.sandbox.wire import Request, Response
from deployer.sandbox.world import World

_TESTS: dict[str, Callable[[float, float], bool]] = {
    "equalto": lambda spent, limit: spent == limit,
    "greaterthan": lambda spent, limit: spent > limit,
    "greaterthanorequalto": lambda spent, limit: spent >= limit,
}


class Alarms:
    def __init__(self, world: World, budgets: Budgets) -> None:
        self._world = world
        self._budgets = budgets
        self._dismissed: set[str] = set()

    def list(self, request: Request) -> Response:
        return arm_page(self._world, request, list(self._raised(request)), dict)

    def get(self, request: Request) -> Response:
        return Response.json(self._find(request))

    def dismiss(self, request: Request) -> Response:
        alarm = self._find(request)
        status = str((request.document().get("properties") or {}).get("status", ""))
        if status.lower() != "dismissed":
            raise Refusal(400, "400", f"The status '{status}' is invalid; an alert can only be Dismissed.")
        self._dismissed.add(alarm["name"])
        return Response.json(self._find(request))

    def _find(self, request: Request) -> dict[str, Any]:
        wanted = request.params["alert"].lower()
        for alarm in self._raised(request):
            if alarm["name"].lower() == wanted:
                return alarm
        raise Refusal(404, "404", f"Alert '{request.params['alert']}' is not found.")

    def _raised(self, request: Request) -> Iterator[dict[str, Any]]:
        for budget in self._budgets.of(request):
            spent = float(self._budgets.spent(budget, request))
            for name, notification in (budget.properties.get("notifications") or {}).items():
                forecast = str(notification.get("thresholdType", "Actual")).lower() != "actual"
                limit = float(budget.properties["amount"]) * float(notification.get("threshold", 0)) / 100
                test = _TESTS.get(str(notification.get("operator", "")).lower())
                if test and not forecast and notification.get("enabled", True) and test(spent, limit):
                    yield self._render(budget, name, notification, spent)

    def _render(self, budget: Budget, name: str, notification: dict[str, Any], spent: float) -> dict[str, Any]:
        identifier = self._world.naming.fixed_uuid(f"alarm:{budget.scope.lower()}:{budget.name.lower()}:{name}")
        provider, now = "Microsoft.CostManagement/alerts", stamp(self._world.now())
        details = {
            "timeGrainType": budget.properties["timeGrain"],
            "threshold": notification.get("threshold"),
            "operator": notification.get("operator"),
            "amount": budget.properties["amount"],
            "unit": "USD",
            "currentSpend": spent,
            "triggeredBy": name,
            "contactEmails": notification.get("contactEmails") or [],
        }
        definition = {"type": "Budget", "category": "Cost", "criteria": "CostThresholdExceeded"}
        status = {"status": "Dismissed" if identifier in self._dismissed else "Active", "modificationTime": now}
        properties = {"definition": definition, "description": "", "source": "User", "details": details, **status}
        entity = f"{budget.scope.lstrip('/')}/providers/Microsoft.Consumption/budgets/{budget.name}"
        return {
            "id": f"{budget.scope.lstrip('/')}/providers/{provider}/{identifier}",
            "name": identifier,
            "type": provider,
            "properties": {**properties, "costEntityId": entity, "creationTime": now},
        }
