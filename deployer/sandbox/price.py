"""The sandbox's own prices: what its clouds charge, kept apart from the price book that is tested on it.

Azure: `price.csv`, the list prices of the public retail price list of 2026-07-31, with the
vendor's own meter names; `*` is every region that no other row names. OpenAI: its pricing page
as read on 2026-11-20, in US dollars for a million tokens.
"""

import csv
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from importlib.resources import files

MILLION = Decimal(1_000_000)
_FALLBACKS = ("global", "regional", "datazone")
_TIERS = {
    "standard": "regional",
    "globalstandard": "global",
    "datazonestandard": "datazone",
    "developertier": "developer",
    "provisionedmanaged": "provisioned",
    "globalprovisionedmanaged": "global-provisioned",
    "datazoneprovisionedmanaged": "datazone-provisioned",
    "globalbatch": "batch",
    "datazonebatch": "batch",
}
_BATCH_DISCOUNT = Decimal("0.5")


@dataclass(frozen=True)
class Price:
    """`amount` US dollars for `per` units (hours, PTU-hours, tokens); `name` and `product` as the vendor prints."""

    amount: Decimal
    per: Decimal
    name: str = ""
    product: str = ""


@dataclass(frozen=True)
class ListPrice:
    """One row of Azure's list."""

    model: str
    tier: str
    meter: str
    regions: tuple[str, ...]
    price: Price
    since: str


def tier_of(sku: str) -> str:
    """The tier that a deployment's SKU is billed at."""
    return _TIERS.get(sku.lower(), "regional")


@cache
def list_prices() -> tuple[ListPrice, ...]:
    text = files("deployer.sandbox").joinpath("price.csv").read_text("utf-8")
    return tuple(_row(row) for row in csv.DictReader(text.splitlines()))


def _row(row: dict[str, str]) -> ListPrice:
    price = Price(Decimal(row["price"]), Decimal(row["per"]), row["name"], row["product"])
    return ListPrice(row["model"], row["tier"], row["meter"], tuple(row["region"].split("|")), price, row["since"])


@cache
def _table() -> dict[tuple[str, str, str, str], Price]:
    return {(row.model, row.tier, row.meter, region): row.price for row in list_prices() for region in row.regions}


@cache
def azure_price(model: str, tier: str, meter: str, region: str) -> Price:
    """What Azure charges. Raises LookupError for a model that is not sold."""
    if meter == "provisioned":
        model = "*"
    if tier == "batch":
        price = azure_price(model, "global", meter, region)
        return replace(price, amount=price.amount * _BATCH_DISCOUNT)
    table = _table()
    for wanted in (tier, *_FALLBACKS):
        for place in (region, "*"):
            found = table.get((model, wanted, meter, place))
            if found is not None:
                return found
    if meter == "cached-input":
        return azure_price(model, tier, "input", region)
    raise LookupError(f"no price for {meter} of {model} ({tier}, {region})")


@dataclass(frozen=True)
class _Sold:
    """OpenAI's rates of one model family: training, then fine-tuned and base use as input, cached, output."""

    training: str = ""
    tuned: tuple[str, str, str] = ("", "", "")
    base: tuple[str, str, str] = ("", "", "")


_OPENAI = {
    "gpt-4.1": _Sold("25", ("3", "0.75", "12"), ("2", "2", "8")),
    "gpt-4.1-mini": _Sold("5", ("0.80", "0.20", "3.20"), ("0.40", "0.40", "1.60")),
    "gpt-4.1-nano": _Sold("1.50", ("0.20", "0.05", "0.80"), ("0.10", "0.10", "0.40")),
    "gpt-4o": _Sold("25", ("3.75", "1.875", "15"), ("2.50", "2.50", "10")),
    "gpt-4o-mini": _Sold("3", ("0.30", "0.15", "1.20"), ("0.15", "0.15", "0.60")),
    "gpt-3.5-turbo": _Sold("8", ("3", "3", "6"), ("0.50", "0.50", "1.50")),
    "davinci-002": _Sold("6", ("12", "12", "12"), ("2", "2", "2")),
    "babbage-002": _Sold("0.40", ("1.60", "1.60", "1.60"), ("0.40", "0.40", "0.40")),
    "o4-mini": _Sold("", ("4", "1", "16"), ("1.10", "1.10", "4.40")),
}
_OPENAI_HOURS = {"o4-mini": "100"}
_USES = {"input": 0, "cached-input": 1, "output": 2}


@cache
def openai_price(model: str, meter: str) -> Price:
    """What OpenAI charges for a model as it names it, `ft:` names included. Raises LookupError."""
    tuned = model.startswith("ft:")
    family = _family(model.removeprefix("ft:").partition(":")[0])
    if meter == "training-hours":
        return Price(Decimal(_OPENAI_HOURS[family]), Decimal(1))
    sold = _OPENAI[family]
    text = sold.training if meter == "training" else (sold.tuned if tuned else sold.base)[_USES[meter]]
    if not text:
        raise LookupError(f"no price for {meter} of {model}")
    return Price(Decimal(text), MILLION)


def _family(model: str) -> str:
    fitting = [family for family in _OPENAI if model == family or model.startswith(family + "-")]
    if not fitting:
        raise LookupError(f"no price for {model}")
    return max(fitting, key=len)
