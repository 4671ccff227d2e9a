"""Arguments with a meaning: a length of time, an instant."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[wdhms])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([wdhms])")


class DurationType(click.ParamType[timedelta]):
    """`90m`, `24h`, `15d`, `1d12h`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        text = str(value).strip().lower()
        if not _DURATION.fullmatch(text):
            self.fail(f"{value!r} is no duration; write for example 90m, 24h or 15d", param, ctx)
        try:
            return sum((timedelta(**{_UNITS[unit]: float(count)}) for count, unit in _PART.findall(text)), timedelta())
        except OverflowError:
            self.fail(f"{value!r} is too long", param, ctx)


class InstantType(click.ParamType[datetime]):
    """`2026-09-01`, `2026-09-01T12:00`, with an offset or in UTC."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            instant = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no instant; write for example 2026-09-01T12:00Z", param, ctx)
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


DURATION = DurationType()
INSTANT = InstantType()
