"""Region, SKU and quota, before money is held: refused with the arithmetic, or with the regions that have it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from deployer.domain.catalog import OfferedModel, OfferedSku
from deployer.errors import CloudError, Refused
from deployer.guard.deploy import Deployed, Order, create, delete, restore
from deployer.ports.cloud import Quota
from tests.fakes import BEGINNING, TUNED
from tests.guard.world import World

ORDER = Order("azure", "aoai-dev", "bot", TUNED, capacity=50)
QUOTA = "OpenAI.Standard.gpt-4.1-mini-finetune"
STANDARD = OfferedSku("Standard", tuned=True, usage_name=QUOTA)
MINI = OfferedModel("gpt-4.1-mini", "2025-04-14", skus=(STANDARD, OfferedSku("DeveloperTier", tuned=True)))


def make(world: World, order: Order = ORDER) -> Deployed:
    return create(world.context, order, who="me (test)")


@pytest.fixture
def offering(world: World) -> World:
    """A region with one model and a quota of 5,000."""
    world.cloud.offered = (MINI,)
    world.cloud.room = {QUOTA: Quota(QUOTA, 4_950, 5_000)}
    return world


def test_what_fits_is_made_without_a_word(offering: World) -> None:
    assert not any("not known" in warning or "quota" in warning for warning in make(offering).warnings)


def test_a_quota_that_is_used_up_is_refused_with_the_arithmetic(offering: World) -> None:
    with pytest.raises(Refused) as caught:
        make(offering, replace(ORDER, capacity=51))
    assert caught.value.message == (
        "quota OpenAI.Standard.gpt-4.1-mini-finetune in eastus2: used 4,950 + this 51 = 5,001 is over 5,000 by 1"
    )
    assert caught.value.exit_code == 3
    assert (offering.cloud.calls["create"], offering.phases()) == (0, [])


def test_a_sku_that_the_region_lacks_is_refused_with_regions_that_have_it(offering: World) -> None:
    offering.cloud.elsewhere = ("northcentralus", "swedencentral")
    with pytest.raises(Refused) as caught:
        make(offering, replace(ORDER, sku="GlobalStandard"))
    assert caught.value.message == (
        "eastus2 does not offer fine-tunes of gpt-4.1-mini 2025-04-14 with GlobalStandard; it offers DeveloperTier, "
        "Standard; regions that do: northcentralus, swedencentral"
    )


def test_a_model_that_the_region_lacks_is_refused(offering: World) -> None:
    with pytest.raises(Refused, match=r"does not offer gpt-9 with Standard; no region is known that does"):
        make(offering, replace(ORDER, model="gpt-9"))


def test_regions_that_cannot_be_read_are_said_and_do_not_turn_no_into_yes(offering: World) -> None:
    offering.cloud.fail("places", CloudError("503", status=503))
    with pytest.raises(Refused, match=r"which regions do could not be read \(503\)"):
        make(offering, replace(ORDER, sku="GlobalStandard"))


def test_a_base_model_is_not_offered_where_only_its_fine_tunes_are(offering: World) -> None:
    with pytest.raises(Refused, match=r"does not offer gpt-4\.1-mini with Standard"):
        make(offering, replace(ORDER, model="gpt-4.1-mini"))


@pytest.mark.parametrize("field", ["model", "sku"])
def test_what_has_retired_is_refused(offering: World, field: str) -> None:
    past = BEGINNING - timedelta(days=1)
    retired = replace(MINI, inference_until=past)
    if field == "sku":
        retired = replace(MINI, skus=(replace(STANDARD, retires=past),))
    offering.cloud.offered = (retired,)
    with pytest.raises(Refused, match="stopped answering in eastus2 on 2026-08-31"):
        make(offering)


@pytest.mark.parametrize("operation", ["models", "quota"])
def test_a_list_that_cannot_be_read_is_a_warning(offering: World, operation: str) -> None:
    offering.cloud.fail(operation, CloudError("503 busy", status=503))
    made = make(offering)
    assert any("503 busy" in warning for warning in made.warnings)


def test_an_empty_list_of_models_denies_nothing(offering: World) -> None:
    offering.cloud.offered = ()
    assert any("its list of models is empty" in warning for warning in make(offering).warnings)


def test_a_quota_that_is_not_listed_is_a_warning(offering: World) -> None:
    offering.cloud.room = {}
    assert any("lists no quota" in warning for warning in make(offering).warnings)


def test_a_restore_is_checked_too(offering: World) -> None:
    offering.cloud.deploy("bot", capacity=60)
    delete(offering.context, "bot", who="me (test)")
    with pytest.raises(Refused, match=r"used 4,950 \+ this 60 = 5,010"):
        restore(offering.context, "bot", who="me (test)")
