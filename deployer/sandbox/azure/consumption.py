"""Usage details of Consumption: every charge of every day, one by one, as late as all costs are told."""

import re
from datetime import datetime, timedelta
from typing import Any

from deployer.sandbox.azure.cost import Costs, Query
from deployer.sandbox.azure.costfilter import Facts
from deployer.sandbox.azure.page import arm_page, top_of
from deployer.sandbox.charge import Line
from deployer.sandbox.clock import parse_instant
from deployer.sandbox.resource import Refusal
from deployer.sandbox.wire import Request, Response
from deployer.sandbox.world import World

_TERM = re.compile(r"^\(?\s*properties/usage(start|end)\s+(ge|le|gt|lt|eq)\s+'([^']+)'\s*\)?$", re.IGNORECASE)
DAY = timedelta(days=1)


class UsageDetails:
    def __init__(self, world: World, costs: Costs) -> None:
        self._world = world
        self._costs = costs

    def list(self, request: Request) -> Response:
        start, end = self._period(request.query("$filter"))
        query = Query(start, end, True, (), (), None)
        found = list(self._costs.facts(query, self._costs.accounts(request)))
        expanded = "meterdetails" in request.query("$expand").lower()
        rows = [self._render(number, *one, expanded) for number, one in enumerate(found)]
        return arm_page(self._world, request, top_of(request, rows), dict)

    def _period(self, condition: str) -> tuple[datetime, datetime]:
        """The current billing month, unless a filter says otherwise. Raises Refusal."""
        today = self._world.now().replace(hour=0, minute=0, second=0, microsecond=0)
        start, end = today.replace(day=1), today + DAY
        for term in re.split(r"\s+and\s+", condition, flags=re.IGNORECASE) if condition.strip() else ():
            found = _TERM.match(term.strip())
            if found is None:
                raise Refusal(400, "400", f"Invalid filter '{term}'.")
            day = parse_instant(found[3]).replace(hour=0, minute=0, second=0, microsecond=0)
            if found[2].lower() in ("ge", "gt", "eq"):
                start = day
            if found[2].lower() in ("le", "lt", "eq"):
                end = day + DAY
        return start, end

    def _render(self, number: int, day: datetime, facts: Facts, line: Line, expanded: bool) -> dict[str, Any]:
        name = self._world.naming.fixed_uuid(f"usage:{day:%Y%m%d}:{facts['resourceid']}:{number}")
        provider, price = "Microsoft.Consumption/usageDetails", float(line.price.amount / line.price.per)
        detail = {
            "meterName": facts["meter"],
            "meterCategory": facts["metercategory"],
            "unitOfMeasure": facts["unitofmeasure"],
        }
        return {
            "kind": "legacy",
            "id": f"/subscriptions/{facts['subscriptionid']}/providers/{provider}/{name}",
            "name": name,
            "type": provider,
            "tags": {key.removeprefix("tag:"): value for key, value in facts.items() if key.startswith("tag:")} or None,
            "properties": {
                "subscriptionId": facts["subscriptionid"],
                "subscriptionName": facts["subscriptionname"],
                "date": f"{day:%Y-%m-%dT%H:%M:%S.0000000Z}",
                "product": facts["product"],
                "meterId": facts["meterid"],
                "meterDetails": detail if expanded else None,
                "quantity": float(line.quantity),
                "effectivePrice": price,
                "unitPrice": price,
                "cost": float(line.amount),
                "billingCurrency": "USD",
                "resourceLocation": facts["resourcelocation"],
                "consumedService": facts["consumedservice"],
                "resourceId": facts["resourceid"],
                "resourceName": facts["resourceid"].rpartition("/")[2],
                "resourceGroup": facts["resourcegroup"],
                "chargeType": facts["chargetype"],
                "frequency": facts["frequency"],
                "pricingModel": facts["pricingmodel"],
                "publisherType": facts["publishertype"],
                "isAzureCreditEligible": True,
            },
        }
