"""Examples that repeat each other: duplicates, cut-out windows of one conversation, leaks.

Cutting every interaction out of a conversation into its own example has ruined real models:
they lose context. And a validation row that was trained on measures memory, not skill.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deployer.datasets.outline import Outline

_CANDIDATES = 16
"""Examples compared per shared first message: greetings open thousands."""


@dataclass(frozen=True)
class Repeat:
    """`example` repeats `other`, in the way that `how` says."""

    example: Outline
    other: Outline
    how: str


def duplicates(outlines: Sequence[Outline]) -> Iterator[Repeat]:
    """Rows that an earlier row says already, but for case, spacing and punctuation."""
    first: dict[int, Outline] = {}
    for each in outlines:
        earlier = first.setdefault(each.row, each)
        if earlier is not each:
            yield Repeat(each, earlier, "repeats")


def windows(outlines: Sequence[Outline]) -> Iterator[Repeat]:
    """Examples that lie within another's conversation, or that begin where another ends; each once."""
    heads = _heads(outlines)
    told: set[int] = set()
    for whole in outlines:
        for index in range(len(whole.turns)):
            for cut in heads.get(whole.turns[index], ()):
                how = _overlap(whole, index, cut)
                if how and cut.line not in told:
                    told.add(cut.line)
                    yield Repeat(cut, whole, how)


def leaks(training: Sequence[Outline], validation: Sequence[Outline]) -> Iterator[Repeat]:
    """Validation rows that are in the training file, whole or with another answer."""
    rows = {each.row: each for each in training}
    asked = {each.asked: each for each in training if len(each.turns) > 1}
    talks = {each.turns: each for each in training if each.turns}
    for each in validation:
        if found := rows.get(each.row) or talks.get(each.turns):
            yield Repeat(each, found, "is also in the training file, at")
        elif len(each.turns) > 1 and (found := asked.get(each.asked)):
            yield Repeat(each, found, "asks what is asked in the training file, at")


def _heads(outlines: Sequence[Outline]) -> dict[int, list[Outline]]:
    """Examples by their first message, without duplicates of one another."""
    heads: defaultdict[int, list[Outline]] = defaultdict(list)
    seen: set[tuple[int, ...]] = set()
    for each in outlines:
        if each.turns and each.turns not in seen:
            seen.add(each.turns)
            if len(known := heads[each.turns[0]]) < _CANDIDATES:
                known.append(each)
    return heads


def _overlap(whole: Outline, index: int, cut: Outline) -> str:
    """How `cut` overlaps `whole` from its turn `index` on; "" when it does not."""
    shared = min(len(whole.turns) - index, len(cut.turns))
    if cut is whole or whole.turns[index : index + shared] != cut.turns[:shared]:
        return ""
    if shared < 2 and not cut.turns[0] & 1:
        return ""
    if shared == len(cut.turns) < len(whole.turns):
        return "lies within the conversation of"
    return "begins with the end of" if index > 0 and shared < len(cut.turns) else ""
