"""The dates that a sweep reads: each region once, and only when a rule asks for them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from deployer.domain.catalog import OfferedModel
from deployer.domain.deployment import Account
from deployer.domain.plan import ActionKind
from deployer.errors import CloudError, Forbidden
from deployer.guard.outcome import exit_code
from deployer.guard.retirement import model_lists, retirements
from deployer.policy.document import RetirementRule
from tests.fakes import FakeClock, FakeCloud
from tests.guard.world import IDLE, World, policies

WATCHED = replace(IDLE, idle=None, retirement=RetirementRule(timedelta(days=60)))
DENIED = Forbidden("cannot list the models: 403", status=403)


@pytest.fixture
def cloud() -> FakeCloud:
    clock = FakeClock()
    cloud = FakeCloud(clock, accounts=("one", "two"))
    end = clock.now() + timedelta(days=40)
    cloud.offered = (OfferedModel("gpt-4.1-mini", "2025-04-14", inference_until=end),)
    return cloud


def test_region_is_asked_once_for_all_its_accounts(cloud: FakeCloud) -> None:
    found = [cloud.deploy("a", account="one"), cloud.deploy("b", account="two")]

    dates = retirements({"azure": cloud}, found)

    assert {dates[one.id.key].at for one in found} == {cloud.offered[0].inference_until}
    assert cloud.calls["models"] == 1


def test_subscription_that_may_not_list_models_is_covered_by_one_that_may(cloud: FakeCloud) -> None:
    cloud.fail("models", DENIED)
    accounts = [Account("azure", name, name, "eastus2", subscription=name) for name in ("one", "two")]

    (found,) = model_lists({"azure": cloud}, accounts).values()

    assert not isinstance(found, str)


def test_list_that_cannot_be_read_makes_dates_unknown_with_the_cause(cloud: FakeCloud) -> None:
    cloud.fail("models", DENIED)

    (date,) = retirements({"azure": cloud}, [cloud.deploy("a")]).values()

    assert (date.at, date.cause) == (None, "cannot list the models: 403")


def test_sweep_reads_dates_only_when_a_rule_asks_for_them(world: World) -> None:
    world.cloud.deploy("bot")

    world.plan()
    assert world.cloud.calls["models"] == 0


def test_sweep_tells_of_an_end_once(world: World, cloud: FakeCloud) -> None:
    world.cloud.deploy("bot")
    world.cloud.offered = cloud.offered
    world.policies = policies(WATCHED)

    first, second = world.sweep(), world.sweep()

    assert [told.action.kind for told in first.told] == [ActionKind.ALERT]
    assert "stops answering on 2026-10-11" in world.notifier.sent[0].body
    assert (second.told, exit_code(second)) == ((), 0)


def test_sweep_without_the_dates_goes_on_and_ends_well(world: World) -> None:
    world.cloud.deploy("bot")
    world.cloud.fail("models", CloudError("cannot list the models: 500", status=500))
    world.policies = policies(WATCHED)

    outcome = world.plan()

    assert exit_code(outcome) == 0
    assert "bot retires is unknown: cannot list the models: 500" in outcome.plan.notes[0]
