"""How single values are written: durations, money, percents, dates, zones, choices.

Each is a `Scalar` with the words for what is expected and, where a slip is common, what may have been meant.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from deployer.domain.money import Money
from deployer.policy.document import Alert
from deployer.policy.shape import Scalar, Unreadable, closest

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = r"^[0-9]{1,5}[mhdw]$"
_MONEY = r"^[0-9]{1,12}(\.[0-9]{1,6})? ?USD$"
_PERCENT = r"^[0-9]{1,4}(\.[0-9]{1,2})?%$"
_ALERT = r"^(forecast )?[0-9]{1,4}(\.[0-9]{1,2})?%$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_URL = r"^[A-Za-z][A-Za-z0-9+.-]*://"

T = TypeVar("T", bound=str)


def text(expected: str, *, longest: int = 200) -> Scalar:
    """Any text but none."""

    def parse(written: str) -> str:
        if not written.strip() or len(written) > longest or not written.isprintable():
            raise Unreadable
        return written

    types = ["string", "number", "boolean"]
    return Scalar(expected, parse, {"type": types, "minLength": 1, "maxLength": longest})


def choice(values: Iterable[T], *, later: Iterable[str] = ()) -> Scalar:
    """One of some words; `later` belongs to the language and not yet to this version."""
    words, unavailable = {str(value): value for value in values}, set(later)

    def parse(written: str) -> T:
        if written in unavailable:
            raise Unreadable(seen=f"{written} is not available in this version")
        if written not in words:
            raise Unreadable(closest(written.lower(), words))
        return words[written]

    return Scalar("one of " + ", ".join(words), parse, {"enum": list(words)})


def whole(least: int) -> Scalar:
    def parse(written: str) -> int:
        if not written.isascii() or not written.isdigit() or len(written) > 9 or int(written) < least:
            raise Unreadable
        return int(written)

    return Scalar(f"a whole number from {least}", parse, {"type": "integer", "minimum": least})


def flag() -> Scalar:
    def parse(written: str) -> bool:
        lower = written.lower()
        if lower not in ("true", "false"):
            raise Unreadable("true" if lower in ("yes", "on") else "false")
        return lower == "true"

    return Scalar("true or false", parse, {"type": "boolean"})


def duration(*, least: timedelta = timedelta(0), most: timedelta = timedelta(days=3660), because: str = "") -> Scalar:
    """A whole number and a unit, `0h` only where `least` allows."""

    def parse(written: str) -> timedelta:
        if not re.match(_DURATION, written):
            raise Unreadable(_meant_duration(written))
        length = timedelta(**{_UNITS[written[-1]]: int(written[:-1])})
        if not least <= length <= most:
            raise Unreadable
        return length

    limits = f", more than 0{because}" if least else because
    return Scalar(f"a duration such as 30m, 24h or 14d{limits}", parse, {"type": "string", "pattern": _DURATION})


def _meant_duration(written: str) -> str:
    found = re.match(r"^\s*([0-9]{1,5})\s*([a-z]+)\s*$", written.lower())
    if found and found[2][0] in _UNITS and found[2] not in ("month", "months", "mo"):
        return found[1] + found[2][0]
    return f"{written}h" if written.isdigit() else ""


def money() -> Scalar:
    def parse(written: str) -> Money:
        if not re.match(_MONEY, written) or not Decimal(written.removesuffix("USD").strip()):
            raise Unreadable(_meant_money(written))
        return Money.of(written.removesuffix("USD").strip())

    return Scalar("a positive amount in USD such as 300 USD", parse, {"type": "string", "pattern": _MONEY})


def _meant_money(written: str) -> str:
    found = re.match(r"^[$\s]*([0-9][0-9,_ ]*(\.[0-9]{1,6})?)\s*(usd|dollars?|\$)?\s*$", written.lower())
    if not found:
        return ""
    digits = re.sub(r"[,_ ]", "", found[1])
    return f"{digits} USD" if Decimal(digits) else ""


def percent(*, most: int = 1000) -> Scalar:
    def parse(written: str) -> Decimal:
        if not re.match(_PERCENT, written) or not 0 < Decimal(written[:-1]) <= most:
            raise Unreadable(_meant_percent(written))
        return Decimal(written[:-1]) / 100

    expected = f"a percentage above 0 and up to {most}%, such as 80%"
    return Scalar(expected, parse, {"type": "string", "pattern": _PERCENT})


def _meant_percent(written: str) -> str:
    if re.match(r"^0?\.[0-9]{1,2}$", written):
        return f"{(Decimal(written) * 100).normalize():f}%"
    return f"{written.strip()}%" if re.match(r"^\s*[0-9]{1,3}\s*$", written) else ""


def alert() -> Scalar:
    share = percent()

    def parse(written: str) -> Alert:
        if not re.match(_ALERT, written):
            raise Unreadable(_meant_percent(written))
        return Alert(share.parse(written.removeprefix("forecast ")), forecast=written.startswith("forecast "))

    expected = "a percentage of the budget such as 80%, or forecast 100%"
    return Scalar(expected, parse, {"type": "string", "pattern": _ALERT})


def zone() -> Scalar:
    def parse(written: str) -> str:
        from zoneinfo import available_timezones

        try:
            ZoneInfo(written)
        except (KeyError, OSError, ValueError):
            raise Unreadable(closest(written, available_timezones())) from None
        return written

    return Scalar("a timezone such as Europe/Paris or UTC", parse, {"type": "string", "minLength": 1})


def until() -> Scalar:
    """A day, included; the end of it in UTC is when protection ends."""

    def parse(written: str) -> datetime:
        try:
            day = date.fromisoformat(written) if re.match(_DATE, written) else None
        except ValueError:
            day = None
        if day is None or day.year == date.max.year:
            raise Unreadable
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)

    return Scalar("a date that exists, such as 2026-12-31", parse, {"type": "string", "pattern": _DATE})


def url() -> Scalar:
    def parse(written: str) -> str:
        if not re.match(_URL, written):
            raise Unreadable
        return written

    return Scalar("an Apprise URL such as mailto://...", parse, {"type": "string", "pattern": _URL}, secret=True)
