"""Metric series, derived from what was called: per deployment, per status, per grain.

A deployment is counted while it stands; the newest minutes have not arrived yet, so they are
null. Everything is arithmetic on the grains of the window: there is no walk through minutes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from deployer.sandbox.clock import at_seconds
from deployer.sandbox.usage import Series, Traffic
from deployer.sandbox.world import World

RETENTION = 93 * 86_400.0


@dataclass(frozen=True)
class Grains:
    """The window cut into equal grains, in epoch seconds; from `visible` on nothing has arrived yet."""

    start: float
    end: float
    step: float
    oldest: float
    visible: float

    @property
    def number(self) -> int:
        return max(0, -int(-(self.end - self.start) // self.step))

    @property
    def known(self) -> int:
        """How many grains have a number; the rest are null."""
        return min(self.number, max(0, -int(-(self.visible - self.start) // self.step)))

    def index(self, at: float) -> int:
        return int((at - self.start) // self.step)

    def printed(self) -> tuple[str, ...]:
        """Each grain's start as Monitor prints it."""
        return _print_starts(self.start, self.step, self.number)


@lru_cache(maxsize=32)
def _print_starts(start: float, step: float, number: int) -> tuple[str, ...]:
    """One sweep asks for the same grains of every region."""
    return tuple(_print_start(start + index * step) for index in range(number))


@lru_cache(maxsize=8_192)
def _print_start(second: float) -> str:
    """The next sweep asks for nearly the same grains."""
    return at_seconds(second).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Tally:
    """What one deployment counted for one status, grain by grain."""

    deployment: str
    status: int
    requests: list[int]
    input_tokens: list[int]
    output_tokens: list[int]

    @classmethod
    def empty(cls, deployment: str, status: int, size: int) -> "Tally":
        return cls(deployment, status, [0] * size, [0] * size, [0] * size)


def tally_account(world: World, account: str, grains: Grains) -> list[Tally]:
    """Every deployment and status of an account that has a number in the window, by name."""
    found: list[Tally] = []
    for name, series in sorted(world.usage.of_account(account).items()):
        found += tally_deployment(world, account, name, series, grains)
    return found


def tally_deployment(world: World, account: str, name: str, series: Series, grains: Grains) -> Iterator[Tally]:
    tallies: dict[int, Tally] = {}
    lives = world.cloud.lives_of(account, name)
    for life in lives:
        start = max(grains.start, grains.oldest, life.created)
        end = min(grains.end, grains.visible, life.closed if life.closed is not None else grains.end)
        if start < end:
            _add_traffic(tallies, life.name, series, grains, start, end)
            _add_calls(tallies, life.name, series, grains, start, end)
    for status in sorted(tallies):
        if any(tallies[status].requests):
            yield tallies[status]


def _open(tallies: dict[int, Tally], name: str, status: int, size: int) -> Tally:
    if status not in tallies:
        tallies[status] = Tally.empty(name, status, size)
    return tallies[status]


def _add_traffic(
    tallies: dict[int, Tally], name: str, series: Series, grains: Grains, start: float, end: float
) -> None:
    for item in series.overlapping(start, end):
        tally = _open(tallies, name, item.status, grains.number)
        index, numbers = _requests(item, grains, max(start, item.start), min(end, item.end))
        _add(tally.requests, index, numbers, 1)
        if item.status < 400:
            _add(tally.input_tokens, index, numbers, item.input_tokens)
            _add(tally.output_tokens, index, numbers, item.output_tokens)


def _requests(item: Traffic, grains: Grains, first: float, last: float) -> tuple[int, list[int]]:
    """The first grain that [first, last) touches, and the requests of it and each that follows."""
    index, after = grains.index(first), min(grains.number, grains.index(last) + 1)
    inner = grains.start + (index + 1) * grains.step
    whole = after - index - 2
    if whole < 1:
        ends = [min(last, grains.start + (number + 1) * grains.step) for number in range(index, after)]
        made = [item.ordinal(first), *map(item.ordinal, ends)]
        return index, [later - sooner for sooner, later in pairwise(made)]
    head = item.ordinal(inner) - item.ordinal(first)
    tail = item.ordinal(last) - item.ordinal(inner + whole * grains.step)
    return index, [head, *item.numbers(inner, grains.step, whole + 1), tail]


def _add(counts: list[int], index: int, numbers: list[int], factor: int) -> None:
    if factor and any(numbers):
        end = index + len(numbers)
        counts[index:end] = [count + number * factor for count, number in zip(counts[index:end], numbers, strict=True)]


def _add_calls(tallies: dict[int, Tally], name: str, series: Series, grains: Grains, start: float, end: float) -> None:
    for call in series.calls_between(start, end):
        tally, index = _open(tallies, name, call.status, grains.number), grains.index(call.at)
        tally.requests[index] += 1
        tally.input_tokens[index] += call.input_tokens
        tally.output_tokens[index] += call.output_tokens
