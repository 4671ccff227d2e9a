"""Region, SKU and quota, before money is held: refused with the arithmetic, or with the regions that have it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from deployer.domain.catalog import OfferedModel, OfferedSku
from deployer.errors import CloudError, Refused
from deployer.guard.change import scale
from deployer.guard.deploy import Deployed, Order, create, delete, restore
from deployer.ports.cloud import Quota
from deployer.providers.azure.limit import LIMITS
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


# --- sizes, ends, names and places ------------------------------------------------------------

BLOCKS = {"minimum": 15, "maximum": 100, "step": 5}


@pytest.mark.parametrize(
    ("units", "why"),
    [
        (10, "it takes at least 15 units, not 10"),
        (1_000, "it takes at most 100 units, not 1,000"),
        (18, "it takes steps of 5 units: 15 or 20, not 18"),
    ],
)
def test_a_size_that_the_sku_does_not_have_is_refused(offering: World, units: int, why: str) -> None:
    offering.cloud.offered = (replace(MINI, skus=(replace(STANDARD, capacity=BLOCKS),)),)
    with pytest.raises(Refused) as caught:
        make(offering, replace(ORDER, capacity=units))
    assert caught.value.message == f"Standard of fine-tunes of gpt-4.1-mini 2025-04-14 in eastus2: {why}"
    assert (offering.cloud.calls["create"], offering.phases()) == (0, [])


@pytest.mark.parametrize(
    ("sku", "units"),
    [
        (replace(STANDARD, capacity=BLOCKS), 15),
        (replace(STANDARD, capacity=BLOCKS), 45),
        (replace(STANDARD, capacity={"minimum": 1, "step": 10}), 20),
        (replace(STANDARD, capacity={"minimum": 1, "step": 10}), 21),
        (replace(STANDARD, capacity={"step": 0}), 7),
        (replace(STANDARD, capacity={"default": 10}), 7),
        (replace(STANDARD, allowed=(5, 7)), 7),
        (STANDARD, 1),
    ],
)
def test_a_size_that_the_list_allows_or_says_nothing_of_is_made(offering: World, sku: OfferedSku, units: int) -> None:
    offering.cloud.offered = (replace(MINI, skus=(sku,)),)
    assert make(offering, replace(ORDER, capacity=units)).created


def test_only_the_listed_sizes_are_allowed_where_they_are_listed(offering: World) -> None:
    offering.cloud.offered = (replace(MINI, skus=(replace(STANDARD, allowed=(200, 100)),)),)
    with pytest.raises(Refused, match="it takes only 100, 200 units, not 50"):
        make(offering)


@pytest.mark.parametrize("field", ["model", "sku"])
@pytest.mark.parametrize(("days", "told"), [(90, True), (91, False)])
def test_what_retires_soon_is_made_with_a_warning(offering: World, field: str, days: int, told: bool) -> None:
    end = BEGINNING + timedelta(days=days)
    ending = replace(MINI, inference_until=end)
    if field == "sku":
        ending = replace(MINI, inference_until=end + timedelta(days=400), skus=(replace(STANDARD, retires=end),))
    offering.cloud.offered = (ending,)
    words = f"with Standard stops answering in eastus2 on {end:%Y-%m-%d}, in {days} days"
    assert any(words in warning for warning in make(offering).warnings) is told


def test_a_model_on_its_way_out_and_a_date_that_cannot_be_read_are_said(offering: World) -> None:
    offering.cloud.offered = (replace(MINI, lifecycle="Deprecated", unreadable=("deprecation.inference 'soon'",)),)
    warnings = " | ".join(make(offering).warnings)
    assert "is Deprecated in eastus2: the vendor may take no new deployments" in warnings
    assert "is unknown: deprecation.inference 'soon' cannot be read" in warnings


@pytest.mark.parametrize(
    ("name", "told"), [("bot", False), ("Bot_2.x-y", False), ("b", True), ("-bot", True), ("b\u00f6t", True)]
)
def test_a_name_outside_of_what_is_surely_taken_is_a_warning(offering: World, name: str, told: bool) -> None:
    offering.cloud.limits = LIMITS
    warnings = make(offering, replace(ORDER, name=name)).warnings
    assert any("may refuse the name" in warning for warning in warnings) is told


def crowd(world: World, count: int) -> None:
    world.cloud.limits = LIMITS
    for number in range(count):
        world.cloud.deploy(f"tuned-{number}", model=TUNED)
    world.cloud.deploy("base", model="gpt-4.1-mini")


def test_the_eleventh_fine_tune_of_an_account_is_refused_with_the_arithmetic(offering: World) -> None:
    crowd(offering, 10)
    with pytest.raises(Refused, match=r"aoai-dev has 10 fine-tuned models deployed \+ this 1 = 11 is over 10 "):
        make(offering)
    offering.cloud.offered = (replace(MINI, skus=(STANDARD, OfferedSku("Standard"))),)
    assert make(offering, replace(ORDER, model="gpt-4.1-mini")).created


def test_the_tenth_is_made(offering: World) -> None:
    crowd(offering, 9)
    assert make(offering).created


def test_an_account_beyond_the_documented_number_has_another_limit(offering: World) -> None:
    crowd(offering, 11)
    assert any("11 fine-tuned models deployed, and 10 are documented" in word for word in make(offering).warnings)


def test_what_is_put_back_is_not_kept_away_by_a_documented_number(offering: World) -> None:
    make(offering)
    delete(offering.context, "bot", who="me (test)")
    crowd(offering, 10)
    made = restore(offering.context, "bot", who="me (test)")
    assert any("10 fine-tuned models deployed" in word for word in made.warnings)


def test_a_list_of_deployments_that_cannot_be_read_is_a_warning(offering: World) -> None:
    offering.cloud.limits = LIMITS
    offering.cloud.fail("of", CloudError("503 busy", status=503))
    assert any("not known how many fine-tunes aoai-dev has deployed" in word for word in make(offering).warnings)


@pytest.mark.parametrize("units", [53, 12])
def test_a_change_to_a_size_that_the_sku_does_not_have_is_refused(offering: World, units: int) -> None:
    offering.cloud.offered = (replace(MINI, skus=(replace(STANDARD, capacity=BLOCKS),)),)
    make(offering)
    with pytest.raises(Refused, match=f"not {units}$"):
        scale(offering.context, "bot", units, who="me (test)")


def test_fewer_units_are_possible_where_the_model_is_not_offered_any_more(offering: World) -> None:
    make(offering)
    offering.cloud.offered = ()
    assert scale(offering.context, "bot", 10, who="me (test)").deployment.capacity == 10


def test_a_deployment_that_stands_counts_not_twice_when_it_grows(offering: World) -> None:
    crowd(offering, 9)
    make(offering)
    assert scale(offering.context, "bot", 55, who="me (test)").deployment.capacity == 55
