"""One at a time: between threads, processes and machines; a killed process blocks nobody."""

import multiprocessing
import os
import signal
from dataclasses import replace
from datetime import timedelta
from multiprocessing.synchronize import Event

from deployer.guard.context import GuardContext
from deployer.guard.lock import exclusive
from tests.guard.world import World

FORK = multiprocessing.get_context("fork")


def hold_until_killed(context: GuardContext, held: Event) -> None:
    with exclusive(context, "sweep"):
        held.set()
        signal.pause()


def test_a_process_that_was_killed_gives_its_lock_back_at_once(world: World) -> None:
    held = FORK.Event()
    process = FORK.Process(target=hold_until_killed, args=(world.context, held))
    process.start()
    assert held.wait(timeout=10)
    with exclusive(world.context, "sweep") as hold:
        assert hold is None
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    with exclusive(world.context, "sweep") as hold:
        assert hold is not None


def test_another_machine_waits_for_the_lease_to_run_out(world: World) -> None:
    elsewhere = replace(world.context, holder="elsewhere", locks=world.home / "elsewhere")
    world.ledger.lease("sweep", "guard", world.clock.now(), 600)
    with exclusive(elsewhere, "sweep") as hold:
        assert hold is None
    world.clock.advance(timedelta(seconds=600))
    with exclusive(elsewhere, "sweep") as hold:
        assert hold is not None


def test_a_lock_that_was_given_back_can_be_taken_again(world: World) -> None:
    for _ in range(2):
        with exclusive(world.context, "sweep") as hold:
            assert hold is not None


def test_different_names_do_not_hinder_each_other(world: World) -> None:
    with exclusive(world.context, "act one") as one, exclusive(world.context, "act two") as two:
        assert one is not None
        assert two is not None
