"""What Azure deployments were used for: readings of a window, and whether each metric lives.

One question over the window (grain PT1H) is asked for all accounts. Only accounts in which it
leaves doubt are asked again, over the 93 days that Monitor keeps (grain P1D): has the metric
ever shown a number here? Only then does absence mean idle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from deployer.deadline import OBSERVATION, deadline
from deployer.domain.deployment import Account, Deployment
from deployer.domain.period import Period
from deployer.domain.usage import Aliveness, UsageObservation, UsageReading
from deployer.providers.azure.cloud import Cloud
from deployer.providers.azure.failure import Failures
from deployer.providers.azure.metric import ACTIVITY, DAY, HOUR, Evidence, Question
from deployer.providers.azure.monitor import Monitor
from deployer.providers.azure.reading import align, floor, to_reading

KEPT = timedelta(days=93)
"""How long Monitor keeps metrics."""
LEAST_TOP = 1000
"""Series asked for at least: 10 unless said, silently; deleted deployments still have series."""

Readings = dict[str, UsageReading]


class AzureUsage:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._monitor = Monitor(cloud)
        self._failures = Failures(self._monitor)
        self._last_numbers: dict[str, datetime] = {}

    def observe(self, deployments: Sequence[Deployment], window: Period) -> UsageObservation:
        accounts = _by_account(deployments)
        if not accounts:
            return UsageObservation()
        with deadline(self._cloud.clock, OBSERVATION):
            return self._observe(accounts, window)

    def _observe(self, accounts: Mapping[str, list[Deployment]], window: Period) -> UsageObservation:
        evidence = self._read(accounts, window)
        readings = self._readings(accounts, evidence, window)
        aliveness = self._aliveness(accounts, evidence, readings)
        readings |= self._failures.count(accounts, readings, 10 * _top(accounts))
        return UsageObservation(readings, aliveness)

    def _read(self, accounts: Mapping[str, list[Deployment]], window: Period) -> Mapping[str, Evidence]:
        top = _top(accounts)
        return self._monitor.ask(_accounts(accounts), Question(align(window, HOUR), HOUR, ACTIVITY, top))

    def _readings(
        self, accounts: Mapping[str, list[Deployment]], evidence: Mapping[str, Evidence], window: Period
    ) -> Readings:
        as_of = self._cloud.clock.now()
        return {
            deployment.id.key: to_reading(deployment, evidence[account], window, as_of)
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
        window = Period(floor(now - KEPT, DAY) + DAY, floor(now, timedelta(minutes=1)))
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


def _leaves_doubt(members: Iterable[Deployment], readings: Readings) -> bool:
    """Whether absence has to be explained for any of them."""
    found = (readings[member.id.key] for member in members)
    return any(reading.complete and not reading.buckets for reading in found)
