"""Asking Azure Monitor: fifty accounts a call where it lets us, one by one where it does not.

The batch service is a separate one (its own endpoint, audience and right on the whole
subscription). Where it refuses, ARM's single-resource metrics tell the same about each account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any
from urllib.parse import quote_plus, urlencode

from azure.core.rest import HttpRequest

from deployer.domain.deployment import Account
from deployer.errors import CloudError
from deployer.providers.azure.cloud import Cloud
from deployer.providers.azure.metric import (
    GRAINS,
    NAMESPACE,
    Evidence,
    Question,
    Result,
    judge,
    parse_batch,
    parse_single,
)

MOST_RESOURCES = 50
BATCH_VERSION = "2024-02-01"
SINGLE_VERSION = "2024-02-01"
FALLS_BACK = frozenset({400, 401, 403, 404, 405, 501})
"""Answers of the batch service that say it is not for us, or that one account spoils the batch."""

_quoted = lru_cache(maxsize=4_096)(quote_plus)
"""All but the window of a question is the same in every call."""


class Monitor:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def ask(self, accounts: Sequence[Account], question: Question) -> dict[str, Evidence]:
        """Evidence by account id in lower case, for every account; what failed carries its cause."""
        answers = self._cloud.each(lambda batch: self._batch(batch, question), list(batches(accounts)))
        evidence: dict[str, Evidence] = {}
        alone: list[Account] = []
        for batch, answer in answers:
            if isinstance(answer, CloudError) and answer.status in FALLS_BACK:
                alone.extend(batch)
            elif isinstance(answer, CloudError):
                evidence.update({account.resource_id.lower(): _failed(answer) for account in batch})
            else:
                evidence.update(answer)
        singles = self._cloud.each(lambda account: self._single(account, question), alone)
        for account, single in zip(alone, singles, strict=True):
            evidence[account.resource_id.lower()] = single
        return evidence

    def _batch(
        self, accounts: Sequence[Account], question: Question
    ) -> tuple[Sequence[Account], Mapping[str, Evidence] | CloudError]:
        region, subscription = accounts[0].region, accounts[0].subscription
        what = f"read metrics of {len(accounts)} account{'s' if len(accounts) != 1 else ''} in {region}"
        query = {"api-version": BATCH_VERSION, **_batch_query(question)}
        url = f"/subscriptions/{subscription}/metrics:getBatch?{urlencode(query, quote_via=_quoted)}"
        body = {"resourceids": [account.resource_id for account in accounts]}
        try:
            client = self._cloud.guarded(what, lambda: self._cloud.metrics(region))
            request = HttpRequest("POST", self._cloud.endpoints.metrics_of(region) + url, json=body)
            content = self._cloud.send(what, client, request).content
            return accounts, _judged(accounts, parse_batch(content, what), question)
        except CloudError as error:
            return accounts, error

    def _single(self, account: Account, question: Question) -> Evidence:
        what = f"read metrics of {account.name}"
        query = urlencode({"api-version": SINGLE_VERSION, **_single_query(question)})
        path = f"{account.resource_id}/providers/Microsoft.Insights/metrics"
        request = HttpRequest("GET", f"{self._cloud.endpoints.resource_manager}{path}?{query}")
        try:
            answer = self._cloud.send(what, self._cloud.accounts(account.subscription), request)
            return judge(parse_single(answer.content, what), question)
        except CloudError as error:
            return _failed(error)


def batches(accounts: Iterable[Account]) -> Iterable[list[Account]]:
    """Groups that one call may ask about: one subscription, one region, at most fifty."""

    def place(account: Account) -> tuple[str, str]:
        return account.subscription.lower(), account.region

    for _, group in groupby(sorted(accounts, key=place), key=place):
        members = list(group)
        for start in range(0, len(members), MOST_RESOURCES):
            yield members[start : start + MOST_RESOURCES]


def _judged(accounts: Sequence[Account], results: Sequence[Result], question: Question) -> dict[str, Evidence]:
    """Evidence per account; an account that the answer leaves out is not known to be quiet."""
    found = {_resource_of(result): judge(result, question) for result in results}
    absent = Evidence(cause="the answer leaves this account out")
    return {account.resource_id.lower(): found.get(account.resource_id.lower(), absent) for account in accounts}


def _resource_of(result: Result) -> str:
    """The account's id in lower case; older answers print it only inside the ids of the metrics."""
    if result.resource_id:
        return result.resource_id.lower()
    ids = [metric.id.lower() for metric in result.value or ()]
    return ids[0].partition("/providers/microsoft.insights/")[0] if ids else ""


def _batch_query(question: Question) -> dict[str, Any]:
    return {
        "starttime": _print(question.window.start),
        "endtime": _print(question.window.end),
        "interval": GRAINS[question.grain],
        "metricnamespace": NAMESPACE,
        "metricnames": ",".join(question.metrics),
        "aggregation": "total",
        "top": question.top,
        "filter": question.filter,
    }


def _single_query(question: Question) -> dict[str, Any]:
    return {
        "timespan": f"{_print(question.window.start)}/{_print(question.window.end)}",
        "interval": GRAINS[question.grain],
        "metricnamespace": NAMESPACE,
        "metricnames": ",".join(question.metrics),
        "aggregation": "total",
        "top": question.top,
        "$filter": question.filter,
    }


def _print(instant: Any) -> str:
    return str(instant.strftime("%Y-%m-%dT%H:%M:%S.000Z"))


def _failed(error: CloudError) -> Evidence:
    return Evidence(cause=error.message)
