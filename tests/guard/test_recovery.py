"""What a crash left half done: finished once, or given up with a reason, by what is true at the next start."""

from dataclasses import replace
from datetime import timedelta

import pytest

from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.deployment import Deployment
from deployer.errors import CloudError, Refused
from deployer.guard.deploy import Order, create, restore
from deployer.guard.lock import exclusive
from deployer.guard.outcome import exit_code
from deployer.guard.restoration import pack
from deployer.guard.undeploy import act_lock
from tests.fakes import HOUR, TUNED
from tests.guard.mortal import Deadline, mortal
from tests.guard.world import World, budgeted, policies

GUARD, PERSON = "policy dev, rule idle", "me (command line)"
ORDER = Order("azure", "aoai-dev", "bot", TUNED)


class Crash(BaseException):
    """The process is gone."""


def crash() -> None:
    raise Crash


def begun(world: World, deployment: Deployment, *steps: Phase, who: str = GUARD) -> Act:
    """An undeploy whose process died after these steps."""
    at = world.clock.now()
    journal = world.ledger.journal
    created = deployment.created_at
    instance = created.isoformat() if created else ""
    act = journal.intend(ActKind.UNDEPLOY, deployment.id.key, instance, who, "idle", pack(deployment), {}, at)
    for phase in steps:
        journal.step(act.id, phase, at)
    return act


def test_an_act_stays_open_while_nobody_knows_whether_it_is_the_same_instance(world: World) -> None:
    bot = world.cloud.deploy("bot")
    begun(world, replace(bot, created_at=None), Phase.CALLED, who=PERSON)
    [result] = world.sweep().recovered
    assert result.phase is Phase.CALLED
    assert "left open" in result.detail
    assert world.phases() == [["intent", "called"]]
    assert world.standing == {"bot"}


def test_an_act_that_the_policies_still_ask_for_is_finished(world: World) -> None:
    [bot] = world.warned("bot")
    act = begun(world, bot)
    [result] = world.sweep().recovered
    assert (result.act_id, result.phase) == (act.id, Phase.DONE)
    assert world.standing == set()
    assert len(world.ledger.journal.acts()) == 1


def test_a_deployment_that_was_called_meanwhile_is_spared(world: World) -> None:
    [bot] = world.warned("bot")
    begun(world, bot)
    world.cloud.use(bot)
    world.clock.advance(timedelta(minutes=30))
    [result] = world.sweep().recovered
    assert result.phase is Phase.WITHDRAWN
    assert "given up at the next start: no policy asks for it any more" in result.detail
    assert world.standing == {"bot"}


def test_a_deployment_that_was_protected_meanwhile_is_spared(world: World) -> None:
    [bot] = world.warned("bot")
    begun(world, bot)
    world.ledger.decisions.protect(bot.id.key, True, "me", "demo", world.clock.now())
    [result] = world.sweep().recovered
    assert result.phase is Phase.WITHDRAWN
    assert world.standing == {"bot"}


def test_what_a_person_asked_for_is_finished_whatever_the_policies_say(world: World) -> None:
    bot = world.cloud.deploy("bot")
    begun(world, bot, who=PERSON)
    [result] = world.sweep().recovered
    assert result.phase is Phase.DONE
    assert world.standing == set()


def test_a_deletion_that_was_through_is_recorded_and_not_repeated(world: World) -> None:
    [bot] = world.warned("bot")
    begun(world, bot, Phase.CALLED)
    world.cloud.standing.clear()
    [result] = world.sweep().recovered
    assert result.phase is Phase.DONE
    assert world.cloud.calls["delete"] == 0
    assert world.ledger.readings.tracked() == {}


@pytest.mark.parametrize(("steps", "end"), [((), Phase.WITHDRAWN), ((Phase.CALLED,), Phase.DONE)])
def test_another_instance_under_the_name_is_never_touched(world: World, steps: tuple[Phase, ...], end: Phase) -> None:
    [bot] = world.warned("bot")
    begun(world, bot, *steps)
    world.cloud.deploy("bot")
    [result] = world.sweep().recovered
    assert result.phase is end
    assert world.standing == {"bot"}


def test_an_act_that_cannot_be_looked_into_is_left_for_the_next_start(world: World) -> None:
    [bot] = world.warned("bot")
    begun(world, bot, Phase.CALLED)
    world.cloud.fail("read", CloudError("503", status=503))
    world.cloud.fail("inventory", CloudError("503", status=503))
    outcome = world.sweep()
    assert "left open for the next start" in outcome.recovered[0].detail
    assert exit_code(outcome) == 1
    [result] = world.sweep().recovered
    assert result.phase is Phase.DONE


def test_an_act_that_could_not_be_looked_into_is_carried_on_and_not_begun_again(world: World) -> None:
    (bot,) = world.warned("bot")
    act = begun(world, bot)
    world.cloud.fail("read", CloudError("503", status=503))
    world.sweep_for(2)
    assert world.standing == set()
    assert [(one.id, one.phase) for one in world.ledger.journal.acts()] == [(act.id, Phase.DONE)]


def test_an_act_that_a_living_process_is_at_is_left_alone(world: World) -> None:
    [bot] = world.warned("bot")
    begun(world, bot)
    with exclusive(world.context, act_lock(bot.id.key)):
        assert world.sweep().recovered == ()
    assert len(world.sweep().recovered) == 1


