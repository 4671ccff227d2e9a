"""From the numbers of Monitor to readings of deployments."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from deployer.domain.deployment import Deployment
from deployer.domain.period import Period
from deployer.domain.usage import UsageBucket, UsageReading
from deployer.providers.azure.metric import HOUR, INPUT, OUTPUT, REQUESTS, Counts, Evidence


def to_reading(deployment: Deployment, evidence: Evidence, window: Period, as_of: datetime) -> UsageReading:
    counts = evidence.counts.get((deployment.name.lower(),), {})
    return UsageReading(
        deployment=deployment.id,
        window=window,
        complete=evidence.complete,
        cause=evidence.cause,
        buckets=_buckets(counts, window) if counts else (),
        metrics=tuple(sorted(counts)),
        as_of=as_of,
    )


def merge(counts: Counts, names: Iterable[str]) -> Mapping[datetime, int]:
    """Two families count the same calls: the larger number of each grain, never the sum."""
    found = [counts[name] for name in names if name in counts]
    if not found:
        return {}
    first = found[0]
    for other in found[1:]:
        if other != first:
            first = {at: max(first.get(at, 0), other.get(at, 0)) for at in first.keys() | other.keys()}
    return first


def align(window: Period, grain: timedelta) -> Period:
    """The window from the beginning of its first grain, so that grains are the same in every sweep."""
    return Period(floor(window.start, grain), window.end)


def floor(instant: datetime, grain: timedelta) -> datetime:
    midnight = instant.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (instant - midnight) // grain * grain


def _buckets(counts: Counts, window: Period) -> tuple[UsageBucket, ...]:
    """One for each grain that has any number; the last one ends with the window."""
    requests, inputs, outputs = merge(counts, REQUESTS), merge(counts, INPUT), merge(counts, OUTPUT)
    latest = window.end - HOUR
    return tuple(
        _bucket(at, None if at <= latest else window.end, requests.get(at), inputs.get(at), outputs.get(at))
        for at in sorted(requests.keys() | inputs.keys() | outputs.keys())
    )


@lru_cache(maxsize=65_536)
def _bucket(
    start: datetime, end: datetime | None, requests: int | None, inputs: int | None, outputs: int | None
) -> UsageBucket:
    """A grain; consecutive sweeps see nearly the same ones, so they are kept."""
    ends = start + HOUR if end is None else max(start, end)
    return UsageBucket(start, ends, requests=requests, input_tokens=inputs, output_tokens=outputs)
