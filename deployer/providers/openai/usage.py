"""What was used at OpenAI: the organisation's completions usage, hour by hour, by project and model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
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
        readings = {
            each.id.key: UsageReading(
                deployment=each.id,
                window=window,
                complete=True,
                buckets=tuple(sorted(counted.get(_key(each), ()), key=lambda bucket: bucket.start)),
                metrics=METRICS,
                as_of=as_of,
            )
            for each in deployments
        }
        return UsageObservation(readings, self._aliveness(deployments, counted, as_of))

    def _hours(self, window: Period) -> Mapping[Key, list[UsageBucket]]:
        start = window.start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        counted: defaultdict[Key, list[UsageBucket]] = defaultdict(list)
        for line in self._lines(Period(start, max(window.end, start)), "1h", _HOUR_PAGE):
            counted[_row_key(line.row)].append(_bucket(line))
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
