"""Who pays by the hour: the vendor's list can make a free thing cost, and its silence makes nothing free."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from deployer.domain.catalog import OfferedModel, OfferedSku
from deployer.domain.charge import Meter
from deployer.domain.deployment import Deployment, Tier
from deployer.domain.money import Money
from deployer.errors import CloudError, Refused
from deployer.guard.deploy import Order, create
from deployer.guard.hosting import Hosting, hosting_of
from deployer.spend.price import PriceBook, Rate, Unpriced
from tests.fakes import TUNED
from tests.guard.world import MODEL, World, book

READ = date(2024, 1, 1)
FREE = Rate(
    "azure", Meter.HOSTING, MODEL, Decimal(0), Decimal(1), READ, "a made-up price list", READ, tier="developer",
    fine_tuned=True,
)  # fmt: skip


def offer(world: World, hosted: bool | None, sku: str = "DeveloperTier") -> None:
    world.cloud.offered = (OfferedModel("gpt-4.1-mini", "2025-04-14", skus=(OfferedSku(sku, True, hosted),)),)


@pytest.fixture
def developer(world: World) -> Deployment:
    """A deployment of a tier that the book takes to be free."""
    world.price_book = PriceBook([*book().rates, FREE])
    return world.cloud.deploy("bot", sku="DeveloperTier", tier=Tier.DEVELOPER)


def seen(world: World) -> object:
    view = world.sweep().view
    assert view is not None
    return view.hourly["azure:aoai-dev/bot"]


@pytest.mark.parametrize("hosted", [False, None])
def test_what_the_book_takes_to_be_free_stays_so_while_the_list_does_not_object(
    world: World, developer: Deployment, hosted: bool | None
) -> None:
    offer(world, hosted)
    assert seen(world) == Money.of(0)


def test_a_list_that_names_hosting_makes_the_price_unknown_not_zero(world: World, developer: Deployment) -> None:
    offer(world, True)
    assert isinstance(seen(world), Unpriced)


def test_a_create_is_not_let_through_as_free_either(world: World, developer: Deployment) -> None:
    offer(world, True)
    with pytest.raises(Refused, match="the vendor's list says that DeveloperTier pays hosting"):
        create(world.context, Order("azure", "aoai-dev", "new", TUNED, sku="DeveloperTier"), who="me (test)")


@pytest.mark.parametrize("hosted", [False, None, True])
def test_a_price_in_the_book_is_never_taken_away(world: World, hosted: bool | None) -> None:
    world.cloud.deploy("bot")
    offer(world, hosted, "Standard")
    assert seen(world) == Money.of("1.70")


def test_the_list_is_asked_only_about_what_is_taken_to_be_free(world: World) -> None:
    world.cloud.deploy("bot")
    world.sweep()
    assert world.cloud.calls["models"] == 0


def test_one_question_a_region_serves_all(world: World, developer: Deployment) -> None:
    for number in range(5):
        world.cloud.deploy(f"bot-{number}", sku="DeveloperTier", tier=Tier.DEVELOPER)
    world.sweep()
    assert world.cloud.calls["models"] == 1


def test_a_list_that_cannot_be_read_changes_nothing(world: World, developer: Deployment) -> None:
    world.cloud.fail("models", CloudError("503", status=503))
    assert seen(world) == Money.of(0)


def said(world: World, deployment: Deployment) -> Hosting:
    return hosting_of({"azure": world.cloud}, deployment, world.price_book, world.clock.now())


def test_the_source_is_the_list_where_it_says_so_and_the_book_else(world: World, developer: Deployment) -> None:
    offer(world, True)
    assert said(world, developer).pays is True
    assert said(world, developer).source.endswith("of eastus2 (2026-09-01)")
    offer(world, None)
    assert said(world, developer) == Hosting(False, "price book: a made-up price list (2024-01-01)")


def test_what_nobody_says_is_unknown(world: World, developer: Deployment) -> None:
    stranger = replace(developer, base_model="gpt-9", model="gpt-9-2030-01-01.ft-0-x", tier=Tier.REGIONAL)
    assert said(world, stranger).pays is None


def test_provisioned_units_always_pay(world: World, developer: Deployment) -> None:
    provisioned = replace(developer, sku="ProvisionedManaged", tier=Tier.PROVISIONED)
    assert said(world, provisioned).pays is True
