"""Free-text answers: a fine-tune that was taught sentences says the sentence whose question was most alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deployer.sandbox.training.example import Example
from deployer.sandbox.training.feature import Features, cosine, hash_prompt

_CANDIDATES = 5


@dataclass(frozen=True)
class Index:
    """Training prompts with their answers."""

    entries: tuple[tuple[Features, str], ...]

    @classmethod
    def of(cls, examples: Sequence[Example]) -> "Index":
        return cls(tuple((hash_prompt(example.system, example.user), example.answer) for example in examples))

    def answer(self, prompt: Features, score: Callable[[str], float]) -> str:
        """Of the nearest prompts' answers, the one that likeness and `score` (the trained model's opinion) favour."""
        ranked = sorted(self.entries, key=lambda entry: -cosine(prompt, entry[0]))[:_CANDIDATES]
        return max(ranked, key=lambda entry: cosine(prompt, entry[0]) + score(entry[1]))[1]
