"""The retail price list: public, without a token, in pages, with an OData filter over a few fields."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from deployer.sandbox.price import ListPrice, list_prices
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

SERVICE = "Foundry Models"
REGIONS = (
    "australiaeast", "canadaeast", "eastus", "eastus2", "francecentral", "northcentralus", "northeurope",
    "southeastasia", "swedencentral", "switzerlandwest", "uksouth", "westeurope", "westus3",
)  # fmt: skip
_UNITS = {"1": "1 Hour", "1000": "1K", "1000000": "1M"}
_TERM = re.compile(r"^\(*\s*(\w+)\s+eq\s+'([^']*)'\s*\)*$", re.IGNORECASE)
_CONTAINS = re.compile(r"^\(*\s*contains\(\s*(\w+)\s*,\s*'([^']*)'\s*\)\s*\)*$", re.IGNORECASE)
Item = dict[str, Any]


def routes(world: World) -> list[Route]:
    return [Route("GET", "/api/retail/prices", "prices.list", Retail(world).prices)]


def refuse(request: Request, allowed: tuple[str, ...]) -> Response:
    """The answer to what the price list does not serve: it is public, so no one is asked for a token."""
    if allowed:
        return Response.json(
            {"Message": f"The requested resource does not support http method '{request.method}'."}, 405
        )
    return Response.json({"Message": f"No HTTP resource was found that matches the request URI '{request.path}'."}, 404)


class Retail:
    def __init__(self, world: World) -> None:
        self._world = world

    def prices(self, request: Request) -> Response:
        condition = request.query("$filter")
        try:
            keeps = read_filter(condition)
        except ValueError as error:
            return Response.json({"Error": {"Code": "BadRequest", "Message": str(error)}}, 400)
        items = [item for item in self._items() if keeps(item)]
        skip = int(request.query("$skip") or 0)
        page = items[skip : skip + self._world.settings.price_page_size]
        end = skip + len(page)
        link = f"{self._world.base_url}/api/retail/prices?$filter={quote(condition)}&$skip={end}"
        return Response.json(
            {
                "BillingCurrency": "USD",
                "CustomerEntityId": "Default",
                "CustomerEntityType": "Retail",
                "Items": page,
                "NextPageLink": link if end < len(items) else None,
                "Count": len(page),
            }
        )

    def _items(self) -> list[Item]:
        named = {(row.price.name, region) for row in list_prices() for region in row.regions}
        items: dict[tuple[str, str], Item] = {}
        for row in list_prices():
            every = [region for region in REGIONS if (row.price.name, region) not in named]
            for region in every if row.regions == ("*",) else row.regions:
                items.setdefault((row.price.name, region), self._item(row, region))  # one meter may count in and out
        return list(items.values())

    def _item(self, row: ListPrice, region: str) -> Item:
        unit = "1/Hour" if row.meter == "provisioned" else _UNITS[str(row.price.per)]
        identifier = self._world.naming.fixed_uuid(f"meter:{row.price.name}")
        return {
            "currencyCode": "USD",
            "tierMinimumUnits": 0.0,
            "retailPrice": float(row.price.amount),
            "unitPrice": float(row.price.amount),
            "armRegionName": region,
            "location": region,
            "effectiveStartDate": f"{row.since}T00:00:00Z",
            "meterId": identifier,
            "meterName": row.price.name,
            "productId": f"DZH318Z0{identifier[:4].upper()}",
            "skuId": f"DZH318Z0{identifier[:4].upper()}/{identifier[4:8].upper()}",
            "productName": row.price.product,
            "skuName": row.price.name.rsplit(" ", 1)[0],
            "serviceName": SERVICE,
            "serviceId": "DZH31C4K2KQZ",
            "serviceFamily": "AI + Machine Learning",
            "unitOfMeasure": unit,
            "type": "Consumption",
            "isPrimaryMeterRegion": True,
            "armSkuName": row.price.name.rsplit(" ", 1)[0],
        }


def read_filter(condition: str) -> Callable[[Item], bool]:
    """`a eq 'x' and (b eq 'y' or contains(c, 'z'))`: all of the groups, any of each. Raises ValueError."""
    groups = [re.split(r"\s+or\s+", group) for group in re.split(r"\s+and\s+", condition)] if condition else []
    tests = [[_read_term(term) for term in group] for group in groups]
    return lambda item: all(any(test(item) for test in group) for group in tests)


def _read_term(term: str) -> Callable[[Item], bool]:
    equal, contains = _TERM.match(term), _CONTAINS.match(term)
    if equal:
        return lambda item: str(_field(item, equal[1])).lower() == equal[2].lower()
    if contains:
        return lambda item: contains[2].lower() in str(_field(item, contains[1])).lower()
    raise ValueError(f"Invalid filter near '{term}'")


def _field(item: Item, name: str) -> Any:
    return next((value for key, value in item.items() if key.lower() == name.lower()), "")
