"""kill -9 at every step of `finetune start`, then the same start again: one job, journalled, no file left over.

The start runs in a process of its own, on the real sandbox, and is killed between all calls of the ledger and
the cloud that it consists of.
"""

import multiprocessing
import os
import signal
from dataclasses import replace
from typing import Any

import pytest

from deployer.domain.act import Phase
from deployer.domain.job import Hyperparameters
from deployer.guard.context import GuardContext
from deployer.ports.cloud import Connection
from deployer.providers import azure, openai
from deployer.sandbox.client import SandboxClient
from deployer.training.follow import list_jobs
from deployer.training.recovery import IN_FLIGHT
from deployer.training.start import Started, start
from tests.conftest import SandboxTestClock
from tests.guard.mortal import Deadline
from tests.training.world import ACCOUNT, World

POINTS = 6
"""reserve, intend, upload, note, create, record: killed before each; `test_every_step_is_tried` proves these all."""

CALLS = {"reserve", "intend", "step", "upload", "start"}
CLOUDS = pytest.mark.parametrize("provider", ["azure", "openai"])


class Mortal:
    """Stands before an adapter and passes a point before each call that counts."""

    def __init__(self, adapter: Any, deadline: Deadline) -> None:
        self._adapter, self._deadline = adapter, deadline

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._adapter, name)
        if name in {"journal", "reservations", "training"}:
            return Mortal(value, self._deadline)
        return self._counted(value) if name in CALLS else value

    def _counted(self, call: Any) -> Any:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self._deadline.point()
            return call(*args, **kwargs)

        return counted


def ordered(world: World, provider: str, context: GuardContext) -> Started:
    account = ACCOUNT if provider == "azure" else ""
    order = world.order(provider=provider, account=account, hyperparameters=Hyperparameters(3))
    return start(context, order, who="a person")


def run(world: World, provider: str, fatal: int) -> None:
    """A start on connections of its own, killed at that point; else the exit code is how many it passed."""
    sandbox = world.sandbox
    clock = SandboxTestClock(SandboxClient(sandbox.client.url, sandbox.ca_file))
    connection = Connection(sandbox.env, ca_bundle=sandbox.ca_file)
    deadline = Deadline(fatal, lambda: os.kill(os.getpid(), signal.SIGKILL))
    clouds = {"azure": azure.connect(connection, clock), "openai": openai.connect(connection, clock)}
    own = replace(world, clock=clock, providers={name: Mortal(one, deadline) for name, one in clouds.items()})
    context = own.context
    ledger: Any = Mortal(context.ledger, deadline)
    ordered(own, provider, replace(context, ledger=ledger))
    os._exit(deadline.passed)


def start_until(world: World, provider: str, fatal: int) -> int | None:
    """How the process of a start ended that is killed at that point; 0 is never."""
    process = multiprocessing.get_context("fork").Process(target=run, args=(world, provider, fatal))
    process.start()
    process.join(timeout=30)
    return process.exitcode


def files(world: World) -> set[str]:
    """Ids of the uploaded files that the clouds hold, however they were uploaded."""
    listed = set()
    for cloud in world.providers.values():
        for account in cloud.inventory.observe().accounts:
            client = cloud.training._client(account)  # type: ignore[attr-defined]
            listed |= {file.id for file in client.files.list() if file.purpose == "fine-tune"}
    return listed


@CLOUDS
def test_every_step_is_tried(world: World, provider: str) -> None:
    assert start_until(world, provider, 0) == POINTS


@CLOUDS
@pytest.mark.parametrize("fatal", range(1, POINTS + 1))
def test_a_start_that_is_killed_ends_in_one_job(world: World, provider: str, fatal: int) -> None:
    assert start_until(world, provider, fatal) == -signal.SIGKILL
    again = ordered(world, provider, world.context)
    assert [job.id for job in world.jobs(provider)] == [again.job.id]
    assert again.found == (fatal == POINTS)
    [open_act] = world.ledger.journal.unfinished()
    assert (open_act.phase, open_act.steps[-1].detail) == (Phase.CALLED, again.job.id)
    assert files(world) == {again.job.training_file}
    # Killed between reservation and intent, nobody knows what the money was for: held to the end of the period.
    assert world.reserved() == again.quote.estimate.ceiling.amount * (2 if fatal == 2 else 1)  # type: ignore[union-attr]


@CLOUDS
def test_a_start_that_was_killed_is_also_finished_by_whoever_looks(world: World, provider: str) -> None:
    start_until(world, provider, POINTS)
    [listed] = list_jobs(world.context)[0]
    [act] = world.ledger.journal.acts()
    assert (act.phase, act.steps[-1].detail) == (Phase.CALLED, listed.job.id)


@CLOUDS
def test_while_the_request_of_a_dead_process_may_still_arrive_nobody_calls_it_never_made(
    world: World, provider: str
) -> None:
    start_until(world, provider, 5)
    list_jobs(world.context)
    assert world.ledger.journal.acts()[0].phase is Phase.INTENT
    world.clock.sleep(IN_FLIGHT.total_seconds())
    list_jobs(world.context)
    assert world.ledger.journal.acts()[0].phase is Phase.WITHDRAWN
    assert world.reserved() == 0
    assert files(world) == set()
