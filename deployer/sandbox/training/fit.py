"""A whole training run: every step's numbers, a checkpoint for each epoch, and models that answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from deployer.sandbox.training.example import Example, split_prompt
from deployer.sandbox.training.feature import hash_prompt
from deployer.sandbox.training.learner import Learner, Pair, Score
from deployer.sandbox.training.retrieval import Index
from deployer.sandbox.training.target import Classes

_VISITS = 4_000  # examples looked at in a run: beyond that steps learn from a part of their batch, then not at all
_EVERY = 10  # a step in ten is validated on a handful of rows
_HANDFUL = 8
_MOST_VALIDATION = 400


@dataclass(frozen=True)
class Recipe:
    """Hyperparameters, all decided."""

    epochs: int
    batch_size: int
    rate_multiplier: float
    seed: int


@dataclass(frozen=True)
class Step:
    """Numbers of one step; `valid` on a handful of rows, `full_valid` on all, where they were computed."""

    number: int
    train: Score
    valid: Score | None = None
    full_valid: Score | None = None


@dataclass(frozen=True)
class FittedModel:
    """A model as it was after some step."""

    learner: Learner
    classes: Classes
    index: Index

    def answer(self, messages: Sequence[Mapping[str, Any]]) -> str:
        """What this model says to a chat."""
        features = hash_prompt(*split_prompt(messages))
        predicted = self.learner.predict(features)
        if self.classes.labels:
            return self.classes.names[predicted.index(max(predicted))]
        return self.index.answer(features, lambda answer: self._favour(predicted, answer))

    def _favour(self, predicted: list[float], answer: str) -> float:
        return sum(share * predicted[index] for index, share in self.classes.target(answer).items())


@dataclass(frozen=True)
class Fit:
    """The record of a run; `checkpoints` by step, one for each epoch."""

    steps: tuple[Step, ...]
    checkpoints: Mapping[int, FittedModel]

    @property
    def final(self) -> FittedModel:
        return self.checkpoints[self.steps[-1].number]


def count_steps(examples: int, recipe: Recipe) -> int:
    """ceil(examples x epochs / batch), as public jobs show."""
    return -(-examples * recipe.epochs // recipe.batch_size)


def fit(training: Sequence[Example], validation: Sequence[Example], recipe: Recipe) -> Fit:
    """Train from nothing on `training`; the same input gives the same numbers."""
    classes = Classes.of(training)
    learner = Learner(len(classes.names), recipe.rate_multiplier)
    train, valid = _pairs(training, classes), _pairs(validation[:_MOST_VALIDATION], classes)
    total = count_steps(len(train), recipe)
    ends = {min(total, -(-len(train) * epoch // recipe.batch_size)) for epoch in range(1, recipe.epochs + 1)}
    steps: list[Step] = []
    index, checkpoints = Index.of(training), {}
    pace = -(-total // _VISITS)
    for number, batch in enumerate(_batches(train, recipe, total), start=1):
        if number % pace and number > 1 and number not in ends:
            steps.append(Step(number, steps[-1].train))
            continue
        steps.append(_take(learner, number, batch, valid, number in ends))
        if number in ends:
            checkpoints[number] = FittedModel(learner.copy(), classes, index)
    return Fit(tuple(steps), checkpoints)


def _take(learner: Learner, number: int, batch: Sequence[Pair], valid: Sequence[Pair], whole: bool) -> Step:
    train = learner.step(batch)
    if not valid:
        return Step(number, train)
    handful = None
    if number % _EVERY == 0 or whole:
        first = number * _HANDFUL % len(valid)
        handful = learner.score([valid[(first + offset) % len(valid)] for offset in range(_HANDFUL)])
    return Step(number, train, handful, learner.score(valid) if whole else None)


def _pairs(examples: Sequence[Example], classes: Classes) -> list[Pair]:
    return [(hash_prompt(e.system, e.user), classes.target(e.answer)) for e in examples]


def _batches(train: Sequence[Pair], recipe: Recipe, total: int) -> list[list[Pair]]:
    """The batches of all epochs in order, each epoch freshly shuffled; a batch may span two epochs."""
    random = Random(recipe.seed)  # noqa: S311 - a training order, not a secret
    order: list[Pair] = []
    for _ in range(recipe.epochs):
        epoch = list(train)
        random.shuffle(epoch)
        order += epoch
    looked_at = max(1, min(recipe.batch_size, _VISITS // total))
    return [order[first : first + recipe.batch_size][:looked_at] for first in range(0, len(order), recipe.batch_size)]
