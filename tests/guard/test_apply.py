"""Acts: warned first, decided again, journalled, proven, within limits, one at a time."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from deployer.domain.act import ActKind, Phase
from deployer.domain.plan import Action, ActionKind, Mode
from deployer.errors import CloudError, Conflict, NotFound, Unreachable
from deployer.guard.apply import SWEEP, CheckedPlan, apply
from deployer.guard.lock import exclusive
from deployer.guard.outcome import exit_code
from deployer.guard.restoration import unpack
from deployer.guard.undeploy import undeploy
from deployer.policy.document import Limits
from tests.fakes import HOUR
from tests.guard.world import IDLE, World, policies

GENEROUS = Limits(max_actions=10, max_share=Decimal(1))


def test_a_deployment_found_idle_is_warned_before_it_is_undeployed(world: World) -> None:
    world.forgotten("bot")
    first = world.sweep()
    assert [told.action.kind.value for told in first.told] == ["warn"]
    assert "bot" in world.notifier.sent[0].body
    assert world.standing == {"bot"}
    world.clock.advance(2 * HOUR)
    second = world.sweep()
    assert [result.phase for result in second.results] == [Phase.DONE]
    assert world.standing == set()


def test_it_is_not_undeployed_sooner_than_the_warning_says(world: World) -> None:
    world.forgotten("bot")
    world.sweep()
    world.clock.advance(2 * HOUR - timedelta(minutes=1))
    assert world.sweep().results == ()


def test_a_call_after_the_warning_saves_it(world: World) -> None:
    [bot] = world.forgotten("bot")
    world.sweep()
    world.clock.advance(HOUR)
    world.cloud.use(bot)
    world.clock.advance(HOUR)
    assert world.sweep().results == ()
    assert world.standing == {"bot"}


def test_the_journal_holds_intent_call_proof_and_the_whole_body(world: World) -> None:
    [bot] = world.warned("bot")
    world.sweep()
    [act] = world.ledger.journal.acts()
    assert world.phases() == [["intent", "called", "verifying", "done"]]
    assert act.kind is ActKind.UNDEPLOY
    assert unpack(act.body) == bot
    assert act.who == "policy dev, rule idle"
    assert act.reason


def test_an_undeploy_is_done_only_when_the_cloud_says_that_it_is_gone(world: World) -> None:
    world.warned("bot")
    world.cloud.deletion_seconds = 61
    outcome = world.sweep()
    assert outcome.results[0].detail == "gone after 65 s"
    assert world.cloud.calls["read"] > 10


def test_what_is_still_there_after_the_time_is_failed(world: World) -> None:
    world.warned("bot")
    world.cloud.deletion_seconds = 3600
    outcome = world.sweep()
    assert [(result.phase, result.detail) for result in outcome.results] == [(Phase.FAILED, "still there after 120 s")]
    assert exit_code(outcome) == 1


def test_a_failed_undeploy_is_tried_again_at_the_next_sweep(world: World) -> None:
    world.warned("bot")
    world.cloud.fail("delete", Conflict("something else is being done to it", status=409))
    assert exit_code(world.sweep()) == 1
    world.clock.advance(HOUR)
    assert [result.phase for result in world.sweep().results] == [Phase.DONE]
    assert world.phases() == [["intent", "failed"], ["intent", "called", "verifying", "done"]]


def test_a_deletion_whose_answer_was_lost_is_proven_and_not_repeated(world: World) -> None:
    world.warned("bot")
    delete = world.cloud.deployments.delete

    class Cut:
        deploys = True
        real = world.cloud.deployments
        create, call, scale, pause = real.create, real.call, real.scale, real.pause

        def delete(self, account: object, name: str) -> bool:
            delete(account, name)  # type: ignore[arg-type]
            raise Unreachable("the connection was cut", maybe_done=True)

    world.cloud.deployments = Cut()
    outcome = world.sweep()
    assert [result.phase for result in outcome.results] == [Phase.DONE]
    assert world.cloud.calls["delete"] == 1


def test_a_deployment_that_somebody_else_removed_is_done(world: World) -> None:
    world.warned("bot")
    world.cloud.hook("delete", lambda: world.cloud.standing.clear())
    [result] = world.sweep().results
    assert result.phase is Phase.DONE
    assert result.detail == "the platform or somebody else removed it"


def test_a_404_is_not_believed_while_the_deployment_is_still_to_be_seen(world: World) -> None:
    world.warned("bot")
    world.cloud.fail("delete", NotFound("no such deployment", status=404))
    [result] = world.sweep().results
    assert result.phase is Phase.FAILED
    assert result.detail.startswith("still there after")


def test_what_shows_only_now_when_it_was_made_is_not_gone_for_that(world: World) -> None:
    bot = world.cloud.deploy("bot")
    world.cloud.deletion_seconds = 300
    result = undeploy(world.context, replace(bot, created_at=None), who="a person", reason="asked for", numbers={})
    assert (result.phase, result.detail) == (Phase.FAILED, "still there after 120 s")


def test_a_look_that_fails_while_verifying_is_repeated(world: World) -> None:
    world.warned("bot")
    world.cloud.hook("delete", lambda: world.cloud.fail("read", Unreachable("cut"), times=2))
    [result] = world.sweep().results
    assert result.phase is Phase.DONE


def test_one_failing_act_does_not_stop_the_others(world: World) -> None:
    world.policies = policies(IDLE, limits=GENEROUS)
    world.warned("one", "two", "three")
    world.cloud.fail("delete", Conflict("busy", status=409))
    outcome = world.sweep()
    assert sorted(result.phase.value for result in outcome.results) == ["done", "done", "failed"]
    assert exit_code(outcome) == 1


def test_the_blast_radius_holds_and_the_rest_is_deferred(world: World) -> None:
    world.policies = policies(IDLE, limits=Limits(max_actions=2, max_share=Decimal(1)))
    world.warned(*(f"bot-{number}" for number in range(5)))
    outcome = world.sweep()
    assert len(outcome.results) == 2
    assert len(outcome.plan.deferred) == 3
    assert exit_code(outcome) == 3


def test_the_blast_radius_is_enforced_again_whoever_brings_the_plan(world: World) -> None:
    world.policies = policies(IDLE, limits=GENEROUS)
    world.warned("one", "two", "three")
    planned = world.plan()
    assert planned.view is not None
    world.policies = policies(IDLE, limits=Limits(max_actions=1))
    outcome = apply(world.context, CheckedPlan(planned.plan, planned.view.snapshot))
    assert len(outcome.results) == 1
    assert len(outcome.plan.deferred) == 2


def test_a_plan_that_the_policies_never_made_deletes_nothing(world: World) -> None:
    bot = world.cloud.deploy("bot")
    planned = world.plan()
    assert planned.view is not None
    forged = Action(ActionKind.UNDEPLOY, "dev", "idle", "because", world.clock.now(), bot)
    outcome = apply(world.context, CheckedPlan(replace(planned.plan, actions=(forged,)), planned.view.snapshot))
    assert [result.phase for result in outcome.results] == [Phase.WITHDRAWN]
    assert world.standing == {"bot"}


# --- decided again just before ------------------------------------------------------------------


def test_activity_between_plan_and_act_withdraws_it(world: World) -> None:
    [bot] = world.warned("bot")
    world.clock.advance(timedelta(minutes=20))

    def call() -> None:
        world.cloud.traffic[bot.id.key].append(world.clock.now() - timedelta(minutes=15))

    world.cloud.hook("read", call)
    [result] = world.sweep().results
    assert result.phase is Phase.WITHDRAWN
    assert "last request" in result.detail
    assert world.phases() == []


def test_another_instance_under_the_name_withdraws_it(world: World) -> None:
    world.warned("bot")

    def replace_it() -> None:
        world.clock.advance(timedelta(seconds=1))
        world.cloud.deploy("bot")

    world.cloud.hook("read", replace_it)
    [result] = world.sweep().results
    assert (result.phase, result.detail) == (Phase.WITHDRAWN, "another instance stands under its name now")
    assert world.standing == {"bot"}


def test_protection_given_meanwhile_withdraws_it(world: World) -> None:
    [bot] = world.warned("bot")
    at = world.clock.now()
    world.cloud.hook("read", lambda: world.ledger.decisions.protect(bot.id.key, True, "me", "demo", at))
    [result] = world.sweep().results
    assert result.phase is Phase.WITHDRAWN
    assert "protected" in result.detail


def test_a_pause_given_meanwhile_withdraws_it(world: World) -> None:
    world.warned("bot")
    world.cloud.hook("read", lambda: world.ledger.decisions.pause(True, "me", world.clock.now()))
    [result] = world.sweep().results
    assert (result.phase, result.detail) == (Phase.WITHDRAWN, "the guard is paused")


def test_usage_that_cannot_be_read_again_withdraws_it(world: World) -> None:
    world.warned("bot")
    world.cloud.hook("read", lambda: world.cloud.fail("usage", CloudError("503", status=503)))
    outcome = world.sweep()
    [result] = outcome.results
    assert exit_code(outcome) == 5
    assert result.phase is Phase.WITHDRAWN
    assert "503" in result.detail


def test_a_deployment_that_cannot_be_read_again_is_a_failed_act(world: World) -> None:
    world.warned("bot")
    world.cloud.fail("read", CloudError("503", status=503))
    outcome = world.sweep()
    assert [result.phase for result in outcome.results] == [Phase.FAILED]
    assert exit_code(outcome) == 1
    assert world.standing == {"bot"}


# --- who may act --------------------------------------------------------------------------------


def test_mode_observe_tells_once_what_it_would_do_and_does_nothing(world: World) -> None:
    world.policies = replace(world.policies, mode=Mode.OBSERVE)
    world.warned("bot")
    outcome = world.sweep()
    assert (outcome.results, outcome.told, world.standing) == ((), (), {"bot"})
    [message] = world.notifier.sent
    assert "in mode enforce it would be undeployed at" in message.body
    assert "the mode is observe: nothing is done" in message.body
    assert "it will be undeployed" not in message.body


def test_what_was_told_in_mode_observe_is_no_warning(world: World) -> None:
    enforced = world.policies
    world.policies = replace(enforced, mode=Mode.OBSERVE)
    world.warned("bot")
    world.policies = enforced
    outcome = world.sweep()
    assert [told.action.kind for told in outcome.told] == [ActionKind.WARN]
    assert (outcome.results, world.standing) == ((), {"bot"})


def test_what_is_told_in_mode_observe_and_reaches_nobody_is_told_again(world: World) -> None:
    world.policies = replace(world.policies, mode=Mode.OBSERVE)
    world.notifier.takes = False
    world.warned("bot")
    outcome = world.sweep()
    assert [told.delivered for told in outcome.told] == [False]
    assert exit_code(outcome) == 1


def test_a_pause_defers_every_act(world: World) -> None:
    world.warned("bot")
    world.ledger.decisions.pause(True, "me", world.clock.now())
    outcome = world.sweep()
    assert outcome.results == ()
    assert "pause" in outcome.plan.deferred[0].reason
    assert exit_code(outcome) == 3


def test_one_guard_acts_at_a_time(world: World) -> None:
    world.warned("bot")
    with exclusive(world.context, SWEEP) as hold:
        assert hold is not None
        outcome = world.sweep()
    assert "another guard" in outcome.plan.deferred[0].reason
    assert world.standing == {"bot"}


def test_a_guard_on_another_machine_is_seen_by_its_lease(world: World) -> None:
    world.warned("bot")
    world.ledger.lease(SWEEP, "another machine", world.clock.now(), 600)
    assert world.sweep().results == ()
    world.clock.advance(timedelta(minutes=11))
    assert [result.phase for result in world.sweep().results] == [Phase.DONE]


def test_a_warning_that_nobody_received_postpones_the_act_and_is_a_failure(world: World) -> None:
    world.forgotten("bot")
    world.notifier.takes = False
    first = world.sweep()
    assert exit_code(first) == 1
    assert "nobody received the warning about azure:aoai-dev/bot" in first.failures[0]
    world.clock.advance(3 * HOUR)
    assert world.sweep().results == ()
    world.notifier.takes = True
    world.sweep()
    assert world.sweep().results == ()
    world.clock.advance(2 * HOUR)
    assert [result.phase for result in world.sweep().results] == [Phase.DONE]


def test_an_act_whose_end_nobody_heard_of_is_a_failure_of_the_guard(world: World) -> None:
    world.warned("bot")
    world.notifier.takes = False
    outcome = world.sweep()
    assert [result.phase for result in outcome.results] == [Phase.DONE]
    assert exit_code(outcome) == 1
    assert outcome.failures[0].startswith("nobody received the message on the end of undeploy azure:aoai-dev/bot")


def test_a_policy_may_act_unwarned(world: World) -> None:
    world.policies = policies(replace(IDLE, act_unwarned=True))
    world.notifier.takes = False
    world.warned("bot")
    assert [result.phase for result in world.sweep().results] == [Phase.DONE]


def test_warnings_of_one_policy_come_in_one_message(world: World) -> None:
    world.policies = policies(replace(IDLE, notify=("json://example",)))
    world.forgotten("one", "two", "three")
    world.sweep()
    assert len(world.notifier.sent) == 1
    assert world.notifier.channels == [("json://example",)]


def test_people_are_told_how_an_act_ended_and_how_to_undo_it(world: World) -> None:
    world.warned("bot")
    world.sweep()
    assert "deployer deployment restore azure:aoai-dev/bot" in world.notifier.sent[-1].body


@pytest.mark.parametrize("state", [None, False])
def test_a_silent_deployment_whose_metric_is_not_proven_alive_is_unknown(world: World, state: bool | None) -> None:
    world.cloud.alive = state
    world.warned("bot")
    outcome = world.sweep()
    assert outcome.results == ()
    assert exit_code(outcome) == 5


def test_hosting_is_charged_until_the_deployment_was_really_gone(world: World) -> None:
    world.warned("bot")
    world.sweep()
    hosting = [charge for charge in world.charges() if charge.amount is not None]
    seconds = sum((charge.period.length.total_seconds() for charge in hosting), 0.0)
    assert seconds == 32 * 3600 + 20
    assert world.ledger.readings.tracked() == {}
