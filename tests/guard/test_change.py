"""Capacity, pause and resume: gated where they cost, journalled, finished after a crash."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from deployer.domain.act import ActKind, Phase
from deployer.domain.catalog import OfferedModel, OfferedSku
from deployer.domain.charge import Bound, Meter
from deployer.domain.deployment import Deployment, Tier
from deployer.domain.money import Money
from deployer.errors import CloudError, InvalidUsage, Refused, Unreachable
from deployer.guard.change import pause, scale
from deployer.guard.deploy import Order, create
from deployer.ports.cloud import Quota
from deployer.spend.price import PriceBook, Rate
from tests.fakes import HOUR
from tests.guard.mortal import Deadline, mortal
from tests.guard.world import World, budgeted, policies

WHO = "me (test)"
SKU = "GlobalProvisionedManaged"
START = date(2024, 1, 1)


class Crash(BaseException):
    """The process is gone."""


def crash() -> None:
    raise Crash


@pytest.fixture
def provisioned(world: World) -> World:
    """50 units at a dollar an hour each, under a budget of 3,000."""
    world.price_book = PriceBook(
        [Rate("azure", Meter.PROVISIONED, "*", Decimal(1), Decimal(1), START, "a made-up price list", START)]
    )
    world.policies = policies(budgeted(3000))
    world.cloud.deploy("bot", model="gpt-4o", sku=SKU, tier=Tier.GLOBAL_PROVISIONED, capacity=50)
    world.sweep()
    return world


def standing(world: World, name: str = "bot") -> Deployment:
    return world.cloud.standing[f"azure:aoai-dev/{name}"]


def test_more_units_are_held_against_the_budget_and_journalled(provisioned: World) -> None:
    changed = scale(provisioned.context, "bot", 80, who=WHO)
    assert (changed.hourly_before, changed.hourly) == (Money.of(50), Money.of(80))
    assert standing(provisioned).capacity == 80
    [act] = provisioned.ledger.journal.acts()
    assert (act.kind, act.phase, act.numbers["capacity before"], act.numbers["capacity"]) == (
        ActKind.SCALE, Phase.DONE, "50", "80",
    )  # fmt: skip
    assert act.numbers["reserved"] == "720"


def test_more_units_than_the_budget_bears_are_refused_with_the_arithmetic(provisioned: World) -> None:
    with pytest.raises(Refused, match=r"spent \$0\.00 \+ reserved \$0\.00 \+ this \$4,800\.00 = \$4,800\.00 is over"):
        scale(provisioned.context, "bot", 250, who=WHO)
    assert (standing(provisioned).capacity, provisioned.phases()) == (50, [])
    scale(provisioned.context, "bot", 250, who=WHO, over_budget="launch")
    assert provisioned.ledger.journal.acts()[0].numbers["over budget"] == "launch"


def test_fewer_units_need_no_budget(provisioned: World) -> None:
    provisioned.policies = policies(budgeted(1))
    assert scale(provisioned.context, "bot", 10, who=WHO).deployment.capacity == 10


def test_each_stretch_is_charged_at_its_own_capacity(provisioned: World) -> None:
    provisioned.clock.advance(HOUR)
    scale(provisioned.context, "bot", 80, who=WHO)
    provisioned.clock.advance(HOUR)
    provisioned.sweep()
    charges = [(charge.amount, charge.bound) for charge in provisioned.charges()]
    assert charges == [(Money.of(50), Bound.EXACT), (Money.of(80), Bound.EXACT)]


def test_after_a_day_nothing_is_held_any_more(provisioned: World) -> None:
    scale(provisioned.context, "bot", 60, who=WHO)
    provisioned.clock.advance(25 * HOUR)
    provisioned.sweep()
    with pytest.raises(Refused, match=r"reserved \$0\.00"):
        scale(provisioned.context, "bot", 1000, who=WHO)


def test_more_units_need_room_in_the_quota(provisioned: World) -> None:
    sku = OfferedSku(SKU, usage_name="OpenAI.GlobalProvisionedManaged")
    provisioned.cloud.offered = (OfferedModel("gpt-4o", default=True, skus=(sku,)),)
    provisioned.cloud.room = {sku.usage_name: Quota(sku.usage_name, 100, 100)}
    with pytest.raises(Refused, match=r"used 100 \+ this 10 = 110 is over 100 by 10"):
        scale(provisioned.context, "bot", 60, who=WHO)
    assert scale(provisioned.context, "bot", 40, who=WHO).deployment.capacity == 40


def test_units_of_a_rate_limit_cost_nothing(world: World) -> None:
    world.policies = policies(budgeted(1))
    world.cloud.deploy("bot", capacity=50)
    changed = scale(world.context, "bot", 100, who=WHO)
    assert changed.hourly == changed.hourly_before == Money.of("1.70")
    assert "reserved" not in world.ledger.journal.acts()[0].numbers


def test_the_same_capacity_again_is_no_act(world: World) -> None:
    world.cloud.deploy("bot", capacity=50)
    assert scale(world.context, "bot", 50, who=WHO).act_id is None
    assert world.phases() == []


def test_units_without_a_known_price_are_not_free(provisioned: World) -> None:
    provisioned.price_book = PriceBook([])
    with pytest.raises(Refused, match="no price known"):
        scale(provisioned.context, "bot", 60, who=WHO)


def test_a_refusal_of_the_cloud_ends_the_act_and_holds_nothing(provisioned: World) -> None:
    provisioned.cloud.fail("scale", CloudError("no", status=400))
    with pytest.raises(CloudError):
        scale(provisioned.context, "bot", 80, who=WHO)
    assert provisioned.phases() == [["intent", "failed"]]
    assert provisioned.ledger.reservations.open() == ()


def test_pause_and_resume_are_journalled_and_may_be_repeated(world: World) -> None:
    world.cloud.deploy("bot")
    for paused in (True, True, False, False):
        pause(world.context, "bot", paused, who=WHO)
    kinds = [act.kind for act in reversed(world.ledger.journal.acts())]
    assert kinds == [ActKind.PAUSE, ActKind.PAUSE, ActKind.RESUME, ActKind.RESUME]
    assert {act.phase for act in world.ledger.journal.acts()} == {Phase.DONE}


def test_a_paused_deployment_goes_on_costing(world: World) -> None:
    world.cloud.deploy("bot")
    changed = pause(world.context, "bot", True, who=WHO)
    assert changed.hourly == Money.of("1.70")
    world.clock.advance(HOUR)
    world.sweep()
    assert [charge.amount for charge in world.charges()] == [Money.of("1.70")]


@pytest.mark.parametrize(("kind", "fatal"), [("scale", n) for n in range(2, 8)] + [("pause", n) for n in range(2, 7)])
def test_a_change_that_was_cut_short_is_finished_at_the_next_start(provisioned: World, kind: str, fatal: int) -> None:
    dying = mortal(provisioned.context, Deadline(fatal, crash))  # the first call finds what is meant
    change = {"scale": lambda: scale(dying, "bot", 80, who=WHO), "pause": lambda: pause(dying, "bot", True, who=WHO)}
    with pytest.raises(Crash):
        change[kind]()
    begun = bool(provisioned.ledger.journal.unfinished())
    provisioned.sweep()
    assert provisioned.ledger.journal.unfinished() == ()
    changed = (standing(provisioned).capacity, standing(provisioned).state)
    if begun:
        assert changed == ((80, "Succeeded") if kind == "scale" else (50, "Paused"))
    else:
        assert changed == (50, "Succeeded")


def test_a_change_whose_answer_was_lost_is_asked_for_again(provisioned: World) -> None:
    provisioned.cloud.fail("scale", Unreachable("cut", maybe_done=True))
    with pytest.raises(Unreachable):
        scale(provisioned.context, "bot", 80, who=WHO)
    [result] = provisioned.sweep().recovered
    assert (result.phase, standing(provisioned).capacity) == (Phase.DONE, 80)


def test_another_instance_under_the_name_is_left_alone(provisioned: World) -> None:
    provisioned.cloud.fail("scale", Unreachable("cut", maybe_done=True))
    with pytest.raises(Unreachable):
        scale(provisioned.context, "bot", 80, who=WHO)
    provisioned.clock.advance(HOUR)
    provisioned.cloud.standing["azure:aoai-dev/bot"] = replace(
        standing(provisioned), created_at=provisioned.clock.now()
    )
    [result] = provisioned.sweep().recovered
    assert (result.phase, standing(provisioned).capacity) == (Phase.WITHDRAWN, 50)


def test_a_provisioned_deployment_is_not_created_without_a_number_of_units(provisioned: World) -> None:
    with pytest.raises(InvalidUsage, match="GlobalProvisionedManaged is paid by the unit"):
        create(provisioned.context, Order("azure", "aoai-dev", "new", "gpt-4o", sku=SKU.lower()), who=WHO)
