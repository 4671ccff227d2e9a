"""kill -9 at every step of a create and of a restore, then the next start: one deployment, and the ledger knows it.

The command runs in a process of its own, on the real sandbox, and is killed between all calls that
the act consists of, the answer to the cloud's PUT included.
"""

import signal

import pytest

from deployer.domain.act import ActKind, Phase
from deployer.domain.money import Money
from deployer.errors import Refused
from deployer.guard.creation import continuation
from deployer.guard.deploy import Order, create, delete, restore
from deployer.guard.holding import release_ended
from deployer.policy.document import Budget, Match
from deployer.sandbox.process import Sandbox
from tests.conftest import BEGINNING
from tests.fakes import TUNED
from tests.guard.doomed import Doomed, Work
from tests.guard.emulated import DEV, Emulated
from tests.guard.world import budgeted, policies

PERSON = "me (test)"
NAME = "bot"
CREATE_POINTS, RESTORE_POINTS = 7, 7
"""Before each of them, which is after the one before; `test_every_step_is_tried` proves that these are all."""


def do_create(context: object) -> object:
    return create(context, Order("azure", DEV, NAME, TUNED, "1", "Standard", 10), who=PERSON)  # type: ignore[arg-type]


def do_restore(context: object) -> object:
    return restore(context, NAME, who=PERSON)  # type: ignore[arg-type]


@pytest.fixture
def ground(sandbox: Sandbox, emulated: Emulated) -> Emulated:
    """A budget for one day of one deployment and a half; operations take two looks."""
    sandbox.client.reset(seed=0, start=BEGINNING, frozen=True, lro_polls=2)
    rule = budgeted(60)
    emulated.policies = policies(
        type(rule)(
            name="dev", match=Match(provider=("azure",)), budget=Budget(Money.of(60)), over_budget=rule.over_budget
        )
    )
    emulated.deploy("other")
    delete(emulated.context, "other", who=PERSON)
    return emulated


@pytest.fixture
def undeployed(ground: Emulated) -> Emulated:
    """What stood and was deleted."""
    ground.deploy(NAME)
    delete(ground.context, NAME, who=PERSON)
    return ground


def existing(emulated: Emulated) -> list[str]:
    return [one.name for one in emulated.provider.inventory.observe().deployments]


def made(emulated: Emulated) -> int:
    """How often it was really created by a client."""
    return int(emulated.client.requests()["by_operation"].get("deployments.put", 0))


def held(emulated: Emulated) -> bool:
    """Whether a second one would not fit beside what is held."""
    try:
        create(emulated.context, Order("azure", DEV, "second", TUNED, "1", "Standard", 10), who=PERSON)
    except Refused as refused:
        return "reserved $40.80" in refused.message
    return False


@pytest.mark.parametrize(("work", "points"), [(do_create, CREATE_POINTS), (do_restore, RESTORE_POINTS)])
def test_every_step_is_tried(undeployed: Emulated, work: Work, points: int) -> None:
    assert Doomed(undeployed, work).until(0) == points
    assert existing(undeployed) == [NAME]


@pytest.mark.parametrize(
    ("work", "fatal"),
    [(do_create, fatal) for fatal in range(1, CREATE_POINTS + 1)]
    + [(do_restore, fatal) for fatal in range(1, RESTORE_POINTS + 1)],
)
@pytest.mark.parametrize("next_start", ["the guard's", "the same command's"])
def test_one_deployment_exists_after_the_next_start(
    undeployed: Emulated, work: Work, fatal: int, next_start: str
) -> None:
    assert Doomed(undeployed, work).until(fatal) == -signal.SIGKILL
    begun = bool(undeployed.ledger.journal.unfinished())
    if next_start == "the guard's" and begun:
        undeployed.sweep()
    else:
        work(undeployed.context)
    assert existing(undeployed) == [NAME]
    assert made(undeployed) == 1
    assert undeployed.ledger.journal.unfinished() == ()
    acts = [act for act in undeployed.ledger.journal.acts() if act.kind in {ActKind.CREATE, ActKind.RESTORE}]
    assert [act.phase for act in acts] == [Phase.DONE]
    assert f"azure:{DEV}/{NAME}" in undeployed.ledger.readings.tracked()
    assert [act.id for act in release_ended(undeployed.context)] == [acts[0].id]
    assert held(undeployed)


def test_the_operation_is_picked_up_by_its_token(undeployed: Emulated) -> None:
    Doomed(undeployed, do_create).until(CREATE_POINTS - 1)
    [act] = undeployed.ledger.journal.unfinished()
    assert continuation(act)
    undeployed.sweep()
    assert undeployed.asked("operations.get") > 0
    assert undeployed.ledger.journal.act(act.id).phase is Phase.DONE  # type: ignore[union-attr]
