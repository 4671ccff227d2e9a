"""What a row of the command table is: a command, and which of the calls behind it goes wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.contract.console import Console

Given = Mapping[str, str]
"""What stands in the braces of a command's words."""
Prepare = Callable[[Console, Path], Given]
Shows = Callable[[Any, Console, Given], bool]
Count = Callable[[Console, Given], int]
Codes = frozenset[int]

DONE, FAILED, REFUSED, UNREAD = (frozenset({code}) for code in (0, 1, 3, 5))


def _nothing(console: Console, home: Path) -> Given:
    return {}


@dataclass(frozen=True)
class Command:
    """`words` of a command while `target` goes wrong.

    `without` is the exit code when the target never answers: 1 when the one thing that the command is about
    cannot be done, 5 when a part cannot be read, 0 when it only adds to the rest (a bill, a quota, a date).
    `otherwise` names the columns in which it is another, or one of several. `limit` is in seconds.
    `vanishes`: a 404 says that what was known is not there any more, which is an answer.
    """

    name: str
    words: str
    target: Mapping[str, Any]
    without: int
    limit: float
    prepare: Prepare = _nothing
    otherwise: Mapping[str, Codes] = field(default_factory=dict)
    vanishes: bool = False


@dataclass(frozen=True)
class Look(Command):
    """Shows something. `shows`: whether the target's part of the answer is in the document, and so known.

    `reports`: what is not well is what the document is about, so that it need not be told beside it.
    """

    shows: Shows = lambda document, console, given: True
    reports: bool = False


@dataclass(frozen=True)
class Act(Command):
    """Changes something. `count`: how many things there really are as was asked for; done is exactly one.

    `changes` is false where the call that goes wrong only reads, on the way to the change or after it.
    `again` are the exit codes of the same command given again after a failure: it is done then, or was already.
    """

    count: Count = lambda console, given: 0
    changes: bool = True
    again: Codes = DONE
    left: Count = lambda console, given: 0
    """How many things are left behind that belong to nothing, however it ended."""
    settle: Callable[[Console, Given], None] = lambda console, given: None
    """Takes away what the cell has made."""


def target(operation: str, path: str = "") -> dict[str, str]:
    return {"operation": operation} | ({"path": path} if path else {})
