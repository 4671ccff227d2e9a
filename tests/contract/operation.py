"""What a row of the table is: an operation of a port, and which of its calls goes wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from deployer.deadline import CALL, OBSERVATION
from deployer.ports.cloud import Provider
from tests.contract.outcome import Outcome
from tests.contract.stage import Stage


class Nature(StrEnum):
    """What repeating a call would do."""

    READS = "reads"
    OBSERVES = "observes"  # failures are gaps or incomplete readings, never errors
    SAME = "same"  # done twice is done once
    MAKES = "makes"  # a second call makes a second thing


Prepare = Callable[[Stage], Any]
Act = Callable[[Provider, Stage, Any], Any]
Judge = Callable[[Any, Stage, Any], Outcome]


@dataclass(frozen=True)
class Operation:
    """`act` on what `prepare` made while `target` goes wrong; `judge` says what its value means.

    `count` counts the things that there really are of the kind that `act` makes; `limit` is the time that
    it may take, where its nature does not say. `otherwise` names the columns in which this row ends differently.
    """

    name: str
    target: Mapping[str, Any]
    nature: Nature
    act: Act
    judge: Judge
    prepare: Prepare = lambda _: None
    count: Callable[[Stage, Any], int] | None = None
    limit: float = 0.0
    otherwise: Mapping[str, frozenset[Outcome]] = field(default_factory=dict)
    fresh: bool = False
    falls_back: bool = False
    """Whether something else answers in its place, or the caller can do without."""

    @property
    def seconds(self) -> float:
        """Its deadline, as the code has it."""
        return self.limit or (OBSERVATION if self.nature is Nature.OBSERVES else CALL)

    @property
    def of_costs(self) -> bool:
        """Whether Cost Management answers, which has words of its own for being asked too often."""
        return str(self.target.get("operation", "")).startswith("costs.")


DONE, ABSENT, GAP, UNPROVEN, ERROR = (frozenset({outcome}) for outcome in Outcome)
EITHER = DONE | ERROR
BADLY_ANSWERED = ("garbage", "garbage as json", "empty body", "empty object")
LATE = {"slow once": EITHER, "slow for good": EITHER}
"""A slow answer is given up while the work goes on: it may be found done in time, or not."""
ENDED = {"cut after once": EITHER, **LATE}
"""The second request finds what the first one did, and is refused; the use case looks and sees it done."""
UNJUDGED = dict.fromkeys(BADLY_ANSWERED, DONE)
GONE = {"404": ABSENT}
EMPTY = {"empty object": UNPROVEN}
"""An answer that says nothing: whoever asked for a change looks whether it is so."""


def target(operation: str) -> dict[str, str]:
    return {"operation": operation}
