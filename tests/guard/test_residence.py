"""Nothing is deployed or restored where its data may not go."""

from dataclasses import replace

import pytest

from deployer.domain.residency import Residency
from deployer.errors import Refused
from deployer.guard.deploy import Order, create, delete, restore
from deployer.policy.document import Match
from tests.fakes import TUNED
from tests.guard.world import IDLE, World, policies

ORDER = Order("azure", "aoai-dev", "bot", TUNED, capacity=50)
BOUND = replace(IDLE, residency=Residency.ZONE)


@pytest.mark.parametrize("sku", ["GlobalStandard", "DeveloperTier", "GlobalProvisionedManaged", "UnheardOf"])
def test_tier_that_does_not_keep_data_in_its_zone_is_refused_and_nothing_is_sent(world: World, sku: str) -> None:
    world.policies = policies(BOUND)

    with pytest.raises(Refused, match=f"bot is not started: policy dev: .*{sku}.*residency zone is asked for") as no:
        create(world.context, replace(ORDER, sku=sku), who="me", over_budget="no way round")

    assert no.value.exit_code == 3
    assert (world.cloud.calls["create"], world.ledger.journal.acts()) == (0, ())


@pytest.mark.parametrize("sku", ["Standard", "DataZoneStandard"])
def test_tier_that_keeps_it_is_created(world: World, sku: str) -> None:
    world.policies = policies(BOUND)

    assert create(world.context, replace(ORDER, sku=sku), who="me").deployment.sku == sku


def test_restore_of_what_the_rule_forbids_by_now_is_refused(world: World) -> None:
    create(world.context, replace(ORDER, sku="GlobalStandard"), who="me")
    delete(world.context, "bot", who="me")
    world.policies = policies(BOUND)

    with pytest.raises(Refused, match="GlobalStandard gives no residency"):
        restore(world.context, "bot", who="me")


def test_most_specific_policy_may_allow_more(world: World) -> None:
    lax = replace(BOUND, name="lax", residency=Residency.ANY, match=Match(deployment=("bot",)))
    world.policies = policies(BOUND, lax)

    assert create(world.context, replace(ORDER, sku="GlobalStandard"), who="me").act_id


def test_policies_that_disagree_allow_nothing_new(world: World) -> None:
    world.policies = policies(BOUND, replace(BOUND, name="other", residency=Residency.REGION))

    with pytest.raises(Refused, match="policies dev and other match it equally and differ in residency"):
        create(world.context, ORDER, who="me")


def test_sweep_tells_of_what_stands_there_and_leaves_it_standing(world: World) -> None:
    create(world.context, replace(ORDER, sku="GlobalStandard"), who="me")
    world.policies = policies(replace(BOUND, idle=None))

    first, second = world.sweep(), world.sweep()

    assert [told.action.rule for told in first.told] == ["residency"]
    assert second.told == ()
    assert world.standing == {"bot"}
