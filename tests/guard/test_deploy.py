"""Create, delete and restore: priced, gated, journalled, and put back as it was."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from deployer.domain.act import ActKind, Phase
from deployer.domain.money import Money
from deployer.errors import CloudError, InvalidUsage, NotFound, Refused, Unreachable
from deployer.guard.deploy import Deployed, Order, create, delete, restore
from deployer.guard.restoration import cleaned
from deployer.guard.sweep import apply_sweep
from deployer.policy.document import Budget, Share
from tests.fakes import BEGINNING, HOUR, TUNED
from tests.guard.world import IDLE, World, book, budgeted, policies

ORDER = Order("azure", "aoai-dev", "bot", TUNED, capacity=50)


def make(world: World, order: Order = ORDER, **options: str | bool) -> Deployed:
    return create(world.context, order, who="me (test)", **options)  # type: ignore[arg-type]


def test_a_create_says_what_it_costs_and_when_a_policy_will_end_it(world: World) -> None:
    made = make(world)
    assert made.hourly == Money.of("1.70")
    assert made.monthly == Money.of("1241.00")
    assert made.rate is not None
    assert made.policies == ("dev",)
    assert made.undeploy_at == BEGINNING + 24 * HOUR + timedelta(minutes=10)


def test_a_created_deployment_carries_our_tag_and_is_journalled(world: World) -> None:
    made = make(world)
    assert made.deployment.managed
    [act] = world.ledger.journal.acts()
    assert (act.kind, act.phase, act.who) == (ActKind.CREATE, Phase.DONE, "me (test)")


def test_it_is_charged_from_its_creation_on(world: World) -> None:
    made = make(world)
    assert set(world.ledger.readings.tracked()) == {made.deployment.id.key}


def test_a_deployment_that_no_policy_matches_is_refused(world: World) -> None:
    world.policies = policies(replace(IDLE, match=replace(IDLE.match, account=("prod-*",))))
    with pytest.raises(Refused, match="no policy matches azure:aoai-dev/bot") as caught:
        make(world)
    assert caught.value.exit_code == 3
    assert world.cloud.calls["create"] == 0
    assert make(world, unguarded=True).policies == ()


def test_a_name_that_exists_is_refused(world: World) -> None:
    world.cloud.deploy("bot")
    with pytest.raises(Refused, match="exists already"):
        make(world)


def test_an_unknown_account_names_those_that_are_seen(world: World) -> None:
    with pytest.raises(InvalidUsage, match="seen: aoai-dev"):
        make(world, replace(ORDER, account="aoai-prod"))


def test_a_provider_that_is_not_configured_is_named(world: World) -> None:
    with pytest.raises(InvalidUsage, match="'openai' is not configured"):
        make(world, replace(ORDER, provider="openai"))


def test_a_create_that_fails_is_recorded_and_holds_no_money(world: World) -> None:
    world.policies = policies(budgeted(50))
    world.cloud.fail("create", CloudError("the quota is used up", status=400))
    with pytest.raises(CloudError):
        make(world)
    assert world.phases() == [["intent", "failed"]]
    make(world)


def test_a_create_whose_answer_was_lost_is_looked_for(world: World) -> None:
    real = world.cloud.deployments.create

    class Cut:
        deploys = True
        delete, call = world.cloud.deployments.delete, world.cloud.deployments.call

        def create(self, request: object) -> None:
            real(request)  # type: ignore[arg-type]
            raise Unreachable("cut", maybe_done=True)

    world.cloud.deployments = Cut()  # type: ignore[assignment]
    assert make(world).deployment.name == "bot"
    assert world.phases() == [["intent", "done"]]


def lose(world: World) -> None:
    """The cloud makes it, its answer is lost, and it cannot be looked for."""
    real = world.cloud.deployments.create

    class Silent:
        deploys = True
        delete, call = world.cloud.deployments.delete, world.cloud.deployments.call

        def create(self, request: object) -> None:
            real(request)  # type: ignore[arg-type]
            world.cloud.fail("read", Unreachable("cut"))
            raise Unreachable("cut", maybe_done=True)

    world.cloud.deployments = Silent()  # type: ignore[assignment]


def test_a_create_of_which_nobody_knows_stays_open_with_its_money(world: World) -> None:
    world.policies = policies(budgeted(100))
    lose(world)
    with pytest.raises(Unreachable, match="cut") as caught:
        make(world)
    assert "give the command again" in caught.value.next_step
    assert world.phases() == [["intent", "verifying"]]
    assert len(world.ledger.reservations.open()) == 1


def test_a_create_of_which_nobody_knew_is_found_by_the_same_command(world: World) -> None:
    lose(world)
    with pytest.raises(Unreachable):
        make(world)
    made = make(world)
    assert "an earlier start had begun it" in made.warnings[0]
    assert world.cloud.calls["create"] == 1
    assert set(world.ledger.readings.tracked()) == {made.deployment.id.key}


def test_a_create_that_was_told_as_failed_is_not_made_later_by_the_guard(world: World) -> None:
    world.cloud.fail("create", Unreachable("cut", maybe_done=True))
    world.cloud.hook("create", lambda: world.cloud.fail("read", Unreachable("cut")))
    with pytest.raises(Unreachable):
        make(world)
    apply_sweep(world.context)
    assert world.phases() == [["intent", "verifying", "withdrawn"]]
    assert world.cloud.calls["create"] == 1


# --- the gate -----------------------------------------------------------------------------------


def test_a_create_over_budget_is_refused_with_the_arithmetic(world: World) -> None:
    world.policies = policies(budgeted(40))
    with pytest.raises(Refused) as caught:
        make(world)
    assert caught.value.message == (
        "policy dev: spent $0.00 + reserved $0.00 + this $40.80 = $40.80 is over 40.00 USD a month by $0.80"
    )
    assert world.cloud.calls["create"] == 0
    assert world.phases() == []


def test_what_was_spent_this_month_counts(world: World) -> None:
    world.policies = policies(budgeted(100))
    world.forgotten("old", hours=48)
    world.sweep()
    with pytest.raises(Refused, match=r"spent \$81\.60 \+ reserved \$0\.00 \+ this \$40\.80 = \$122\.40"):
        make(world)


def test_a_person_may_go_over_with_a_reason_which_is_journalled(world: World) -> None:
    world.policies = policies(budgeted(40))
    made = make(world, over_budget="demo on Friday")
    assert any("overridden: demo on Friday" in warning for warning in made.warnings)
    assert world.ledger.journal.acts()[0].numbers["over budget"] == "demo on Friday"


def test_a_forecast_over_the_amount_warns_and_does_not_refuse(world: World) -> None:
    world.policies = policies(budgeted(100))
    made = make(world)
    assert any("is heading for $1,224.00 by 2026-10-01" in warning for warning in made.warnings)


def test_two_that_fit_only_singly_do_not_both_start(world: World) -> None:
    world.policies = policies(budgeted(60))
    make(world)
    with pytest.raises(Refused, match=r"reserved \$40\.80"):
        make(world, replace(ORDER, name="second"))


def test_of_two_at_the_same_moment_one_is_refused(world: World) -> None:
    world.policies = policies(budgeted(60))
    together, ends = Barrier(2), []

    def start(name: str) -> None:
        together.wait()
        try:
            make(world, replace(ORDER, name=name))
            ends.append("made")
        except Refused:
            ends.append("refused")

    threads = [Thread(target=start, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["made", "refused"]
    assert len(world.standing) == 1


def test_what_accrues_while_it_is_held_is_not_counted_twice(world: World) -> None:
    world.policies = policies(budgeted(90))
    make(world)
    world.clock.advance(20 * HOUR)
    world.sweep()
    assert make(world, replace(ORDER, name="second")).deployment.name == "second"


def test_after_a_day_the_hold_ends(world: World) -> None:
    world.policies = policies(budgeted(80))
    make(world)
    world.clock.advance(25 * HOUR)
    world.sweep()
    with pytest.raises(Refused, match=r"spent \$42\.50 \+ reserved \$0\.00 \+ this \$40\.80"):
        make(world, replace(ORDER, name="second"))


def test_a_budget_for_each_counts_one_deployment_at_a_time(world: World) -> None:
    rule = budgeted(60)
    world.policies = policies(replace(rule, budget=Budget(Money.of(60), share=Share.EACH)))
    make(world)
    assert make(world, replace(ORDER, name="second")).deployment.name == "second"


def test_what_has_no_price_is_not_free(world: World) -> None:
    world.price_book = book(model="another-model")
    with pytest.raises(Refused, match="no price known"):
        make(world)
    made = make(world, over_budget="the price list is late")
    assert not isinstance(made.hourly, Money)


# --- delete and restore -------------------------------------------------------------------------


def test_a_person_deletes_by_name_and_it_is_proven(world: World) -> None:
    world.cloud.deploy("bot")
    result = delete(world.context, "bot", who="me (test)", reason="project ended")
    assert result.phase is Phase.DONE
    assert world.ledger.journal.acts()[0].reason == "project ended"
    assert world.standing == set()


def test_a_manual_delete_does_not_use_up_the_blast_radius(world: World) -> None:
    world.cloud.deploy("bot")
    delete(world.context, "bot", who="me (test)")
    assert world.ledger.decisions.history(world.clock.now()).acts_today == 0


def test_deleting_what_is_not_there_says_so(world: World) -> None:
    with pytest.raises(NotFound, match="there is no deployment 'bot'"):
        delete(world.context, "bot", who="me (test)")


def test_a_restore_sends_the_stored_body_without_what_the_vendor_fills_in(world: World) -> None:
    [bot] = world.warned("bot")
    world.sweep()
    sent = []
    real = world.cloud.deployments.create

    class Watched:
        delete, call = world.cloud.deployments.delete, world.cloud.deployments.call

        def create(self, request: object) -> object:
            sent.append(request.body)  # type: ignore[attr-defined]
            return real(request)  # type: ignore[arg-type]

    world.cloud.deployments = Watched()  # type: ignore[assignment]
    restored = restore(world.context, "bot", who="me (test)")
    assert sent == [cleaned(bot.body)]
    assert restored.deployment.name == "bot"
    assert world.standing == {"bot"}


def test_a_restored_deployment_has_its_grace_and_is_warned_again(world: World) -> None:
    world.warned("bot")
    world.sweep()
    restore(world.context, "bot", who="me (test)")
    outcomes = world.sweep_for(23)
    assert [outcome.results for outcome in outcomes if outcome.results] == []
    assert world.standing == {"bot"}


def test_a_restore_of_what_stands_is_refused(world: World) -> None:
    world.warned("bot")
    world.sweep()
    world.cloud.deploy("bot")
    with pytest.raises(Refused, match="exists already"):
        restore(world.context, "bot", who="me (test)")


def test_a_restore_goes_through_the_gate(world: World) -> None:
    world.warned("bot")
    world.sweep()
    world.policies = policies(budgeted(60))
    with pytest.raises(Refused, match=r"is over 60\.00 USD a month"):
        restore(world.context, "bot", who="me (test)")


def test_what_was_gone_only_after_the_time_was_up_can_be_restored(world: World) -> None:
    world.warned("bot")
    world.cloud.deletion_seconds = 600
    assert [result.phase for result in world.sweep().results] == [Phase.FAILED]
    world.clock.advance(HOUR)
    assert world.standing == set()
    assert restore(world.context, "bot", who="me (test)").deployment.name == "bot"


def test_a_restore_of_what_was_never_undeployed_says_so(world: World) -> None:
    with pytest.raises(NotFound, match="the journal holds no undeploy of 'bot'"):
        restore(world.context, "bot", who="me (test)")


def test_the_newest_undeploy_of_a_name_is_restored(world: World) -> None:
    world.cloud.deploy("bot", capacity=10)
    delete(world.context, "bot", who="me (test)")
    world.cloud.deploy("bot", capacity=20)
    delete(world.context, "bot", who="me (test)")
    assert restore(world.context, "bot", who="me (test)").act_id == 3
    assert world.ledger.journal.acts()[0].body["capacity"] == 20


def test_a_sweep_right_after_a_create_has_nothing_to_do(world: World) -> None:
    make(world)
    assert apply_sweep(world.context).results == ()
