"""What Azure deployments were used for: readings of a window, and whether each metric lives.

One question over the window (grain PT1H) is asked for all accounts. Only accounts in which it
leaves doubt are asked again, over the 93 days that Monitor keeps (grain P1D): has the metric
ever shown a number here? Only then does absence mean idle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from deployer.domain.deployment import Account, Deployment
from deployer.domain.period import Period
from deployer.domain.usage import Aliveness, UsageBucket, UsageObservation, UsageReading
from deployer.providers.azure.cloud import Cloud
from deployer.providers.azure.metric import (
    ACTIVITY,
    DAY,
    HOUR,
    INPUT,
    OUTPUT,
    REQUESTS,
    Evidence,
    Question,
)
from deployer.providers.azure.monitor import Monitor

KEPT = timedelta(days=93)
"""How long Monitor keeps metrics."""
LEAST_TOP = 1000
"""Series asked for at least: 10 unless said, silently; deleted deployments still have series."""

Readings = dict[str, UsageReading]


class AzureUsage:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._monitor = Monitor(cloud)
        self._last_numbers: dict[str, datetime] = {}

    def observe(self, deployments: Sequence[Deployment], window: Period) -> UsageObservation:
        accounts = _by_account(deployments)
        if not accounts:
            return UsageObservation()
        evidence = self._read(accounts, window)
        readings = self._readings(accounts, evidence, window)
        aliveness = self._aliveness(accounts, evidence, readings)
        readings |= self._failing(accounts, readings, window)
        return UsageObservation(readings, aliveness)

    def _read(self, accounts: Mapping[str, list[Deployment]], window: Period) -> Mapping[str, Evidence]:
        top = _top(accounts)
        return self._monitor.ask(_accounts(accounts), Question(_aligned(window, HOUR), HOUR, ACTIVITY, top))

    def _readings(
        self, accounts: Mapping[str, list[Deployment]], evidence: Mapping[str, Evidence], window: Period
    ) -> Readings:
        as_of = self._cloud.clock.now()
        return {
            deployment.id.key: _reading(deployment, evidence[account], window, as_of)
            for account, members in accounts.items()
            for deployment in members
        }

    # --- aliveness ----------------------------------------------------------------------------

    def _aliveness(
        self,
        accounts: Mapping[str, list[Deployment]],
        evidence: Mapping[str, Evidence],
        readings: Readings,
    ) -> dict[str, Aliveness]:
        """By account id: known from this reading or an earlier one, else asked for where it matters."""
        now = self._cloud.clock.now()
        for account, answer in evidence.items():
            self._remember(account, answer.last_number)
        doubtful = {account for account in accounts if not self._is_alive(account, now)}
        asked = {account for account in doubtful if _leaves_doubt(accounts[account], readings)}
        answers = self._ask_past({account: accounts[account] for account in asked}, now)
        return {account: self._state(account, answers.get(account, evidence[account]), now) for account in accounts}

    def _ask_past(self, accounts: Mapping[str, list[Deployment]], now: datetime) -> Mapping[str, Evidence]:
        """The evidence of 93 days. The first day is whole, the running one cut at now."""
        if not accounts:
            return {}
        window = Period(_floor(now - KEPT, DAY) + DAY, _floor(now, timedelta(minutes=1)))
        question = Question(window, DAY, ACTIVITY, 4 * _top(accounts))
        return self._monitor.ask(_accounts(accounts), question)

    def _state(self, account: str, answer: Evidence, now: datetime) -> Aliveness:
        """`answer` is of the 93 days where they were asked for, else of the window, which was not whole."""
        self._remember(account, answer.last_number)
        if self._is_alive(account, now):
            return Aliveness(True, last_number=self._last_numbers[account])
        if not answer.complete:
            return Aliveness(None, answer.cause)
        return Aliveness(False, "the metric has never shown a number here in 93 days")

    def _remember(self, account: str, number: datetime | None) -> None:
        known = self._last_numbers.get(account)
        if number is not None and (known is None or number > known):
            self._last_numbers[account] = number

    def _is_alive(self, account: str, now: datetime) -> bool:
        last = self._last_numbers.get(account)
        return last is not None and last > now - KEPT

    # --- failing calls ------------------------------------------------------------------------

    def _failing(self, accounts: Mapping[str, list[Deployment]], readings: Readings, window: Period) -> Readings:
        """Readings with failed requests counted, for deployments with requests that made no tokens.

        A second question, split by status code: best effort, its failure leaves the reading as it is.
        """
        suspects = {
            account: members
            for account, everyone in accounts.items()
            if (members := [one for one in everyone if _makes_no_tokens(readings[one.id.key])])
        }
        if not suspects:
            return {}
        question = Question(
            _aligned(window, HOUR), HOUR, REQUESTS, 10 * _top(accounts), ("ModelDeploymentName", "StatusCode")
        )
        evidence = self._monitor.ask(_accounts(suspects), question)
        return {
            one.id.key: _with_failures(readings[one.id.key], evidence[account])
            for account, members in suspects.items()
            for one in members
            if evidence[account].complete
        }


def _by_account(deployments: Iterable[Deployment]) -> dict[str, list[Deployment]]:
    """Deployments by account id in lower case."""
    result: dict[str, list[Deployment]] = defaultdict(list)
    for deployment in deployments:
        result[deployment.account.resource_id.lower()].append(deployment)
    return dict(result)


def _accounts(accounts: Mapping[str, Sequence[Deployment]]) -> list[Account]:
    return [members[0].account for members in accounts.values()]


def _top(accounts: Mapping[str, Sequence[Deployment]]) -> int:
    return max(LEAST_TOP, 4 * max(len(members) for members in accounts.values()))


def _aligned(window: Period, grain: timedelta) -> Period:
    """From the beginning of the first grain, so that grains are the same in every sweep."""
    return Period(_floor(window.start, grain), window.end)


def _floor(instant: datetime, grain: timedelta) -> datetime:
    midnight = instant.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (instant - midnight) // grain * grain


def _reading(deployment: Deployment, evidence: Evidence, window: Period, as_of: datetime) -> UsageReading:
    counts = evidence.counts.get((deployment.name.lower(),), {})
    return UsageReading(
        deployment=deployment.id,
        window=window,
        complete=evidence.complete,
        cause=evidence.cause,
        buckets=tuple(_bucket(start, counts[start], window) for start in sorted(counts)),
        metrics=tuple(sorted({name for cell in counts.values() for name in cell})),
        as_of=as_of,
    )


def _bucket(start: datetime, cell: Mapping[str, int], window: Period) -> UsageBucket:
    """One grain; the last one ends with the window."""
    return UsageBucket(
        start=start,
        end=max(start, min(start + HOUR, window.end)),
        requests=_most(cell, REQUESTS),
        input_tokens=_most(cell, INPUT),
        output_tokens=_most(cell, OUTPUT),
    )


def _most(cell: Mapping[str, int], names: Iterable[str]) -> int | None:
    """Two families count the same calls: the larger number, never the sum; None without a number."""
    return max((cell[name] for name in names if name in cell), default=None)


def _leaves_doubt(members: Iterable[Deployment], readings: Readings) -> bool:
    """Whether absence has to be explained for any of them."""
    found = (readings[member.id.key] for member in members)
    return any(reading.complete and not reading.buckets for reading in found)


def _makes_no_tokens(reading: UsageReading) -> bool:
    requests = sum(bucket.requests or 0 for bucket in reading.buckets)
    tokens = sum((bucket.input_tokens or 0) + (bucket.output_tokens or 0) for bucket in reading.buckets)
    return reading.complete and requests > 0 and tokens == 0


def _with_failures(reading: UsageReading, evidence: Evidence) -> UsageReading:
    failed: dict[datetime, int] = defaultdict(int)
    for key, counts in evidence.counts.items():
        name, status = key
        if name == reading.deployment.name.lower() and not status.startswith(("1", "2", "3")):
            for start, cell in counts.items():
                failed[start] += _most(cell, REQUESTS) or 0
    buckets = tuple(_failed_bucket(bucket, failed.get(bucket.start, 0)) for bucket in reading.buckets)
    return UsageReading(reading.deployment, reading.window, True, "", buckets, reading.metrics, reading.as_of)


def _failed_bucket(bucket: UsageBucket, failed: int) -> UsageBucket:
    return UsageBucket(
        bucket.start,
        bucket.end,
        bucket.requests,
        failed,
        bucket.input_tokens,
        bucket.cached_tokens,
        bucket.output_tokens,
    )
