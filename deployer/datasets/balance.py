"""Whether a classifier's labels are balanced enough to be learnt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from deployer.datasets.outline import Outline

_MOST_LABELS = 50
_FEWEST_EXAMPLES = 20
_SHARE = 0.8
_RATIO = 10


def labels(outlines: Sequence[Outline]) -> Mapping[str, int]:
    """Examples per label, most first; empty when the answers are not labels (too many, too long, too few)."""
    counts = Counter(each.label for each in outlines)
    labelled = len(outlines) - counts.pop("", 0)
    if labelled < _FEWEST_EXAMPLES or labelled < 0.95 * len(outlines):
        return {}
    if len(counts) > min(_MOST_LABELS, labelled // 4):
        return {}
    return dict(counts.most_common())


def imbalance(counts: Mapping[str, int]) -> str:
    """What is out of balance, in one sentence; "" when nothing is."""
    if len(counts) == 1:
        return f"every answer is {next(iter(counts))!r}: there is nothing to tell apart"
    if not counts:
        return ""
    (most, high), (least, low) = next(iter(counts.items())), list(counts.items())[-1]
    share = high / sum(counts.values())
    if share < _SHARE and high < _RATIO * low:
        return ""
    return f"labels are out of balance: {high:,} of {most!r} ({share:.0%}), {low:,} of {least!r}"
