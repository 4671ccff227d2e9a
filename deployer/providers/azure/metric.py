"""Metrics as Azure Monitor answers them, judged: what came, and whether it is the whole of it.

An answer proves something only when it is whole: every metric's `errorCode` is `Success`, the
span that came back covers what was asked, and fewer series came than `top` allowed. A null is
no number. All of this is lost in the SDK's typed result, so the JSON is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from deployer.domain.period import Period
from deployer.errors import CloudError
from deployer.providers.azure.wire import instant

NAMESPACE = "Microsoft.CognitiveServices/accounts"
DIMENSION = "modeldeploymentname"
STATUS_DIMENSION = "statuscode"
REQUESTS = ("AzureOpenAIRequests", "ModelRequests")
INPUT = ("ProcessedPromptTokens", "InputTokens")
OUTPUT = ("GeneratedTokens", "OutputTokens")
ACTIVITY = REQUESTS + INPUT + OUTPUT
"""Both families: which one an account fills depends on its age and kind (older names first)."""

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GRAINS = {HOUR: "PT1H", DAY: "P1D"}
TOLERANCE = timedelta(seconds=1)
"""The services print instants with more or fewer digits than they were asked with."""


class Named(msgspec.Struct):
    value: str = ""


class Metadata(msgspec.Struct):
    name: Named = msgspec.field(default_factory=Named)
    value: str = ""


class Point(msgspec.Struct):
    at: str = msgspec.field(default="", name="timeStamp")
    total: float | None = None


class Series(msgspec.Struct):
    metadata: list[Metadata] | None = msgspec.field(default=None, name="metadatavalues")
    data: list[Point] | None = None


class Metric(msgspec.Struct):
    id: str = ""
    name: Named = msgspec.field(default_factory=Named)
    error_code: str | None = msgspec.field(default=None, name="errorCode")
    error_message: str | None = msgspec.field(default=None, name="errorMessage")
    series: list[Series] | None = msgspec.field(default=None, name="timeseries")


class Result(msgspec.Struct):
    """What one resource showed; the batch prints `starttime` and `endtime`, the single API `timespan`."""

    start: str = msgspec.field(default="", name="starttime")
    end: str = msgspec.field(default="", name="endtime")
    timespan: str = ""
    interval: str = ""
    resource_id: str = msgspec.field(default="", name="resourceid")
    value: list[Metric] | None = None


class Batch(msgspec.Struct):
    values: list[Result] | None = None


_at = lru_cache(maxsize=20_000)(instant)
"""The same few instants are printed for every series."""

Counts = dict[str, dict[datetime, int]]
"""The numbers of each metric by the start of their grain."""


@dataclass(frozen=True)
class Question:
    """What was asked of Monitor: `window` on whole grains, at most `top` series of each metric."""

    window: Period
    grain: timedelta
    metrics: tuple[str, ...]
    top: int
    dimensions: tuple[str, ...] = ("ModelDeploymentName",)

    @property
    def filter(self) -> str:
        return " and ".join(f"{name} eq '*'" for name in self.dimensions)


@dataclass(frozen=True)
class Evidence:
    """What one account's answer proves: `counts` by dimension values in lower case; `cause` when it is not whole."""

    counts: Mapping[tuple[str, ...], Counts] = field(default_factory=dict)
    cause: str = ""

    @property
    def complete(self) -> bool:
        return not self.cause

    @property
    def last_number(self) -> datetime | None:
        """The start of the last grain that had any number, of any deployment."""
        starts = (max(numbers) for counts in self.counts.values() for numbers in counts.values() if numbers)
        return max(starts, default=None)


def parse_batch(content: bytes, what: str) -> list[Result]:
    batch: Batch = _parse(content, Batch, what, _is_whole_batch)
    if batch.values is None:
        raise CloudError(f"cannot {what}: the answer holds no values")
    return batch.values


def parse_single(content: bytes, what: str) -> Result:
    result: Result = _parse(content, Result, what, _is_whole)
    return result


def _is_whole_batch(batch: Batch) -> bool:
    return batch.values is not None and all(map(_is_whole, batch.values))


def _is_whole(result: Result) -> bool:
    """Whether what must be there was found under the names that the specification gives."""
    metrics = result.value
    return metrics is not None and all(metric.error_code and metric.series is not None for metric in metrics)


def judge(result: Result, question: Question) -> Evidence:
    """The numbers of one answer, and why they are not the whole truth if they are not."""
    metrics = result.value or ()
    cause = _span_flaw(result, question) or _metric_flaw(metrics, question)
    counts, lacking = _counts(metrics, question)
    return Evidence(counts, cause or lacking)


