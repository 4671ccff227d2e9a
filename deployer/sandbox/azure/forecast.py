"""Cost Management's forecast: the mean of the last four weeks, day by day, beside what is known.

It needs 28 days of history, and the period has to reach into the future.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from deployer.sandbox.azure.cost import DAY, Costs, Query, encode_table, read_query, visible_until
from deployer.sandbox.azure.error import arm_error
from deployer.sandbox.clock import at_seconds
from deployer.sandbox.resource import Account, Refusal
from deployer.sandbox.wire import Request, Response
from deployer.sandbox.world import World

HISTORY = timedelta(days=28)
_COLUMNS = (("Cost", "Number"), ("UsageDate", "Number"), ("CostStatus", "String"), ("Currency", "String"))


class Forecasts:
    def __init__(self, world: World, costs: Costs) -> None:
        self._world = world
        self._costs = costs

    def forecast(self, request: Request) -> Response:
        body = request.document()
        if body.get("timeframe") != "Custom":
            raise Refusal(400, "BadRequest", "Invalid forecast definition: only the timeframe 'Custom' is supported.")
        query = read_query(body, self._world.now())
        if query.end <= self._world.now():
            raise Refusal(400, "BadRequest", "Can't forecast on the past: the end of timePeriod is not after today.")
        refused = self._costs.admit(request, query.units)
        if refused:
            return refused
        rows = self.days(query, self._costs.accounts(request), actual=bool(body.get("includeActualCost", True)))
        if rows is None:
            message = "Forecast is unavailable for the specified time period: there is not enough history."
            return arm_error(424, "424", message)
        name = self._world.naming.fixed_uuid(f"forecast:{request.path}")
        return Response.encoded(encode_table(request.path, name, _COLUMNS, rows), 200, self._costs.told(query.units))

    def days(self, query: Query, accounts: list[Account], *, actual: bool) -> list[list[Any]] | None:
        """A row for each day of the period; None without 28 days of history."""
        told = at_seconds(visible_until(self._world, self._world.clock.seconds()))
        last = told.replace(hour=0, minute=0, second=0, microsecond=0)
        history = self._daily(query, accounts, last - HISTORY, last)
        if min(history, default=None) != _printed(last - HISTORY):
            return None
        mean = round(sum(history.values(), Decimal(0)) / HISTORY.days, 12)
        known = self._daily(query, accounts, query.start, last) if query.start < last else {}
        rows: list[list[Any]] = [[cost, day, "Actual", "USD"] for day, cost in known.items()] if actual else []
        day = max(query.start, last)
        while day < query.end:
            rows.append([mean, _printed(day), "Forecast", "USD"])
            day += DAY
        return rows

    def _daily(self, query: Query, accounts: list[Account], start: datetime, end: datetime) -> dict[int, Decimal]:
        costs = Query(start, end, True, (("Cost", "cost"),), (), query.condition)
        return {day: cost for cost, day, _ in self._costs.rows(costs, accounts)}


def _printed(day: datetime) -> int:
    return int(f"{day:%Y%m%d}")
