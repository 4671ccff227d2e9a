"""What a deployment costs for standing there, by kind."""

from deployer.domain.deployment import Tier
from deployer.domain.money import Money
from deployer.spend.accrual import hourly
from deployer.spend.price import Unpriced
from tests.spend.world import BOOK, START, deployment


def test_fine_tuned_standard_deployment_pays_hosting() -> None:
    assert hourly(deployment(), BOOK, START) == Money.of("1.70")


def test_base_model_on_a_standard_sku_is_known_to_be_free() -> None:
    assert hourly(deployment(tuned=False), BOOK, START) == Money.of("0")


def test_developer_tier_is_known_to_be_free() -> None:
    assert hourly(deployment(tier=Tier.DEVELOPER), BOOK, START) == Money.of("0")


def test_provisioned_deployment_pays_for_every_unit_whatever_its_model() -> None:
    assert hourly(deployment(tier=Tier.PROVISIONED, tuned=False, capacity=15), BOOK, START) == Money.of("30")
    assert hourly(deployment(tier=Tier.PROVISIONED, tuned=True, capacity=15), BOOK, START) == Money.of("30")


def test_provisioned_deployment_without_a_capacity_has_no_price_rather_than_none() -> None:
    price = hourly(deployment(tier=Tier.PROVISIONED, capacity=None), BOOK, START)

    assert isinstance(price, Unpriced)
    assert "provisioned units" in str(price)


def test_sku_that_nobody_knows_has_no_price() -> None:
    price = hourly(deployment(tier=Tier.UNKNOWN), BOOK, START)

    assert str(price) == "no price known for hosting of fine-tuned gpt-4.1-mini (unknown in eastus2) on azure"


def test_model_that_is_not_in_the_book_has_no_price() -> None:
    assert isinstance(hourly(deployment(model="gpt-9"), BOOK, START), Unpriced)