def _parse(content: bytes, shape: type[Any], what: str, whole: Callable[[Any], bool]) -> Any:
    """The document as specified, which is fast; else, which is seldom, with its keys in any casing."""
    try:
        parsed = msgspec.json.decode(content, type=shape)
        if whole(parsed):
            return parsed
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        document = msgspec.json.decode(content)
        # The batch service has been seen to send the document as one JSON string.
        document = msgspec.json.decode(document) if isinstance(document, str) else document
        return msgspec.convert(_canonical(document), shape)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CloudError(f"cannot {what}: the answer is not what Azure Monitor sends ({error})") from None


_CANONICAL = (
    *("values", "value", "name", "id", "timeseries", "metadatavalues", "data", "timeStamp", "total"),
    *("errorCode", "errorMessage", "starttime", "endtime", "timespan", "interval", "resourceid"),
)
_KEYS = {name.lower(): name for name in _CANONICAL}


def _canonical(document: Any) -> Any:
    if isinstance(document, dict):
        return {_KEYS.get(str(key).lower(), key): _canonical(value) for key, value in document.items()}
    if isinstance(document, list):
        return [_canonical(item) for item in document]
    return document


def _span_flaw(result: Result, question: Question) -> str:
    start, end = (result.start, result.end) if result.start else result.timespan.partition("/")[::2]
    begins, ends = instant(start), instant(end)
    if begins is None or ends is None:
        return "the answer does not say which span it covers"
    if begins > question.window.start + TOLERANCE or ends < question.window.end - TOLERANCE:
        return f"the answer covers {start} to {end} only"
    if result.interval and result.interval.upper() != GRAINS[question.grain]:
        return f"the answer has grain {result.interval}, not {GRAINS[question.grain]}"
    return ""


def _metric_flaw(metrics: Sequence[Metric], question: Question) -> str:
    found = {metric.name.value.lower(): metric for metric in metrics}
    for name in question.metrics:
        flaw = _flaw(name, found.get(name.lower()), question)
        if flaw:
            return flaw
    return ""


def _flaw(name: str, metric: Metric | None, question: Question) -> str:
    if metric is None:
        return f"the answer lacks the metric {name}"
    if (metric.error_code or "").lower() != "success":
        code = metric.error_code or "no error code"
        return f"the metric {name} failed: {code} {metric.error_message or ''}".strip()
    if metric.series is None:
        return f"the answer has no series list for the metric {name}"
    if len(metric.series) >= question.top:
        return f"the answer was cut at {question.top} series of the metric {name}"
    return ""


def _counts(metrics: Iterable[Metric], question: Question) -> tuple[dict[tuple[str, ...], Counts], str]:
    """Numbers only, a deployment whose points are all null is not in here; and what numbers lack to be somebody's."""
    wanted = {name.lower(): name for name in question.metrics}
    dimensions = tuple(name.lower() for name in question.dimensions)
    result: dict[tuple[str, ...], Counts] = {}
    lacking = ""
    for metric in metrics:
        name = wanted.get(metric.name.value.lower())
        for series in (metric.series or ()) if name else ():
            key, numbers = _key(series, dimensions), _numbers(series)
            lacking = lacking or _lack(name or "", series, key, numbers)
            if key and numbers and name:
                counts = result.setdefault(key, {})
                counts[name] = _sum(counts[name], numbers) if name in counts else numbers
    return result, lacking


def _lack(name: str, series: Series, key: tuple[str, ...], numbers: dict[datetime, int]) -> str:
    """A list of points that did not come is no absence of points, and a number that is nobody's is somebody's."""
    if series.data is None:
        return f"a series of the metric {name} came without its data"
    if not numbers:
        undated = any(point.total is not None for point in series.data)
        return f"numbers of the metric {name} came without their instants" if undated else ""
    return "" if key else f"a series of the metric {name} does not say whose it is"


def _numbers(series: Series) -> dict[datetime, int]:
    return {
        at: round(point.total)
        for point in series.data or ()
        if point.total is not None and (at := _at(point.at)) is not None
    }


def _sum(one: Mapping[datetime, int], other: Mapping[datetime, int]) -> dict[datetime, int]:
    """Two series of one name, spelled in two ways."""
    return {at: one.get(at, 0) + other.get(at, 0) for at in one.keys() | other.keys()}


def _key(series: Series, dimensions: tuple[str, ...]) -> tuple[str, ...]:
    """The values of the dimensions, in lower case; empty when one is missing."""
    values = {item.name.value.lower(): item.value.lower() for item in series.metadata or ()}
    return tuple(values[name] for name in dimensions) if all(name in values for name in dimensions) else ()
