"""The retail price list: public, in pages, filtered."""

from typing import Any

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import Wire, query

SERVICE = "serviceName eq 'Foundry Models'"


def prices(sandbox: Sandbox, condition: str) -> list[dict[str, Any]]:
    """All pages."""
    link, items = f"/api/retail/prices?{query(**{'$filter': condition})}", list[dict[str, Any]]()
    while link:
        body = Wire(sandbox).send("GET", link, token="").body
        items += body["Items"]
        link = body["NextPageLink"]
    return items


def test_hosting_is_listed_by_region(sandbox: Sandbox) -> None:
    condition = f"{SERVICE} and armRegionName eq 'swedencentral' and contains(meterName, 'gpt-35-turbo4K-FT-Hstng')"
    found = [(item["meterName"], item["retailPrice"], item["unitOfMeasure"]) for item in prices(sandbox, condition)]
    assert found == [
        ("gpt-35-turbo4K-FT-Hstng-regnl Unit", 2.057, "1 Hour"),
        ("gpt-35-turbo4K-FT-Hstng-glbl Unit", 1.7, "1 Hour"),
    ]


def test_all_pages_together_hold_each_price_once(sandbox: Sandbox) -> None:
    items = prices(sandbox, SERVICE)
    keys = {(item["meterName"], item["armRegionName"]) for item in items}
    assert len(items) == len(keys) > 100


def test_the_old_service_name_answers_without_rows(sandbox: Sandbox) -> None:
    assert prices(sandbox, "serviceName eq 'Cognitive Services'") == []


def test_a_filter_that_cannot_be_read_is_refused(sandbox: Sandbox) -> None:
    answer = Wire(sandbox).send("GET", f"/api/retail/prices?{query(**{'$filter': 'price lt 5'})}", token="")
    assert answer.status == 400
