"""Every operation of both clouds under every trouble: done, said in words, or known to be unknown.

The rows are in `operation.py`, the columns in `trouble.py`. A cell never ends in an error that is none of ours,
later than its deadline, with two things where one was asked for, or as done when it is not.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from deployer.errors import CloudError
from deployer.ports.cloud import Provider
from deployer.sandbox.process import Sandbox
from tests.contract.azure_rows import AZURE
from tests.contract.openai_rows import OPENAI
from tests.contract.operation import DONE, ERROR, GAP, Nature, Operation
from tests.contract.outcome import Outcome
from tests.contract.stage import Stage, open_stage
from tests.contract.trouble import COST_THROTTLES, HASTE, IN_TIME, LATE, PASSING, TROUBLES, Trouble

OPERATIONS = {"azure": AZURE, "openai": OPENAI}
CELLS = [
    (cloud, row, trouble)
    for cloud, rows in OPERATIONS.items()
    for row in rows
    for trouble in (*TROUBLES, *(COST_THROTTLES if row.of_costs else ()))
]
LONGEST_MESSAGE = 400
Open = Callable[..., Stage]


ONE_A_PAGE = dict.fromkeys(("page_size", "list_page_size", "graph_page_size", "cost_page_size"), 1)


@pytest.fixture(scope="module")
def stage_of(running_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """The stage of a cloud, with `paged` in a world of small pages; there is one, for they share the sandbox."""
    opened: list[tuple[Stage, bool]] = []

    def open_one(cloud: str, *, paged: bool = False) -> Stage:
        if not opened or (opened[-1][0].cloud, opened[-1][1]) != (cloud, paged):
            folder, settings = tmp_path_factory.mktemp("stage"), ONE_A_PAGE if paged else {}
            opened.append((open_stage(cloud, running_sandbox, folder, **settings), paged))
        return opened[-1][0]

    yield open_one
    running_sandbox.client.clear_faults()
    for stage, _ in opened:
        stage.close()


@dataclass(frozen=True)
class Ending:
    """How a cell ended: its outcome or error, the time it took, and how many things there are more than before."""

    outcome: Outcome
    error: CloudError | None
    seconds: float
    made: int


def expected(row: Operation, trouble: Trouble) -> frozenset[Outcome]:
    """What the nature of the operation demands; a row names the columns in which it is special."""
    failed = GAP if row.nature is Nature.OBSERVES else ERROR
    if trouble.name in row.otherwise:
        return row.otherwise[trouble.name]
    if trouble.name == "409 once":
        return DONE | failed
    if (
        row.falls_back
        or trouble is IN_TIME
        or (trouble.once and not (row.nature is Nature.MAKES and trouble.may_have_worked))
    ):
        return DONE
    return DONE | ERROR if trouble in PASSING else failed


def play(stage: Stage, row: Operation, trouble: Trouble) -> Ending:
    client = stage.sandbox.client
    client.clear_faults()
    prepared, provider = row.prepare(stage), _provider(stage, row, trouble)
    before, began = row.count(stage, prepared) if row.count else 0, stage.clock.monotonic()
    for order in trouble.aimed_at(row.target, stage.clock.now()):
        client.fault(order)
    error, value, stage.clock.shared = None, None, trouble.late
    try:
        value = row.act(provider, stage, prepared)
    except CloudError as raised:
        error = raised
    seconds = stage.clock.monotonic() - began
    stage.clock.shared = False
    client.clear_faults()
    if trouble.slow and row.nature in (Nature.MAKES, Nature.SAME):
        time.sleep(2 * HASTE)  # what was given up goes on over there, in real time
    outcome = Outcome.ERROR if error else row.judge(value, stage, prepared)
    return Ending(outcome, error, seconds, row.count(stage, prepared) - before if row.count else 0)


def _provider(stage: Stage, row: Operation, trouble: Trouble) -> Provider:
    if row.fresh:
        return stage.open(timeout=HASTE if trouble.slow else 30.0, FRESH="")
    return stage.hasty(once=trouble.once) if trouble.slow else stage.open()


@pytest.mark.parametrize(
    ("cloud", "row", "trouble"),
    [pytest.param(cloud, row, trouble, id=f"{cloud} {row.name} | {trouble.name}") for cloud, row, trouble in CELLS],
)
def test_it_ends_well_or_in_words(stage_of: Open, cloud: str, row: Operation, trouble: Trouble) -> None:
    stage = stage_of(cloud)

    ending = play(stage, row, trouble)

    assert ending.outcome in expected(row, trouble), ending
    assert ending.seconds <= row.seconds + (LATE if trouble.late else 0)  # the last call's time-out is real time
    assert ending.made <= 1
    if trouble.waits and ending.outcome is Outcome.DONE:
        assert ending.seconds >= trouble.waits - 1 or row.falls_back
    if row.count and ending.outcome is Outcome.DONE:
        assert ending.made == 1
    if ending.error is not None:
        _is_for_people(ending.error, row, ending.made)


def _is_for_people(error: CloudError, row: Operation, made: int) -> None:
    """What failed, where, and what to do; and no promise that nothing was done when something was."""
    assert error.exit_code == 1
    assert error.message.startswith(("cannot ", "train.jsonl ("))
    assert len(error.message) <= LONGEST_MESSAGE
    assert "\n" not in error.message
    assert error.next_step
    if row.nature is Nature.MAKES and made:
        assert error.maybe_done


def test_the_table_has_a_cell_for_every_operation_and_every_trouble() -> None:
    assert len(TROUBLES) == 24
    assert {cloud: len(rows) for cloud, rows in OPERATIONS.items()} == {"azure": 39, "openai": 35}
    assert len({(cloud, row.name, trouble.name) for cloud, row, trouble in CELLS}) == len(CELLS)
    assert len(CELLS) == (39 + 35) * 24 + 2  # Cost Management has headers of its own


READS = (Nature.READS, Nature.OBSERVES)
LISTS = [(cloud, row) for cloud, row, trouble in CELLS if trouble is IN_TIME and row.nature in READS]


@pytest.mark.parametrize(("cloud", "row"), [pytest.param(cloud, row, id=f"{cloud} {row.name}") for cloud, row in LISTS])
def test_no_list_outlasts_its_deadline_however_many_pages_it_has(stage_of: Open, cloud: str, row: Operation) -> None:
    ending = play(stage_of(cloud, paged=True), row, IN_TIME)
    assert ending.seconds <= row.seconds + LATE
