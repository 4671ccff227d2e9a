"""Every command that asks a cloud under every class of trouble: the exit code, the words, the truth, the time.

The rows are in `azure_commands.py`, `openai_commands.py` and `shared_commands.py`; the columns are those of
`trouble.py`, as far as a command can tell them apart:

- A command without trouble is the same in all its rows: it has one cell.
- A trouble that passes is mended below the ports, where `test_trouble.py` has a cell for each operation. So a look
  is troubled for good, and once by every throttling header. A call that changes something has what passes too,
  since what is done after a lost answer is the command's own affair.
- To a command 401 is what 403 is, and a silent service is what a cut one is: looks have one of each two.
- Where only a further call of a command goes wrong (its row has a comma), the columns are the outcomes that the
  ports tell apart: refused, absent, failing, cut.
- What was not done is done by the same command given again. After a refusal that is tried once for each row.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import click
import pytest

from deployer.cli.main import cli
from deployer.sandbox.process import Sandbox
from tests.contract.azure_commands import AZURE
from tests.contract.command import DONE, FAILED, Act, Codes, Command, Given, Look
from tests.contract.console import Console, Said
from tests.contract.openai_commands import OPENAI
from tests.contract.stage import open_stage
from tests.contract.trouble import ENDLESS, HASTE, IN_TIME, LATE, NOTHING, PASSING, REFUSALS, THROTTLES, Trouble

COMMANDS = {"azure": AZURE, "openai": OPENAI}
_NAMED = {one.name: one for one in (*REFUSALS, *THROTTLES, *PASSING, *ENDLESS)}
LOOKS = (
    "403", "404", "409", "429 each header", "429 for good, late", "500 for good, late", "late for good",
    "cut after for good",
)  # fmt: skip
ACTS = (*LOOKS, "401", "500 once", "cut after once", "slow once", "slow for good")
FURTHER = ("403", "404", "500 for good, late", "cut after for good")
WORKED_UNSEEN = ("cut after for good", "slow for good")
"""No answer ever comes, but the work is done: who looks may find it so."""
Open = Callable[[str], Console]


def columns(row: Command) -> list[Trouble]:
    if isinstance(row, Act) and row.changes:
        return [_NAMED[name] for name in ACTS]
    return [_NAMED[name] for name in (FURTHER if "," in row.name else LOOKS)]


def untroubled(rows: Iterable[Command]) -> Collection[Command]:
    """One row of each command."""
    return {row.words: row for row in rows}.values()


CELLS = [
    *((cloud, row, NOTHING) for cloud, rows in COMMANDS.items() for row in untroubled(rows)),
    *((cloud, row, trouble) for cloud, rows in COMMANDS.items() for row in rows for trouble in columns(row)),
]


def expected(row: Command, trouble: Trouble) -> Codes:
    """The exit codes with which the cell may end."""
    if trouble.name in row.otherwise:
        return row.otherwise[trouble.name]
    if is_harmless(trouble) or is_answer(row, trouble):
        return DONE
    without = frozenset({row.without})
    found_done = isinstance(row, Act) and trouble.name in WORKED_UNSEEN
    return DONE | without if found_done or trouble in PASSING else without


def is_harmless(trouble: Trouble) -> bool:
    return trouble in (NOTHING, IN_TIME) or trouble.name == "429 each header"


def is_answer(row: Command, trouble: Trouble) -> bool:
    return row.vanishes and trouble.name == "404"


@pytest.fixture(scope="module")
def console_of(running_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """The console of a cloud; there is one at a time, for they share the sandbox."""
    opened: list[Console] = []

    def open_one(cloud: str) -> Console:
        if not opened or opened[-1].stage.cloud != cloud:
            folder = tmp_path_factory.mktemp("console")
            opened.append(Console(open_stage(cloud, running_sandbox, folder), folder))
        return opened[-1]

    yield open_one
    running_sandbox.client.clear_faults()
    for console in opened:
        console.stage.close()


@pytest.mark.parametrize(
    ("cloud", "row", "trouble"),
    [pytest.param(cloud, row, trouble, id=f"{cloud} {row.name} | {trouble.name}") for cloud, row, trouble in CELLS],
)
def test_command_ends_well_or_in_words(console_of: Open, cloud: str, row: Command, trouble: Trouble) -> None:
    console = console_of(cloud)
    client, stage, home = console.stage.sandbox.client, console.stage, console.home()
    client.clear_faults()
    given = row.prepare(console, home)
    words = row.words.format(**given).split()
    for order in trouble.aimed_at(row.target, stage.clock.now()):
        client.fault(order)
    stage.clock.shared = trouble.late

    said = console.run(home, *words, hasty=trouble.slow)

    stage.clock.shared = False
    client.clear_faults()
    if trouble.slow:
        time.sleep(2 * HASTE)  # what was given up goes on over there, in real time
    assert said.code in expected(row, trouble), said
    assert said.seconds <= row.limit + (LATE if trouble.late else 0)
    if trouble.waits:
        assert said.code or said.seconds >= trouble.waits - 1
    _is_for_people(said, console)
    if isinstance(row, Act) and not is_answer(row, trouble):
        assert not said.code or said.err.strip()
        _is_true(row, said, console, given)
        _is_done_by_saying_it_again(row, trouble, said, console, given, home, words)
        assert row.left(console, given) == 0
        row.settle(console, given)
    if isinstance(row, Look):
        assert row.reports or not said.code or said.err.strip()
        _tells_what_it_does_not_know(row, trouble, said, console, given)


def _is_for_people(said: Said, console: Console) -> None:
    """No traceback, no secret; one document or none; whatever is not well is told, with what to do."""
    text = said.out + said.err
    assert "Traceback" not in text
    assert "defect of deployer" not in text
    assert not [name for name, secret in console.secrets.items() if secret in text]
    if said.out.strip():
        _ = said.document
    if said.err.startswith("Error:"):
        assert "Next:" in said.err


def _is_true(row: Act, said: Said, console: Console, given: Given) -> None:
    """What is said to be done is so, and nothing is there twice."""
    made = row.count(console, given)
    assert made <= 1
    if said.code == 0:
        assert made == 1, said


def _is_done_by_saying_it_again(
    row: Act, trouble: Trouble, said: Said, console: Console, given: Given, home: Path, words: list[str]
) -> None:
    """After a failure the same command, when all is well again, does it or finds it done, and not twice."""
    if said.code == 0 or trouble.name in ("401", "404", "409", "429 for good, late"):
        return
    again = console.run(home, *words)
    assert again.code in row.again, (said, again)
    assert row.count(console, given) == 1, (said, again)


def _tells_what_it_does_not_know(row: Look, trouble: Trouble, said: Said, console: Console, given: Given) -> None:
    """What could not be read is unknown in the document and told beside it."""
    if is_answer(row, trouble):
        return
    if is_harmless(trouble):
        assert row.shows(said.document, console, given), said
    elif said.code in FAILED and not said.out.strip():
        assert said.err.startswith("Error:")
    else:
        assert not row.shows(said.document, console, given), said
        assert row.reports or said.err.strip(), said


OFFLINE = (
    "demo", "init", "sandbox", "journal", "policy", "price", "dataset", "guard status", "guard pause", "guard resume",
    "deployment unprotect",
)  # fmt: skip
"""Commands, or groups of them, that ask no cloud: the first two play on the sandbox or write files."""
THE_SAME = {"serve": "guard apply"}
"""Commands that go on until they are stopped, and the one whose path they take."""


def _leaves(command: click.Command, words: str = "") -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield words
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from _leaves(found, f"{words} {name}".strip())


def test_every_command_that_asks_a_cloud_is_in_the_table() -> None:
    rows = [row.words for rows in COMMANDS.values() for row in rows]
    asking = {words for words in _leaves(cli) if not words.startswith(OFFLINE)} - set(THE_SAME)
    assert {words for words in asking if not any(row.startswith(f"{words} ") for row in rows)} == set()


def test_every_row_has_a_name_of_its_own() -> None:
    assert len({(cloud, row.name, trouble.name) for cloud, row, trouble in CELLS}) == len(CELLS)
