"""The price list that ships with the package, figure by figure where the figure matters."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from deployer.domain.charge import Meter
from deployer.domain.deployment import Tier
from deployer.errors import InvalidFile
from deployer.pricebook import load
from deployer.pricebook.shipped import FOLDER, read_book
from deployer.spend.price import PriceQuery, Rate, Unpriced

NOW = datetime(2026, 9, 1, tzinfo=UTC)
EARLY_2024 = datetime(2024, 3, 15, tzinfo=UTC)


def per_unit(
    meter: Meter,
    model: str,
    tier: Tier = Tier.GLOBAL,
    region: str = "eastus2",
    *,
    provider: str = "azure",
    tuned: bool = True,
    at: datetime = NOW,
) -> Decimal:
    """The price per hour, or per million tokens."""
    found = load().find(PriceQuery(provider, meter, model, tier, region, tuned, at))
    assert isinstance(found, Rate), found
    return found.price


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "gpt-4o", "gpt-4o-mini", "o4-mini"])
@pytest.mark.parametrize("tier", [Tier.REGIONAL, Tier.GLOBAL, Tier.DATA_ZONE])
def test_hosting_of_current_models_costs_one_seventy_an_hour(model: str, tier: Tier) -> None:
    assert per_unit(Meter.HOSTING, model, tier) == Decimal("1.70")


@pytest.mark.parametrize(
    ("model", "tier", "region", "price"),
    [
        ("gpt-4o", Tier.REGIONAL, "southeastasia", "2.04"),
        ("gpt-4o-mini", Tier.REGIONAL, "southeastasia", "2.04"),
        ("gpt-4o-mini", Tier.GLOBAL, "southeastasia", "1.70"),
        ("gpt-35-turbo", Tier.REGIONAL, "eastus2", "1.87"),
        ("gpt-3.5-turbo", Tier.REGIONAL, "swedencentral", "2.057"),
        ("gpt-3.5-turbo", Tier.REGIONAL, "switzerlandwest", "2.057"),
        ("gpt-3.5-turbo", Tier.GLOBAL, "eastus2", "1.70"),
        ("gpt-4", Tier.REGIONAL, "swedencentral", "5.00"),
        ("gpt-oss-20b", Tier.GLOBAL, "eastus2", "0.30"),
        ("gpt-oss-20b", Tier.DATA_ZONE, "eastus2", "0.33"),
        ("gpt-oss-20b", Tier.REGIONAL, "eastus2", "0.33"),
    ],
)
def test_hosting_that_differs(model: str, tier: Tier, region: str, price: str) -> None:
    assert per_unit(Meter.HOSTING, model, tier, region) == Decimal(price)


def test_hosting_of_early_2024_is_kept_as_an_older_entry() -> None:
    assert per_unit(Meter.HOSTING, "gpt-3.5-turbo", Tier.REGIONAL, at=EARLY_2024) == 3


@pytest.mark.parametrize(
    ("model", "regional", "anywhere", "zone", "developer"),
    [
        ("gpt-4.1", "27.50", "25", "27.50", "12.50"),
        ("gpt-4.1-mini", "5.50", "5", "5.50", "2.50"),
        ("gpt-4.1-nano", "1.65", "1.50", "1.65", "0.75"),
        ("gpt-4o", "27.50", "25", "27.50", "12.50"),
        ("gpt-4o-mini", "3.30", "3.00", "3.30", "1.50"),
    ],
)
def test_training_per_million_tokens(model: str, regional: str, anywhere: str, zone: str, developer: str) -> None:
    tiers = (Tier.REGIONAL, Tier.GLOBAL, Tier.DATA_ZONE, Tier.DEVELOPER)

    prices = tuple(per_unit(Meter.TRAINING, model, tier) for tier in tiers)

    assert prices == tuple(Decimal(price) for price in (regional, anywhere, zone, developer))


def test_reinforcement_is_trained_by_the_hour() -> None:
    tiers = (Tier.REGIONAL, Tier.GLOBAL, Tier.DATA_ZONE, Tier.DEVELOPER)

    assert [per_unit(Meter.TRAINING_HOURS, "o4-mini", tier) for tier in tiers] == [110, 100, 110, 50]


def test_legacy_training() -> None:
    assert per_unit(Meter.TRAINING, "gpt-35-turbo", Tier.REGIONAL) == Decimal("8.80")
    assert per_unit(Meter.TRAINING, "gpt-4", Tier.REGIONAL, "swedencentral") == 80
    assert per_unit(Meter.TRAINING, "gpt-oss-20b", Tier.GLOBAL) == Decimal("3.60")


@pytest.mark.parametrize(
    ("model", "price_in", "price_out"),
    [("gpt-4.1", "2", "8"), ("gpt-4o", "2.50", "10"), ("gpt-4o-mini", "0.15", "0.60"), ("o4-mini", "1.10", "4.40")],
)
@pytest.mark.parametrize("tuned", [True, False])
def test_azure_charges_fine_tuned_models_the_tokens_of_their_base(
    model: str, price_in: str, price_out: str, tuned: bool
) -> None:
    assert per_unit(Meter.INPUT, model, tuned=tuned) == Decimal(price_in)
    assert per_unit(Meter.OUTPUT, model, tuned=tuned) == Decimal(price_out)


@pytest.mark.parametrize(
    ("model", "tuned", "prices"),
    [
        ("gpt-4.1", True, ("3", "12")),
        ("gpt-4.1", False, ("2", "8")),
        ("gpt-4.1-mini", True, ("0.80", "3.20")),
        ("gpt-4.1-mini", False, ("0.40", "1.60")),
        ("gpt-4o", True, ("3.75", "15")),
        ("gpt-3.5-turbo", True, ("3", "6")),
        ("gpt-3.5-turbo", False, ("0.50", "1.50")),
        ("babbage-002", True, ("1.60", "1.60")),
    ],
)
def test_openai_charges_fine_tuned_models_more(model: str, tuned: bool, prices: tuple[str, str]) -> None:
    meters = (Meter.INPUT, Meter.OUTPUT)

    found = tuple(per_unit(meter, model, Tier.UNKNOWN, "", provider="openai", tuned=tuned) for meter in meters)

    assert found == tuple(Decimal(price) for price in prices)


def test_openai_has_no_hosting() -> None:
    assert per_unit(Meter.HOSTING, "gpt-9", Tier.UNKNOWN, "", provider="openai") == 0


@pytest.mark.parametrize(
    ("tier", "region", "price"),
    [
        (Tier.GLOBAL_PROVISIONED, "eastus2", "1.00"),
        (Tier.DATA_ZONE_PROVISIONED, "eastus2", "1.10"),
        (Tier.PROVISIONED, "eastus2", "2.00"),
        (Tier.PROVISIONED, "swedencentral", "2.20"),
        (Tier.PROVISIONED, "westeurope", "2.40"),
    ],
)
def test_provisioned_units_per_hour(tier: Tier, region: str, price: str) -> None:
    assert per_unit(Meter.PROVISIONED, "any-model", tier, region) == Decimal(price)


def test_base_models_and_the_developer_tier_are_known_to_be_free_to_host() -> None:
    assert per_unit(Meter.HOSTING, "gpt-4.1", Tier.REGIONAL, tuned=False) == 0
    assert per_unit(Meter.HOSTING, "gpt-4.1", Tier.DEVELOPER) == 0


@pytest.mark.parametrize("tier", [Tier.UNKNOWN, Tier.BATCH])
def test_fine_tuned_model_on_a_sku_that_is_not_priced_has_no_price(tier: Tier) -> None:
    query = PriceQuery("azure", Meter.HOSTING, "gpt-4.1", tier, "eastus2", True, NOW)

    assert isinstance(load().find(query), Unpriced)


def test_every_figure_has_a_source_and_the_book_an_age() -> None:
    assert all(rate.source and "{" not in rate.source for rate in load().rates)
    assert load().age(NOW) == timedelta(days=32)


def test_no_two_entries_contradict_each_other() -> None:
    facts = [
        (one.provider, one.meter, one.model, one.fine_tuned, one.tier, one.region, one.effective_from)
        for one in load().rates
    ]

    assert len(facts) == len(set(facts))


def test_spoiled_row_is_an_error_that_says_where(tmp_path: Path) -> None:
    for name in ("price.csv", "source.csv", "alias.csv"):
        (tmp_path / name).write_text((FOLDER / name).read_text("utf-8"), "utf-8")
    lines = (tmp_path / "price.csv").read_text("utf-8").splitlines()
    row = next(index for index, line in enumerate(lines) if line.startswith("azure,hosting"))
    lines[row] = lines[row].replace(",1.70,", ",cheap,")
    lines[row + 1] = lines[row + 1].replace(",hosting,", ",parking,")
    (tmp_path / "price.csv").write_text("\n".join(lines), "utf-8")

    with pytest.raises(InvalidFile) as caught:
        read_book(tmp_path)

    assert [problem.where for problem in caught.value.problems] == [
        f"{tmp_path / 'price.csv'}:{row + 1}",
        f"{tmp_path / 'price.csv'}:{row + 2}",
    ]
