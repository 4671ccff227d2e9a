"""A sweep: what it reads, what it stores, and that one cloud does not spoil another."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from deployer.domain.deployment import Account
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.snapshot import InventoryReading
from deployer.errors import CloudError, InvalidFile
from deployer.guard.outcome import exit_code
from deployer.guard.sweep import apply_sweep, plan_sweep
from deployer.ledger import open_ledger
from tests.fakes import HOUR, FakeCloud
from tests.guard.world import IDLE, World, budgeted, policies


def test_a_plan_stores_readings_and_charges_and_nothing_else(world: World) -> None:
    world.warned("bot")
    world.notifier.sent.clear()
    before = world.ledger.decisions.history(world.clock.now())
    assert len(world.plan().plan.acts) == 1
    assert world.notifier.sent == []
    assert world.ledger.decisions.history(world.clock.now()) == before
    assert world.phases() == []
    assert world.standing == {"bot"}


def test_a_plan_works_on_a_ledger_that_may_only_be_read(world: World) -> None:
    world.policies = policies(budgeted(1000))
    world.forgotten("bot", hours=10)
    world.sweep()
    world.clock.advance(10 * HOUR)
    readable = open_ledger(f"sqlite:///{world.home}/ledger.sqlite3", clock=world.clock, read_only=True)
    outcome = plan_sweep(replace(world.context, ledger=readable, read_only=True))
    readable.close()
    assert outcome.view is not None
    assert sum((one.spend.high for one in outcome.view.spent["dev"]), Money.zero()) == Money.of("34.00")


def test_a_warning_says_how_to_keep_what_it_is_about(world: World) -> None:
    world.warned("bot")

    assert "To keep it: deployer deployment protect azure:aoai-dev/bot" in world.notifier.sent[0].body


@pytest.mark.parametrize("ahead", [48 * HOUR, -48 * HOUR])
def test_by_a_clock_that_is_not_the_clouds_nothing_is_decided_charged_or_told(world: World, ahead: timedelta) -> None:
    """A machine that woke with the wrong date would find the last two days without a request."""
    world.warned("bot")
    charged, told = world.charges(), len(world.notifier.sent)
    world.cloud.ahead = ahead

    with pytest.raises(CloudError, match="this machine's clock says"):
        world.sweep()

    assert world.standing == {"bot"}
    assert (world.charges(), len(world.notifier.sent)) == (charged, told)


def test_a_clock_that_is_some_minutes_off_is_good_enough(world: World) -> None:
    world.warned("bot")
    world.cloud.ahead = timedelta(minutes=4)

    assert len(world.sweep().results) == 1


def test_hosting_counts_from_creation_and_not_from_first_sight(world: World) -> None:
    world.policies = policies(budgeted(1000))
    world.forgotten("bot", hours=36)
    outcome = world.sweep()
    assert outcome.view is not None
    assert [str(one.spend) for one in outcome.view.spent["dev"]] == ["$61.20"]


def test_tokens_from_before_first_sight_are_counted(world: World) -> None:
    world.policies = policies(budgeted(1000))
    bot = world.cloud.deploy("bot")
    world.clock.advance(HOUR)
    world.cloud.use(bot)
    world.clock.advance(100 * HOUR)
    world.sweep()
    assert [charge.quantity for charge in world.charges() if charge.meter.value == "input"] == [100]


def test_tokens_of_what_no_policy_matches_are_counted_all_the_same(world: World) -> None:
    world.policies = policies(replace(IDLE, match=replace(IDLE.match, account=("prod-*",))))
    bot = world.cloud.deploy("bot")
    world.cloud.use(bot)
    world.clock.advance(HOUR)
    outcome = world.sweep()
    assert [one.name for one in outcome.plan.unguarded] == ["bot"]
    assert [charge.quantity for charge in world.charges() if charge.meter.value == "input"] == [100]


def test_tokens_of_days_on_which_metrics_failed_are_counted_once_they_are_back(world: World) -> None:
    world.policies = policies(budgeted(1000))
    bot = world.cloud.deploy("bot")
    world.sweep()
    world.clock.advance(HOUR)
    world.cloud.use(bot)
    world.cloud.fail("usage", CloudError("503", status=503), times=100)
    world.sweep_for(72)
    assert [charge for charge in world.charges() if charge.meter.value == "input"] == []
    world.cloud.calm()
    world.sweep_for(2)
    assert [charge.quantity for charge in world.charges() if charge.meter.value == "input"] == [100]


def test_metrics_that_fail_for_longer_than_the_limit_are_an_alert_with_the_exposure(world: World) -> None:
    world.cloud.use(world.cloud.deploy("bot"))
    world.clock.advance(HOUR)
    world.sweep()
    world.cloud.fail("usage", CloudError("503", status=503), times=100)
    told = [told.action.reason for outcome in world.sweep_for(30) for told in outcome.told]
    assert [reason.split(":")[0] for reason in told] == ["nobody knows whether it is used, for 24 h 10 min"]
    assert "a month if nobody acts" in told[0]
    assert world.standing == {"bot"}


def test_a_cloud_that_fails_is_a_gap_and_the_other_one_is_guarded(world: World) -> None:
    world.warned("bot")
    broken = FakeCloud(world.clock, name="openai")
    broken.fail("inventory", CloudError("503", status=503))
    outcome = apply_sweep(replace(world.context, providers={"azure": world.cloud, "openai": broken}))
    assert [gap.where for gap in outcome.plan.gaps] == ["openai"]
    assert world.standing == set()
    assert exit_code(outcome) == 5


def test_a_cloud_that_raises_is_a_gap_too(world: World) -> None:
    class Raising:
        read = world.cloud.inventory.read
        of = world.cloud.inventory.of

        def observe(self, known: Sequence[Account] = ()) -> InventoryReading:
            raise CloudError("the token was refused", status=401)

    world.cloud.inventory = Raising()
    outcome = world.sweep()
    assert [str(gap) for gap in outcome.plan.gaps] == ["accounts of azure: the token was refused"]
    assert exit_code(outcome) == 1


def test_an_account_that_was_not_read_loses_nothing(world: World) -> None:
    world.forgotten("bot", hours=2)
    world.sweep()
    world.cloud.fail("inventory", CloudError("503", status=503))
    world.sweep()
    assert set(world.ledger.readings.tracked()) == {"azure:aoai-dev/bot"}


def test_what_nobody_could_look_for_goes_on_costing_at_most(world: World) -> None:
    world.cloud.deploy("bot")
    world.sweep()
    begin = world.clock.now()
    world.clock.advance(10 * HOUR)
    world.cloud.fail("inventory", CloudError("503", status=503))
    world.sweep()
    [spent] = world.ledger.readings.spent(Period(begin, world.clock.now()))
    assert (spent.spend.low, spent.spend.high) == (Money.zero(), Money.of(17))


def test_without_any_cloud_it_says_what_to_set(world: World) -> None:
    with pytest.raises(InvalidFile, match="no cloud is configured"):
        plan_sweep(replace(world.context, providers={}))


def test_the_end_of_a_sweep_is_written_down_for_status(world: World) -> None:
    world.forgotten("bot")
    world.sweep()
    last = world.ledger.decisions.last_sweep()
    assert last is not None
    assert last[1]["told"] == 1
    assert last[1]["next_due"] == (world.clock.now() + 2 * HOUR).isoformat()


def test_an_unbounded_budget_is_due_at_the_instant_it_is_used_up(world: World) -> None:
    world.policies = policies(budgeted(17))
    world.cloud.deploy("bot")
    [upcoming] = [action for action in world.sweep().plan.upcoming if action.kind.value == "undeploy"]
    assert upcoming.due == world.clock.now() + 10 * HOUR
