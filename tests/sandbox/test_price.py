"""The sandbox and the price book keep their prices apart; here they are compared."""

from datetime import UTC, datetime

import pytest

from deployer.domain.charge import Meter
from deployer.domain.deployment import Tier
from deployer.pricebook import load
from deployer.sandbox.price import Price, azure_price, list_prices, openai_price
from deployer.spend.price import PriceQuery, Rate

AT = datetime(2026, 9, 1, tzinfo=UTC)
BOOK = load()
TUNED_ONLY = {"hosting", "training", "training-hours"}
ROWS = [(row.model, row.tier, row.meter, region) for row in list_prices() for region in row.regions if row.model != "*"]
OPENAI = [
    (model, meter)
    for model in ("gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "gpt-4o", "gpt-4o-mini")
    for meter in ("input", "output", "cached-input", "training")
]


def book(provider: str, meter: str, model: str, tier: Tier, region: str, tuned: bool) -> Price:
    found = BOOK.find(PriceQuery(provider, Meter(meter), model, tier, region, tuned, AT))
    assert isinstance(found, Rate), f"the price book has {found}"
    return Price(found.price, found.per)


@pytest.mark.parametrize(("model", "tier", "meter", "region"), ROWS)
def test_azure_charges_what_the_book_says(model: str, tier: str, meter: str, region: str) -> None:
    place = "eastus2" if region == "*" else region
    charged = azure_price(model, tier, meter, place)
    known = "gpt-3.5-turbo" if model == "gpt-35-turbo" else model
    expected = book("azure", meter, known, Tier(tier), place, meter in TUNED_ONLY)
    assert charged.amount / charged.per == expected.amount / expected.per


@pytest.mark.parametrize("tier", [Tier.PROVISIONED, Tier.GLOBAL_PROVISIONED, Tier.DATA_ZONE_PROVISIONED])
@pytest.mark.parametrize("region", ["eastus2", "swedencentral", "westeurope"])
def test_provisioned_capacity_costs_what_the_book_says(tier: Tier, region: str) -> None:
    charged = azure_price("gpt-4.1", tier.value, "provisioned", region)
    expected = book("azure", "provisioned", "gpt-4.1", tier, region, True)
    assert charged.amount / charged.per == expected.amount / expected.per


@pytest.mark.parametrize(("model", "meter"), OPENAI)
def test_openai_charges_what_the_book_says(model: str, meter: str) -> None:
    name = model if meter == "training" else f"ft:{model}:org::id"
    charged, expected = openai_price(name, meter), book("openai", meter, model, Tier.UNKNOWN, "", True)
    assert charged.amount / charged.per == expected.amount / expected.per


def test_an_unknown_model_has_no_price() -> None:
    with pytest.raises(LookupError):
        azure_price("gpt-9", "global", "input", "eastus2")
    with pytest.raises(LookupError):
        openai_price("ft:gpt-9:org::id", "input")
