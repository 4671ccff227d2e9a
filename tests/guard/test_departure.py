"""What goes without an act of ours is told and can be restored; what it used last is charged."""

from datetime import timedelta
from decimal import Decimal

import pytest

from deployer.cli.journal import undo
from deployer.domain.act import ActKind, Phase
from deployer.domain.charge import Meter
from deployer.domain.deployment import Deployment, Tier
from deployer.domain.period import Period
from deployer.errors import CloudError
from deployer.guard.deploy import delete, restore
from deployer.guard.outcome import exit_code
from tests.fakes import HOUR
from tests.guard.emulated import Emulated
from tests.guard.world import World

KEY = "azure:aoai-dev/bot"


def removed_by_others(world: World, hours: int = 1, **facts: object) -> Deployment:
    bot = world.cloud.deploy("bot", **facts)  # type: ignore[arg-type]
    world.sweep()
    world.clock.advance(hours * HOUR)
    del world.cloud.standing[bot.id.key]
    return bot


def tokens(world: World) -> Decimal:
    meters = {Meter.INPUT, Meter.OUTPUT}
    return sum((charge.quantity for charge in world.charges() if charge.meter in meters), Decimal(0))


def test_what_others_removed_is_journalled_and_told_once(world: World) -> None:
    removed_by_others(world)
    outcomes = [world.sweep(), world.sweep()]
    assert [len(outcome.removed) for outcome in outcomes] == [1, 0]
    [act] = world.ledger.journal.acts()
    assert (act.kind, act.phase, act.who, act.subject) == (
        ActKind.REMOVED, Phase.DONE, "the platform or somebody else", KEY,
    )  # fmt: skip
    assert [message.title for message in world.notifier.sent] == [f"deployer: gone, and not by us: {KEY}"]
    assert exit_code(outcomes[0]) == 0


def test_it_can_be_restored(world: World) -> None:
    bot = removed_by_others(world)
    world.sweep()
    assert undo(world.ledger.journal.acts()[0]) == f"deployer deployment restore {KEY}"
    assert restore(world.context, "bot", who="me (test)").deployment.model == bot.model


def test_a_new_process_does_not_tell_it_again(world: World) -> None:
    removed_by_others(world)
    world.sweep()
    world.reopen()
    assert world.sweep().removed == ()


def test_a_plan_tells_nothing_and_the_next_sweep_does(world: World) -> None:
    removed_by_others(world)
    world.plan()
    assert (world.phases(), world.notifier.sent) == ([], [])
    assert len(world.sweep().removed) == 1


def test_what_we_deleted_is_not_called_removed(world: World) -> None:
    world.cloud.deploy("bot")
    delete(world.context, "bot", who="me (test)")
    world.clock.advance(HOUR)
    assert world.sweep().removed == ()


def test_the_end_of_a_developer_deployment_is_the_platforms(world: World) -> None:
    removed_by_others(world, hours=25, sku="DeveloperTier", tier=Tier.DEVELOPER)
    [result] = world.sweep().removed
    assert result.detail == "the platform removed it: developer-tier deployments end after 24 hours"


def test_the_platforms_15_days_are_named_as_what_they_are_a_guess(world: World) -> None:
    world.policies = type(world.policies)()
    removed_by_others(world, hours=16 * 24)
    [result] = world.sweep().removed
    assert "15 days) or somebody else" in result.detail


def test_an_account_that_cannot_be_read_has_lost_nothing(world: World) -> None:
    removed_by_others(world)
    world.cloud.fail("inventory", CloudError("503", status=503))
    assert world.sweep().removed == ()


def test_a_crash_between_intent_and_end_is_finished(world: World) -> None:
    removed_by_others(world)
    world.plan()
    [one] = world.ledger.readings.gone(world.clock.now() - HOUR)
    instance = one.tracked.instance
    world.ledger.journal.intend(ActKind.REMOVED, KEY, instance, "x", "gone", {}, {}, world.clock.now())
    world.sweep()
    assert world.phases() == [["intent", "done"]]


# --- the last tokens ----------------------------------------------------------------------------


def test_tokens_used_just_before_the_end_are_charged_once(world: World) -> None:
    bot = world.cloud.deploy("bot")
    world.sweep()
    world.clock.advance(HOUR / 2)
    world.cloud.use(bot)
    delete(world.context, "bot", who="me (test)")
    assert tokens(world) == 0
    for _ in range(3):
        world.clock.advance(HOUR)
        world.sweep()
    assert tokens(world) == 200


def test_after_the_numbers_have_come_nobody_asks_any_more(world: World) -> None:
    world.cloud.deploy("bot")
    delete(world.context, "bot", who="me (test)")
    asked = []
    for _ in range(4):
        world.clock.advance(HOUR)
        world.sweep()
        asked.append(world.cloud.calls["usage"])
    assert asked[1:] == [asked[0]] * 3