def test_a_guard_that_only_observes_begins_nothing_and_gives_up_what_was_begun(world: World) -> None:
    from deployer.domain.plan import Mode
    from tests.guard.world import IDLE

    [bot] = world.warned("bot")
    begun(world, bot)
    world.policies = policies(IDLE, mode=Mode.OBSERVE)
    [result] = world.sweep().recovered
    assert "only observe" in result.detail
    assert world.standing == {"bot"}


# --- create and restore ---------------------------------------------------------------------------


def cut_short(world: World, fatal: int) -> None:
    """A create whose process died at a call on the journal."""
    with pytest.raises(Crash):
        create(mortal(world.context, Deadline(fatal, crash)), ORDER, who=PERSON)


def test_a_create_that_was_through_is_found(world: World) -> None:
    cut_short(world, fatal=4)
    assert world.standing == {"bot"}
    [result] = world.sweep().recovered
    assert (result.kind, result.phase) == (ActKind.CREATE, Phase.DONE)
    assert world.cloud.calls["create"] == 1


def never_sent(world: World) -> None:
    """A create whose process died before the cloud was asked."""
    world.policies = policies(budgeted(60))
    world.cloud.hook("create", crash)
    with pytest.raises(Crash):
        create(world.context, ORDER, who=PERSON)


def test_a_create_that_was_never_sent_is_made_at_the_next_start(world: World) -> None:
    never_sent(world)
    [result] = world.sweep().recovered
    assert (result.phase, result.detail) == (Phase.DONE, "made at the next start")
    assert world.standing == {"bot"}
    assert set(world.ledger.readings.tracked()) == {"azure:aoai-dev/bot"}


def test_a_create_that_nobody_waits_for_any_more_is_given_up(world: World) -> None:
    never_sent(world)
    world.clock.advance(24 * HOUR)
    [result] = world.sweep().recovered
    assert (result.phase, world.standing) == (Phase.WITHDRAWN, set())
    assert create(world.context, ORDER, who=PERSON).deployment.name == "bot"


def test_a_paused_guard_sends_nothing(world: World) -> None:
    never_sent(world)
    world.ledger.decisions.pause(True, "me", world.clock.now())
    assert "the guard is paused" in world.sweep().recovered[0].detail
    assert world.standing == set()
    world.ledger.decisions.pause(False, "me", world.clock.now())
    assert world.sweep().recovered[0].phase is Phase.DONE


def test_a_create_that_is_refused_at_the_next_start_holds_no_money(world: World) -> None:
    never_sent(world)
    world.cloud.fail("create", CloudError("the quota is used up", status=400))
    assert world.sweep().recovered[0].phase is Phase.FAILED
    assert create(world.context, ORDER, who=PERSON).deployment.name == "bot"


def test_money_held_by_a_create_that_died_is_held_until_the_next_start(world: World) -> None:
    never_sent(world)
    with pytest.raises(Refused, match=r"reserved \$40\.80"):
        create(world.context, replace(ORDER, name="other"), who=PERSON)


def test_the_same_command_again_picks_up_what_was_begun(world: World) -> None:
    never_sent(world)
    made = create(world.context, ORDER, who=PERSON)
    assert made.deployment.name == "bot"
    assert made.warnings == ("an earlier start had begun it (journal entry 1); that one was finished",)
    assert world.cloud.calls["create"] == 2
    assert world.phases() == [["intent", "done"]]


def test_another_thing_under_the_name_is_not_taken_for_what_was_begun(world: World) -> None:
    never_sent(world)
    world.cloud.deploy("bot", model="gpt-4o")
    [result] = world.sweep().recovered
    assert result.phase is Phase.WITHDRAWN
    assert "gpt-4o stands under its name now" in result.detail


def test_what_was_found_is_waited_for_until_it_serves(world: World) -> None:
    never_sent(world)
    bot = world.cloud.deploy("bot", state="Creating")

    def ready() -> None:
        world.cloud.standing[bot.id.key] = replace(bot, state="Succeeded")

    world.cloud.hook("read", lambda: world.cloud.hook("read", ready))
    assert world.sweep().recovered[0].phase is Phase.DONE


def test_what_the_cloud_failed_to_make_is_recorded_as_failed(world: World) -> None:
    never_sent(world)
    world.cloud.deploy("bot", state="Failed")
    [result] = world.sweep().recovered
    assert (result.phase, result.detail) == (Phase.FAILED, "found as Failed at the next start")


def test_a_restore_that_was_through_is_found(world: World) -> None:
    world.warned("bot")
    world.sweep()
    real = world.cloud.deployments.create

    class Dying:
        delete, call = world.cloud.deployments.delete, world.cloud.deployments.call

        def create(self, request: object) -> None:
            real(request)  # type: ignore[arg-type]
            raise Crash

    world.cloud.deployments = Dying()  # type: ignore[assignment]
    with pytest.raises(Crash):
        restore(world.context, "bot", who=PERSON)
    [result] = world.sweep().recovered
    assert (result.kind, result.phase) == (ActKind.RESTORE, Phase.DONE)
    assert world.standing == {"bot"}
    world.clock.advance(HOUR)
    assert world.sweep().recovered == ()
