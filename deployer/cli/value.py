"""Values as text: one form for programs (exact, ISO 8601) and one for people."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any

from deployer.domain.money import Money

NONE = "-"


def plain(value: Any) -> Any:
    """A value as JSON has it: exact decimals as text, instants in ISO 8601, money as amount and currency."""
    if value is None or (isinstance(value, bool | int | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, frozenset | set):
        return sorted(plain(inner) for inner in value)
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, Money):
        return {"amount": price_text(value.amount), "currency": value.currency}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.value if isinstance(value, Enum) else str(value)


def text_of(value: Any) -> str:
    """A value as a table shows it."""
    if value is None or value == "":
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, timedelta):
        return duration(value)
    if isinstance(value, Decimal):
        return decimal_text(value)
    return _text_of_many(value)


def _text_of_many(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={text_of(inner)}" for key, inner in value.items()) or NONE
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(text_of(inner) for inner in value) or NONE
    if isinstance(value, Enum):
        return str(value.value)
    return str(value) if not isinstance(value, PurePath) else value.as_posix()


def decimal_text(value: Decimal) -> str:
    """All digits that count, without an exponent: `24`, `0.5`."""
    return format(value.normalize(), "f")


def price_text(value: Decimal) -> str:
    """An exact amount with at least two places: `1.70`, `0.0000004`."""
    whole, _, places = decimal_text(value).partition(".")
    return f"{whole}.{places.ljust(2, '0')}"


def iso(instant: datetime) -> str:
    """`2026-09-01T00:00:00Z`."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment(instant: datetime | None) -> str:
    """`2026-09-01 00:00 UTC`, for people."""
    return NONE if instant is None else f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def duration(span: timedelta) -> str:
    """The two largest units: `15d 4h`, `3h 20m`, `45s`."""
    seconds = int(abs(span).total_seconds())
    units = [("d", seconds // 86400), ("h", seconds // 3600 % 24), ("m", seconds // 60 % 60), ("s", seconds % 60)]
    first = next((index for index, (_, count) in enumerate(units) if count), 3)
    parts = [f"{count}{unit}" for unit, count in units[first : first + 2] if count]
    return ("-" if span < timedelta() else "") + (" ".join(parts) or "0s")


def days_ago(day: date, now: datetime) -> str:
    """`2 days ago (2026-09-01)`; a day that has not come yet is only named."""
    days = (now.date() - day).days
    if days < 0:
        return f"on {day}"
    return f"{days} day{'s' if days != 1 else ''} ago ({day})" if days else f"today ({day})"


def money(value: Money | None) -> str:
    """`$1,387.20`; an unknown amount is `unknown`, never zero."""
    return "unknown" if value is None else str(value)
