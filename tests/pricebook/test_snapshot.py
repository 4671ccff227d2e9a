"""Each Azure figure of the book, held against a snapshot of the vendor's own price list."""

import csv
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deployer.pricebook.shipped import FOLDER

SNAPSHOT = Path(__file__).parents[3] / "shared" / "prices" / "azure-retail-2026-07-31.json"
UNITS = {"1K": 1_000, "1M": 1_000_000, "1 Hour": 1, "1/Hour": 1}


@pytest.fixture(scope="module")
def listed() -> dict[str, list[dict[str, Any]]]:
    """The snapshot's items by meter."""
    if not SNAPSHOT.exists():
        pytest.skip(f"the reference data folder is absent: no {SNAPSHOT.name}")
    items: dict[str, list[dict[str, Any]]] = {}
    for item in json.loads(SNAPSHOT.read_text("utf-8"), parse_float=Decimal)["items"]:
        items.setdefault(item["meterName"], []).append(item)
    return items


def rows() -> Iterator[dict[str, str]]:
    lines = (line for line in (FOLDER / "price.csv").read_text("utf-8").splitlines() if not line.startswith("#"))
    return (row for row in csv.DictReader(lines) if row["vendor_meter"])


def price(item: dict[str, Any]) -> Decimal:
    return Decimal(item["retailPrice"]) / UNITS[item["unitOfMeasure"]]


def test_each_figure_is_on_the_vendors_list(listed: dict[str, list[dict[str, Any]]]) -> None:
    wrong = []
    for row in rows():
        mine = Decimal(row["price"]) / Decimal(row["per"])
        same = [item for item in listed[row["vendor_meter"]] if price(item) == mine]
        regions = {region for item in same for region in item["regions"]}
        named = set(row["region"].split("|")) - {"*"}
        dates = {date.fromisoformat(item["effectiveStartDate"][:10]) for item in same}
        if not same or named - regions or date.fromisoformat(row["effective_from"]) not in dates:
            wrong.append(row)

    assert wrong == []


def test_each_region_whose_price_differs_has_its_own_row(listed: dict[str, list[dict[str, Any]]]) -> None:
    mine: dict[tuple[str, str], dict[str, Decimal]] = {}
    for row in rows():
        by_region = mine.setdefault((row["vendor_meter"], row["tier"]), {})
        by_region.update(dict.fromkeys(row["region"].split("|"), Decimal(row["price"]) / Decimal(row["per"])))

    wrong = [
        (meter, region)
        for (meter, _), prices in mine.items()
        for item in listed[meter]
        for region in item["regions"]
        if prices.get(region, prices.get("*")) != price(item)
    ]

    assert wrong == []
