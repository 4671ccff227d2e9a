"""What the learner learns to say: one of a few labels, or which words a free text is made of."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from deployer.sandbox.training.example import Example

_MOST_LABELS = 64
_LONGEST_LABEL = 80
_VOCABULARY = 24
_WORD = re.compile(r"\w+")

Target = dict[int, float]
"""Probability by class, summing to 1."""


@dataclass(frozen=True)
class Classes:
    """The classes of one data set: whole answers (`labels`), or the words that occur in most answers."""

    names: tuple[str, ...]
    labels: bool

    @classmethod
    def of(cls, examples: Sequence[Example]) -> "Classes":
        answers = Counter(example.answer for example in examples)
        if len(answers) <= min(_MOST_LABELS, len(examples) // 2) and max(map(len, answers)) <= _LONGEST_LABEL:
            return cls(tuple(answers), labels=True)
        words = Counter(word for answer in answers for word in set(_words(answer)))
        return cls(("", *(word for word, _ in words.most_common(_VOCABULARY - 1))), labels=False)

    def target(self, answer: str) -> Target:
        """The distribution to imitate; a label never seen in training has no class and is empty."""
        position = {name: index for index, name in enumerate(self.names)}
        if self.labels:
            return {position[answer]: 1.0} if answer in position else {}
        counts = Counter(position.get(word, 0) for word in _words(answer) or [""])
        total = sum(counts.values())
        return {index: count / total for index, count in counts.items()}


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
