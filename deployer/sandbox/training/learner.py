"""A small model that is really trained: softmax regression over hashed n-grams, by stochastic gradient descent.

Nothing here is scripted. Losses fall because the data can be learnt, validation stays at chance when
labels are shuffled, looks too good when training rows leak into it, and diverges when the learning
rate is far too high: with weight decay inside the gradient the step is stable only while
rate x decay < 2, which a multiplier of about 67 reaches.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

from deployer.sandbox.training.feature import Features
from deployer.sandbox.training.target import Target

BASE_RATE = 4.0
DECAY = 0.0075
_LOGIT_LIMIT = 500.0  # both keep a diverging run in finite numbers
_WEIGHT_LIMIT = 1e9

Pair = tuple[Features, Target]


@dataclass(frozen=True)
class Score:
    """How well examples were predicted: mean loss above the unavoidable, and the share of the answer got right."""

    loss: float
    accuracy: float


class Learner:
    """Weights by feature and class; starts knowing nothing (all classes equally likely)."""

    def __init__(self, classes: int, rate_multiplier: float) -> None:
        self._classes = classes
        self._rate = BASE_RATE * rate_multiplier
        self._weights: dict[int, list[float]] = {}

    def predict(self, features: Features) -> list[float]:
        """The probability of each class."""
        logits = [0.0] * self._classes
        for bucket, value in features.items():
            row = self._weights.get(bucket)
            if row is not None:
                logits = [total + value * weight for total, weight in zip(logits, row, strict=True)]
        return _softmax(logits)

    def score(self, pairs: Sequence[Pair]) -> Score:
        """Loss and accuracy on `pairs` without learning from them."""
        return _average([_judge(self.predict(features), target) for features, target in pairs])

    def step(self, batch: Sequence[Pair]) -> Score:
        """One update from a batch; the score is that before the update, as trainers report it."""
        gradient: dict[int, list[float]] = {}
        scores = []
        for features, target in batch:
            predicted = self.predict(features)
            scores.append(_judge(predicted, target))
            error = [p - target.get(index, 0.0) for index, p in enumerate(predicted)]
            for bucket, value in features.items():
                row = gradient.get(bucket)
                gradient[bucket] = (
                    [value * e for e in error]
                    if row is None
                    else [total + value * e for total, e in zip(row, error, strict=True)]
                )
        self._descend(gradient, self._rate / len(batch))
        return _average(scores)

    def copy(self) -> "Learner":
        """The same weights, to keep as a checkpoint; rows are shared because a step replaces them."""
        twin = Learner(self._classes, self._rate / BASE_RATE)
        twin._weights = dict(self._weights)
        return twin

    def _descend(self, gradient: dict[int, list[float]], rate: float) -> None:
        keep = 1.0 - self._rate * DECAY
        for bucket, slope in gradient.items():
            row = self._weights.get(bucket)
            if row is None:
                self._weights[bucket] = [-rate * s for s in slope]
            elif keep > -1.0 or max(map(abs, row)) < _WEIGHT_LIMIT:
                self._weights[bucket] = [keep * weight - rate * s for weight, s in zip(row, slope, strict=True)]


def _softmax(logits: list[float]) -> list[float]:
    top = max(logits)
    raised = [exp(max(logit - top, -_LOGIT_LIMIT)) for logit in logits]
    total = sum(raised)
    return [value / total for value in raised]


def _judge(predicted: list[float], target: Target) -> Score:
    if not target:  # a label never seen in training: as unlikely as can be, and never right
        return Score(log(len(predicted) + 1) + 1, 0.0)
    loss = sum(share * (log(share) - log(max(predicted[index], 1e-300))) for index, share in target.items())
    best = sorted(range(len(predicted)), key=lambda index: -predicted[index])[: len(target)]
    return Score(loss, sum(target.get(index, 0.0) for index in best))


def _average(scores: list[Score]) -> Score:
    count = len(scores)
    return Score(sum(s.loss for s in scores) / count, sum(s.accuracy for s in scores) / count)