def test_a_reading_that_failed_is_tried_again(world: World) -> None:
    bot = world.cloud.deploy("bot")
    world.sweep()
    world.cloud.use(bot)
    delete(world.context, "bot", who="me (test)")
    world.clock.advance(HOUR)
    world.cloud.fail("usage", CloudError("503", status=503))
    world.sweep()
    assert tokens(world) == 0
    world.clock.advance(HOUR)
    world.sweep()
    assert tokens(world) == 200


def test_of_two_that_had_the_same_name_tokens_are_charged_once(world: World) -> None:
    for _ in range(2):
        bot = world.cloud.deploy("bot")
        world.sweep()
        world.cloud.use(bot)
        world.clock.advance(timedelta(minutes=2))
        delete(world.context, "bot", who="me (test)")
    for _ in range(2):
        world.clock.advance(HOUR)
        world.sweep()
    assert tokens(world) == 400


def test_on_the_sandbox_the_ledger_agrees_with_the_invoice(emulated: Emulated) -> None:
    emulated.deploy("bot")
    emulated.use("bot", 2)
    emulated.advance(1)
    emulated.sweep()
    emulated.advance(0.9)
    delete(emulated.context, "bot", who="me (test)")
    for _ in range(2):
        emulated.advance(1)
        emulated.sweep()
    assert_tokens_agree(emulated, days=1)


@pytest.mark.parametrize("sku", ["Standard", "DeveloperTier"], ids=["still there", "ended after 24 hours"])
@pytest.mark.parametrize("kind", ["metrics_empty", "metrics_null"])
def test_tokens_used_while_metrics_showed_nothing_at_all_are_charged_when_they_come(
    emulated: Emulated, kind: str, sku: str
) -> None:
    emulated.deploy("bot", sku=sku)
    emulated.client.fault({"kind": kind})
    emulated.use("bot", 2)
    for _ in range(5):
        emulated.advance(12)
        emulated.sweep()
    emulated.client.clear_faults()
    for _ in range(2):
        emulated.advance(1)
        emulated.sweep()
    assert_tokens_agree(emulated, days=4)


def test_what_was_used_before_the_name_was_given_again_is_charged(emulated: Emulated) -> None:
    emulated.deploy("bot", sku="DeveloperTier")
    emulated.use("bot", 20)
    emulated.sweep()
    emulated.advance(80)
    emulated.deploy("bot", sku="DeveloperTier")
    emulated.use("bot", 2)
    for _ in range(3):
        emulated.advance(2)
        emulated.sweep()
    assert_tokens_agree(emulated, days=5)


@pytest.mark.parametrize("silent", [False, True], ids=["metrics answer", "metrics show nothing for a while"])
@pytest.mark.parametrize("by_others", [False, True], ids=["deleted by us", "deleted by others"])
def test_tokens_are_paid_at_the_prices_of_what_had_the_name_when_they_were_used(
    emulated: Emulated, silent: bool, by_others: bool
) -> None:
    emulated.deploy("bot", sku="DeveloperTier")
    emulated.sweep()
    emulated.use("bot", 2)
    if silent:
        emulated.client.fault({"kind": "metrics_empty"})
    emulated.advance(3)
    if by_others:
        emulated.advance(22)
    else:
        delete(emulated.context, "bot", who="me (test)")
    emulated.deploy("bot", model="gpt-4.1")
    emulated.advance(1)
    emulated.use("bot", 2)
    for _ in range(2):
        emulated.advance(1.5)
        emulated.sweep()
    emulated.client.clear_faults()
    emulated.advance(1.5)
    emulated.sweep()
    assert_tokens_agree(emulated, days=4)


def test_what_it_used_is_asked_for_until_metrics_answer_again(emulated: Emulated) -> None:
    emulated.deploy("bot", sku="DeveloperTier")
    emulated.sweep()
    emulated.use("bot", 2)
    emulated.client.fault({"kind": "metrics_error_code"})
    for _ in range(5):
        emulated.advance(24)
        emulated.sweep()
    emulated.client.clear_faults()
    emulated.advance(1)
    emulated.sweep()
    assert_tokens_agree(emulated, days=7)


def assert_tokens_agree(emulated: Emulated, days: int) -> None:
    now = emulated.clock.now()
    charges = emulated.ledger.readings.charges(Period(now - timedelta(days=days), now))
    lines = emulated.client.invoice()["lines"]
    for meter in (Meter.INPUT, Meter.OUTPUT):
        billed = sum(Decimal(line["amount"]) for line in lines if line["meter"] == meter.value)
        accrued = sum(one.amount.amount for one in charges if one.meter is meter and one.amount is not None)
        assert accrued == billed > 0
