"""Pausing and resuming a job on either cloud: journalled, repeatable, and never a watch without an end."""

from dataclasses import replace
from typing import Any

import pytest

from deployer.domain.act import ActKind, Phase
from deployer.domain.job import Hyperparameters
from deployer.errors import CloudError, Refused, Unreachable
from deployer.training.estimate import CAP_IS_GONE
from deployer.training.follow import Followed, find_job, list_jobs, watch
from deployer.training.pause import pause, resume, warnings
from deployer.training.start import start
from tests.training.world import ACCOUNT, Killed, World

CLOUDS = pytest.mark.parametrize("provider", ["azure", "openai"])


def running(world: World, provider: str) -> Followed:
    account = ACCOUNT if provider == "azure" else ""
    order = world.order(provider=provider, account=account, hyperparameters=Hyperparameters(3))
    started = start(world.context, order, who="a person")
    while (found := find_job(world.context, started.job.id)).job.status != "running":
        world.clock.sleep(60)
    return found


class Dying:
    """A cloud that ends its process before or after a pause."""

    def __init__(self, real: Any, *, after: bool) -> None:
        self._real, self._after, self.training = real, after, self
        self.name = real.name

    def pause(self, account: Any, job_id: str) -> None:
        if self._after:
            self._real.training.pause(account, job_id)
        raise Killed


def again(world: World, found: Followed) -> Followed:
    return find_job(world.context, found.job.id)


@CLOUDS
def test_a_paused_job_does_no_work_until_it_is_resumed_and_then_ends_well(world: World, provider: str) -> None:
    found = pause(world.context, running(world, provider), who="a person", reason="look first")
    assert found.job.paused
    world.clock.sleep(86_400)
    found = again(world, found)
    assert found.job.status == "paused"
    found = resume(world.context, found, who="a person")
    assert not found.job.paused
    assert list(watch(world.context, found))[-1].job.succeeded
    acts = {act.kind: act for act in world.ledger.journal.acts()}
    assert (acts[ActKind.PAUSE_JOB].reason, acts[ActKind.PAUSE_JOB].phase) == ("look first", Phase.DONE)
    assert acts[ActKind.RESUME_JOB].phase is Phase.DONE


@CLOUDS
def test_a_watch_ends_when_the_job_is_paused(world: World, provider: str) -> None:
    found = pause(world.context, running(world, provider), who="a person")
    assert list(watch(world.context, found))[-1].job.status == "paused"
    assert world.reserved() > 0


@CLOUDS
def test_a_second_pause_changes_nothing_and_asks_nobody(world: World, provider: str) -> None:
    found = pause(world.context, running(world, provider), who="a person")
    pause(world.context, again(world, found), who="a person")
    assert [act.kind for act in world.ledger.journal.acts()].count(ActKind.PAUSE_JOB) == 1


@CLOUDS
def test_a_job_that_waits_in_the_queue_cannot_be_paused_and_the_vendor_says_so(world: World, provider: str) -> None:
    order = world.order(provider=provider, account=ACCOUNT if provider == "azure" else "")
    started = start(world.context, order, who="a person")
    found = find_job(world.context, started.job.id)
    before = world.clock.now()
    with pytest.raises(CloudError, match="pause"):
        pause(world.context, found, who="a person")
    assert world.clock.now() == before  # what no waiting changes is not tried again
    assert world.ledger.journal.acts()[0].phase is Phase.FAILED


def test_only_a_paused_job_is_resumed_and_an_ended_one_is_neither(world: World) -> None:
    found = running(world, "azure")
    with pytest.raises(Refused, match="is not paused: it is running"):
        resume(world.context, found, who="a person")
    list(watch(world.context, found))
    with pytest.raises(Refused, match="ended already"):
        pause(world.context, again(world, found), who="a person")


def test_a_pause_whose_answer_was_cut_off_is_looked_into(world: World) -> None:
    found = running(world, "azure")
    world.sandbox.client.fault({"method": "POST", "path": "/pause", "kind": "cut_after", "times": 1})
    assert pause(world.context, found, who="a person").job.paused


def test_a_pause_of_which_nobody_knows_stays_open_until_somebody_can_look(world: World) -> None:
    found = running(world, "azure")
    world.sandbox.client.fault({"path": f"{found.job.id}(/pause)?$|{found.job.id}(/pause)?\\?", "kind": "cut_after"})
    with pytest.raises(Unreachable) as caught:
        pause(world.context, found, who="a person")
    assert "finetune show" in caught.value.next_step
    assert world.ledger.journal.acts()[0].phase is Phase.VERIFYING
    world.sandbox.client.clear_faults()
    list_jobs(world.context, "azure")
    assert world.ledger.journal.acts()[0].phase is Phase.DONE


@pytest.mark.parametrize("after", [False, True])
def test_a_pause_whose_process_died_is_told_as_what_became_of_it(world: World, after: bool) -> None:
    found = running(world, "azure")
    dying: Any = Dying(found.provider, after=after)
    doomed = replace(found, provider=dying)
    with pytest.raises(Killed):
        pause(world.context, doomed, who="a person")
    assert len([act for act in world.ledger.journal.unfinished() if act.kind is ActKind.PAUSE_JOB]) == 1
    [listed] = list_jobs(world.context, "azure")[0]
    act = world.ledger.journal.acts()[0]
    assert (listed.job.paused, act.phase) == (after, Phase.DONE if after else Phase.WITHDRAWN)


def test_resuming_a_reinforcement_job_is_told_to_have_no_cap_any_more(world: World) -> None:
    job = running(world, "azure").job
    assert warnings(world.context, job) == ()
    assert warnings(world.context, replace(job, method="reinforcement")) == (CAP_IS_GONE,)
