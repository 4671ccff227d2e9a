"""Instants in the headers of answers."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def http_date(text: str) -> datetime | None:
    """The instant that an HTTP header names, None when it names none; the zone `-0000` is UTC (RFC 5322)."""
    try:
        told = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def seconds_until(date: str, now: datetime) -> float | None:
    """How long until the instant that a header names, at least 0; None when it names none."""
    until = http_date(date)
    return max(0.0, (until - now).total_seconds()) if until else None
