"""The organisation's reports (usage, costs): buckets of time with rows, page by page, to the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deployer.errors import CloudError
from deployer.providers.attempt import GARBLED
from deployer.providers.job import to_instant
from deployer.providers.openai.cloud import Cloud
from deployer.providers.page import as_mapping


@dataclass(frozen=True)
class Line:
    """One row of a bucket that lasts from `start` to `end`."""

    start: datetime
    end: datetime
    row: Mapping[str, Any]


def lines(cloud: Cloud, what: str, ask: Callable[[Mapping[str, Any]], Any]) -> Iterator[Line]:
    """All rows; `ask` takes what names the page. Raises CloudError when the report cannot be read to its end."""
    token, seen = "", set[str]()
    while True:
        answer = as_mapping(cloud.attempts(what, _bound(ask, {"page": token} if token else {})))
        for bucket in _objects(what, answer, "data"):
            for row in _objects(what, bucket, "results"):
                yield Line(_instant(what, bucket, "start_time"), _instant(what, bucket, "end_time"), row)
        token = str(answer.get("next_page") or "")
        if answer.get("has_more") and not token:
            raise CloudError(f"cannot {what}: there is more, and no way to ask for it")
        if not token:
            return
        if token in seen:
            raise CloudError(f"cannot {what}: a page leads to itself")
        seen.add(token)


def _bound(ask: Callable[[Mapping[str, Any]], Any], more: Mapping[str, Any]) -> Callable[[], Any]:
    return lambda: ask(more)


def _objects(what: str, document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """A report that lacks its list is no report of nothing."""
    found = document.get(name)
    if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
        raise CloudError(f"cannot {what}: the answer holds no list of {name}", next_step=GARBLED)
    return found


def _instant(what: str, bucket: Mapping[str, Any], edge: str) -> datetime:
    seconds = bucket.get(edge)
    at = to_instant(seconds)
    if at is None:
        raise CloudError(f"cannot {what}: a bucket has no {edge}")
    return at
