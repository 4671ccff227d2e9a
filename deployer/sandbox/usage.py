"""What was called: the only source of metrics, of usage reports and of token charges.

Two kinds of evidence are kept per (account, deployment): single calls that a data plane
answered, and replayed traffic, whose requests are evenly spaced and computed when asked
for. Both answer in time proportional to what overlaps the window, not to the past.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil
from typing import NamedTuple

Key = tuple[str, str]


def usage_key(account: str, deployment: str) -> Key:
    """Vendors compare names without case."""
    return (account.lower(), deployment.lower())


class Counts(NamedTuple):
    """What one status code counted in a window."""

    requests: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int

    def plus(self, other: "Counts") -> "Counts":
        return Counts(
            self.requests + other.requests,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
        )


NOTHING = Counts(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Evenly spaced requests from `start` (the first one) to before `end`, in epoch seconds; tokens per request."""

    start: float
    end: float
    per_hour: float
    input_tokens: int
    output_tokens: int
    status: int = 200
    cached_tokens: int = 0

    def ordinal(self, at: float) -> int:
        """How many requests were made before `at`."""
        if at <= self.start:
            return 0
        return ceil((min(at, self.end) - self.start) * self.per_hour / 3600 - 1e-9)

    def numbers(self, start: float, step: float, edges: int) -> list[int]:
        """How many requests were made between one edge and the next; the edges lie `step` apart, within the stream."""
        begin, rate = start - self.start, self.per_hour
        made = [ceil((begin + index * step) * rate / 3600 - 1e-9) for index in range(edges)]
        return [later - sooner for sooner, later in pairwise(made)]

    def counts(self, start: float, end: float) -> Counts:
        number = self.ordinal(end) - self.ordinal(start)
        if self.status >= 400:
            return Counts(number, 0, 0, 0)
        return Counts(number, number * self.input_tokens, number * self.output_tokens, number * self.cached_tokens)

    def last_before(self, at: float) -> float | None:
        """The instant of the last request made before `at`."""
        number = self.ordinal(at)
        return self.start + (number - 1) * 3600 / self.per_hour if number else None


class Call(NamedTuple):
    at: float
    status: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int

    def counts(self) -> Counts:
        return Counts(1, self.input_tokens, self.output_tokens, self.cached_tokens)


@dataclass(slots=True)
class Series:
    """All usage of one deployment name."""

    calls: list[Call] = field(default_factory=list)
    traffic: list[Traffic] = field(default_factory=list)
    _ends: list[float] = field(default_factory=list)

    def add_call(self, call: Call) -> None:
        if self.calls and call.at < self.calls[-1].at:
            self.calls.insert(bisect_right(self.calls, call.at, key=_at), call)
        else:
            self.calls.append(call)

    def add_traffic(self, traffic: Traffic) -> None:
        self.traffic.insert(bisect_right(self.traffic, traffic.start, key=_start), traffic)
        latest = float("-inf")
        self._ends = [latest := max(latest, item.end) for item in self.traffic]

    def overlapping(self, start: float, end: float) -> Iterator[Traffic]:
        """Traffic that may have requests in the window."""
        last = bisect_left(self.traffic, end, key=_start)
        for item in self.traffic[bisect_right(self._ends, start) : last]:
            if item.end > start:
                yield item

    def calls_between(self, start: float, end: float) -> list[Call]:
        if not self.calls:
            return []
        return self.calls[bisect_left(self.calls, start, key=_at) : bisect_left(self.calls, end, key=_at)]

    def by_status(self, start: float, end: float) -> dict[int, Counts]:
        """Counts of [start, end) per status; statuses without a request are absent."""
        found: dict[int, Counts] = {}
        for item in self.overlapping(start, end):
            counts = item.counts(start, end)
            if counts.requests:
                found[item.status] = found.get(item.status, NOTHING).plus(counts)
        for call in self.calls_between(start, end):
            found[call.status] = found.get(call.status, NOTHING).plus(call.counts())
        return found

    def total(self, start: float, end: float) -> Counts:
        """Counts of [start, end) over all statuses."""
        result = NOTHING
        for counts in self.by_status(start, end).values():
            result = result.plus(counts)
        return result

    def last_activity(self, before: float) -> float | None:
        """The instant of the last request before `before`, whatever its status."""
        index = bisect_left(self.calls, before, key=_at)
        instants = [self.calls[index - 1].at] if index else []
        instants += [last for item in self.traffic if (last := item.last_before(before)) is not None]
        return max(instants, default=None)


def _at(call: Call) -> float:
    return call.at


def _start(traffic: Traffic) -> float:
    return traffic.start


class Usage:
    """Every series, by account and deployment."""

    def __init__(self) -> None:
        self._series: dict[Key, Series] = {}
        self._by_account: dict[str, dict[str, Series]] = {}

    def series(self, account: str, deployment: str) -> Series:
        """The series of a name, empty (and not kept) when it has none."""
        return self._series.get(usage_key(account, deployment)) or Series()

    def of_account(self, account: str) -> dict[str, Series]:
        """Series of an account by deployment name in lower case."""
        return self._by_account.get(account.lower(), {})

    def accounts(self) -> list[str]:
        return list(self._by_account)

    def open(self, account: str, deployment: str) -> Series:
        """The series of a name, made when it has none."""
        key = usage_key(account, deployment)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = self._by_account.setdefault(key[0], {})[key[1]] = Series()
        return series
