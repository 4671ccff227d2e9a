"""What the usage of a deployment proves: idle, active or unknown.

Zero is a number; null, absence, an error and a truncated answer are not. A deployment that is
missing from a complete answer is idle only where the metric is proven alive, because Azure
Monitor returns, split by deployment, only the series that have data.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from deployer.domain.deployment import Deployment
from deployer.domain.snapshot import Snapshot
from deployer.domain.usage import Activity, UsageReading
from deployer.policy.document import Idle
from deployer.policy.phrase import instant, span

LATENCY = timedelta(minutes=10)
"""Azure Monitor's newest minutes are incomplete: whatever is younger counts as active."""
STALE = timedelta(hours=1)
"""A reading that ends this much earlier than it could is not used."""


@dataclass(frozen=True)
class Evidence:
    """The state, why, and `since`: the last activity or the creation from which idle time counts.

    `exact` is false when the last activity lies before the window, so that `since` is the latest
    it can have been. `lag`: how long ago the evidence ends. `proven` is false when the state does
    not come from usage (a young deployment). `unproven_since`: since when the metric shows nothing.
    """

    state: Activity
    reason: str
    since: datetime | None = None
    exact: bool = True
    lag: timedelta = LATENCY
    proven: bool = True
    unproven_since: datetime | None = None


def judge(
    deployment: Deployment, snapshot: Snapshot, rule: Idle, now: datetime, resumed: datetime | None = None
) -> Evidence:
    """Read the evidence on one deployment; `resumed`: when it last began to take calls again after a pause."""
    created, reading = deployment.created_at, snapshot.usage.get(deployment.id.key)
    problem = _unusable(reading, created, rule, now)
    began = max((at for at in (created, resumed) if at is not None), default=None)
    if began is not None and now - began < rule.grace:
        last = reading.last_activity if reading and not problem else None
        since = max((at for at in (created, last) if at is not None), default=began)
        how = "resumed" if began == resumed else "created"
        return Evidence(Activity.ACTIVE, _young(how, now - began, rule), since, proven=not problem)
    if reading is None or problem:
        return Evidence(Activity.UNKNOWN, problem)
    end = min(reading.window.end, now - LATENCY)
    last = reading.last_activity
    if last is not None and last > end - rule.after:
        return Evidence(Activity.ACTIVE, _busy(reading, end - rule.after, last), last, lag=now - end)
    return replace(_silent(deployment, snapshot, reading), lag=now - end)


def _unusable(reading: UsageReading | None, created: datetime | None, rule: Idle, now: datetime) -> str:
    """Why a reading cannot be used, "" when it can."""
    if reading is None:
        return "its usage was not read"
    if not reading.complete:
        return f"its usage was not read completely: {reading.cause or 'no cause given'}"
    end = min(reading.window.end, now - LATENCY)
    if end < now - LATENCY - STALE:
        return f"its usage was read only up to {instant(reading.window.end)}"
    start = reading.window.start
    if start > end - rule.after and (created is None or start > created):
        return f"its usage was read only from {instant(start)}, which does not cover {span(rule.after)}"
    return ""


def _silent(deployment: Deployment, snapshot: Snapshot, reading: UsageReading) -> Evidence:
    """Nothing positive in the window: idle if that is proven."""
    created, start = deployment.created_at, reading.window.start
    if not reading.buckets:
        alive = snapshot.aliveness.get(deployment.account.resource_id.lower())
        if alive is None or alive.alive is None:
            cause = alive.cause if alive and alive.cause else "it was not read"
            return Evidence(Activity.UNKNOWN, f"no number came, and whether the metric is alive is unknown: {cause}")
        if not alive.alive:
            since = max(created, start) if created else start
            return Evidence(Activity.UNKNOWN, "the metric has never shown a number here", unproven_since=since)
    if created is None:
        return Evidence(Activity.UNKNOWN, "the cloud does not say when it was created")
    last = reading.last_activity
    if last is not None and last >= created:
        return Evidence(Activity.IDLE, f"last request by {instant(last)}", last)
    if created >= start:
        return Evidence(Activity.IDLE, f"no request since it was created at {instant(created)}", created)
    return Evidence(Activity.IDLE, f"no request since {instant(start)} or longer", start, exact=False)


def _young(how: str, age: timedelta, rule: Idle) -> str:
    return f"{how} {span(age)} ago, within its grace of {span(rule.grace)}"


def _busy(reading: UsageReading, start: datetime, last: datetime) -> str:
    recent = replace(reading, buckets=tuple(bucket for bucket in reading.buckets if bucket.end > start))
    if recent.failing:
        return f"failing: every request failed, the last by {instant(last)}"
    return f"last request by {instant(last)}"
