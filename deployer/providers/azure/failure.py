"""Failing calls: which requests of a deployment came to nothing.

Split by status code the numbers take a second question, so it is asked only for deployments
that show requests but no tokens, and only for grains not answered before: a client in error
calls on and on. Best effort: without an answer the reading stays as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from deployer.domain.deployment import Deployment
from deployer.domain.period import Period
from deployer.domain.usage import UsageBucket, UsageReading
from deployer.providers.azure.metric import HOUR, REQUESTS, Evidence, Question
from deployer.providers.azure.monitor import Monitor
from deployer.providers.azure.reading import merge

Readings = Mapping[str, UsageReading]
Grain = tuple[str, datetime]
MOST_KNOWN = 100_000


class Failures:
    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._known: dict[Grain, tuple[int, int]] = {}
        """Requests and failed ones by deployment and grain; a grain whose requests grew is asked for again."""

    def count(self, accounts: Mapping[str, Sequence[Deployment]], readings: Readings, top: int) -> Readings:
        """The readings of failing deployments, with their failed requests; `accounts` by id in lower case."""
        suspects = {
            account: found
            for account, members in accounts.items()
            if (found := [one for one in members if _makes_no_tokens(readings[one.id.key])])
        }
        unknown = {
            account: starts
            for account, members in suspects.items()
            if (starts := [at for one in members for at in self._unknown(readings[one.id.key])])
        }
        if unknown:
            self._ask(suspects, unknown, readings, top)
        return {
            one.id.key: self._with_failures(readings[one.id.key]) for members in suspects.values() for one in members
        }

    def _unknown(self, reading: UsageReading) -> list[datetime]:
        key = reading.deployment.key
        return [
            bucket.start
            for bucket in reading.buckets
            if bucket.requests and self._known.get((key, bucket.start), (0, 0))[0] != bucket.requests
        ]

    def _ask(
        self,
        suspects: Mapping[str, Sequence[Deployment]],
        unknown: Mapping[str, Sequence[datetime]],
        readings: Readings,
        top: int,
    ) -> None:
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        any_reading = readings[suspects[next(iter(unknown))][0].id.key]
        window = Period(min(at for starts in unknown.values() for at in starts), any_reading.window.end)
        question = Question(window, HOUR, REQUESTS, top, ("ModelDeploymentName", "StatusCode"))
        evidence = self._monitor.ask([suspects[account][0].account for account in unknown], question)
        for account in unknown:
            if evidence[account].complete:
                for one in suspects[account]:
                    self._learn(readings[one.id.key], _failed(one.name, evidence[account]), window)

    def _learn(self, reading: UsageReading, failed: Mapping[datetime, int], window: Period) -> None:
        for bucket in reading.buckets:
            if bucket.requests and bucket.start in window:
                self._known[reading.deployment.key, bucket.start] = (bucket.requests, failed.get(bucket.start, 0))

    def _with_failures(self, reading: UsageReading) -> UsageReading:
        return replace(reading, buckets=tuple(self._counted(reading.deployment.key, one) for one in reading.buckets))

    def _counted(self, key: str, bucket: UsageBucket) -> UsageBucket:
        if not bucket.requests:
            return bucket
        requests, failed = self._known.get((key, bucket.start), (0, 0))
        return replace(bucket, failed_requests=failed) if requests == bucket.requests else bucket


def _failed(name: str, evidence: Evidence) -> Mapping[datetime, int]:
    """Failed requests of a deployment by grain: every status but success and redirection."""
    failed: dict[datetime, int] = defaultdict(int)
    for (deployment, status), counts in ((key, found) for key, found in evidence.counts.items() if len(key) == 2):
        if deployment == name.lower() and not status.startswith(("1", "2", "3")):
            for at, number in merge(counts, REQUESTS).items():
                failed[at] += number
    return failed


def _makes_no_tokens(reading: UsageReading) -> bool:
    if not reading.complete or not any(bucket.requests for bucket in reading.buckets):
        return False
    return not any(bucket.input_tokens or bucket.output_tokens for bucket in reading.buckets)
