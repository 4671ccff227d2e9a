"""Money that was held by a process that died before it wrote down what for."""

from dataclasses import replace

import pytest

from deployer.errors import Refused
from deployer.guard.deploy import Deployed, Order, create
from tests.fakes import HOUR, TUNED
from tests.guard.mortal import Deadline, mortal
from tests.guard.world import World, budgeted, policies

ORDER = Order("azure", "aoai-dev", "bot", TUNED)
RESERVED = 3
"""The point after the reservation: the intent."""


class Crash(BaseException):
    """The process is gone."""


def crash() -> None:
    raise Crash


def make(world: World, name: str) -> Deployed:
    return create(world.context, replace(ORDER, name=name), who="me (test)")


@pytest.fixture
def orphaned(world: World) -> World:
    """A budget of which most is held for nothing."""
    world.policies = policies(budgeted(60))
    with pytest.raises(Crash):
        create(mortal(world.context, Deadline(RESERVED, crash)), ORDER, who="me (test)")
    assert world.phases() == []
    return world


def test_it_is_held_for_a_while(orphaned: World) -> None:
    orphaned.clock.advance(HOUR / 2)
    with pytest.raises(Refused, match=r"reserved \$40\.80"):
        make(orphaned, "other")


def test_after_an_hour_it_is_free(orphaned: World) -> None:
    orphaned.clock.advance(HOUR)
    assert make(orphaned, "other").deployment.name == "other"


def test_the_same_command_again_has_it_back_at_once(orphaned: World) -> None:
    assert make(orphaned, "bot").deployment.name == "bot"


def test_what_an_act_stands_for_stays_held(orphaned: World) -> None:
    make(orphaned, "bot")
    orphaned.clock.advance(HOUR)
    orphaned.sweep()
    with pytest.raises(Refused, match=r"reserved \$40\.80"):
        make(orphaned, "other")
