"""What was used at OpenAI: the organisation's completions usage, hour by hour, by project and model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from deployer.deadline import OBSERVATION, deadline
from deployer.domain.deployment import Deployment
from deployer.domain.period import Period
from deployer.domain.usage import Aliveness, UsageBucket, UsageObservation, UsageReading
from deployer.errors import CloudError
from deployer.providers.openai.cloud import NO_ADMIN_KEY, Cloud
from deployer.providers.openai.report import Line, lines

METRICS = ("organization/usage/completions",)
_HOUR_PAGE, _DAY_PAGE = 168, 31
_ALIVE = timedelta(days=93)
Key = tuple[str, str]
"""Project id and model, in lower case."""


@dataclass
class Counted:
    """What was used, by project and model; and whose use is not clear.

    A row comes only where something was used. So one without its counts, or one that does not say whose it
    is, is use that cannot be told, and no idleness of those that it may be about.
    """

    buckets: defaultdict[Key, list[UsageBucket]] = field(default_factory=lambda: defaultdict(list))
    unclear: dict[Key, str] = field(default_factory=dict)

    def add(self, line: Line) -> None:
        key, bucket = _row_key(line.row), _bucket(line)
        self.buckets[key].append(bucket)
        lacking = [what for what, known in zip(("project", "model"), key, strict=True) if not known]
        if bucket.requests is None or bucket.input_tokens is None or bucket.output_tokens is None:
            lacking.append("count")
        if lacking:
            self.unclear[key] = f"a row of use at {line.start:%Y-%m-%d %H:%M} UTC came without its {lacking[0]}"

    def cause(self, key: Key) -> str:
        """Why the use of one model is not clear; "" when it is."""
        project, model = key
        may_be = (key, (project, ""), ("", model), ("", ""))
        return next((self.unclear[one] for one in may_be if one in self.unclear), "")


class OpenAIUsage:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def observe(self, deployments: Sequence[Deployment], window: Period) -> UsageObservation:
        """Readings are complete only with an admin key and when every page came."""
        with deadline(self._cloud.clock, OBSERVATION):
            return self._observe(deployments, window)

    def _observe(self, deployments: Sequence[Deployment], window: Period) -> UsageObservation:
        as_of = self._cloud.clock.now()
        if not deployments:
            return UsageObservation()
        if not self._cloud.has_admin_key:
            return _blind(deployments, window, NO_ADMIN_KEY, as_of)
        try:
            counted = self._hours(window)
        except CloudError as error:
            return _blind(deployments, window, error.message, as_of)
        readings = {each.id.key: self._reading(each, counted, window, as_of) for each in deployments}
        return UsageObservation(readings, self._aliveness(deployments, counted.buckets, as_of))

    def _reading(self, each: Deployment, counted: Counted, window: Period, as_of: datetime) -> UsageReading:
        cause = counted.cause(_key(each))
        return UsageReading(
            deployment=each.id,
            window=window,
            complete=not cause,
            cause=cause,
            buckets=tuple(sorted(counted.buckets.get(_key(each), ()), key=lambda bucket: bucket.start)),
            metrics=METRICS,
            as_of=as_of,
        )

    def _hours(self, window: Period) -> Counted:
        start = window.start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        counted = Counted()
        for line in self._lines(Period(start, max(window.end, start)), "1h", _HOUR_PAGE):
            counted.add(line)
        return counted

    def _aliveness(
        self, deployments: Sequence[Deployment], counted: Mapping[Key, object], now: datetime
    ) -> Mapping[str, Aliveness]:
        """Whether each project's usage has shown a number lately; 93 days are read only where the window had none."""
        accounts = {each.account.resource_id.lower() for each in deployments}
        seen = {project: now for project, _ in counted}
        cause = ""
        if not accounts <= set(seen):
            try:
                seen = self._days(now) | seen
            except CloudError as error:
                cause = error.message
        return {
            account: Aliveness(True if account in seen else None if cause else False, cause, seen.get(account))
            for account in accounts
        }

    def _days(self, now: datetime) -> dict[str, datetime]:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return {
            _row_key(each.row)[0]: each.end for each in self._lines(Period(midnight - _ALIVE, now), "1d", _DAY_PAGE)
        }

    def _lines(self, window: Period, width: Literal["1h", "1d"], limit: int) -> Iterator[Line]:
        usage = self._cloud.admin.admin.organization.usage
        begin = int(window.start.timestamp())
        end = max(int(window.end.timestamp()), begin + 1)

        def ask(more: Mapping[str, Any]) -> Any:
            return usage.completions(
                start_time=begin,
                end_time=end,
                bucket_width=width,
                group_by=["project_id", "model"],
                limit=limit,
                **more,
            )

        return lines(self._cloud, "read the organisation's usage", ask)


def _blind(deployments: Sequence[Deployment], window: Period, cause: str, as_of: datetime) -> UsageObservation:
    """Nothing could be read: unknown for all, with the reason."""
    return UsageObservation(
        {each.id.key: UsageReading(each.id, window, complete=False, cause=cause, as_of=as_of) for each in deployments},
        {each.account.resource_id.lower(): Aliveness(None, cause) for each in deployments},
    )


def _key(deployment: Deployment) -> Key:
    return deployment.account.resource_id.lower(), deployment.model.lower()


def _row_key(row: Mapping[str, Any]) -> Key:
    return str(row.get("project_id") or "").lower(), str(row.get("model") or "").lower()


def _bucket(line: Line) -> UsageBucket:
    return UsageBucket(
        start=line.start,
        end=line.end,
        requests=_count(line.row, "num_model_requests"),
        input_tokens=_count(line.row, "input_tokens"),
        cached_tokens=_count(line.row, "input_cached_tokens"),
        output_tokens=_count(line.row, "output_tokens"),
    )


def _count(row: Mapping[str, Any], name: str) -> int | None:
    value = row.get(name)
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
