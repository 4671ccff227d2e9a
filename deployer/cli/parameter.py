"""Arguments with a meaning: a length of time, an instant, an amount of money, a name, a number."""

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import click

from deployer.domain.money import Money

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[wdhms])+")
_MONEY = re.compile(r"(\d+(?:\.\d{1,2})?)\s*([A-Za-z]{3})?")
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


class MoneyType(click.ParamType[Money]):
    """`100 USD`, to the cent."""

    name = "money"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Money:
        if isinstance(value, Money):
            return value
        found = _MONEY.fullmatch(str(value).strip())
        if found is None:
            self.fail(f"{value!r} is no amount; write for example '100 USD'", param, ctx)
        return Money(Decimal(found[1]), (found[2] or "USD").upper())


class NameType(click.ParamType[str]):
    """The name of a new deployment. Services differ in what they allow, but none takes these signs in a path."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        if not text.strip() or re.search(r"[\s/\\?#%&]", text):
            self.fail(
                f"{text!r} is no name; use letters, digits, '-', '_' and '.', for example support-bot", param, ctx
            )
        return text


class MessageType(click.ParamType[str]):
    """What is sent to a model: a call of nothing would be billed all the same."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not str(value).strip():
            self.fail("there is nothing to send", param, ctx)
        return str(value)


class FiniteType(click.FloatRange):
    """A number in a range: `nan` and `inf` are in none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is no finite number", param, ctx)
        return number


DURATION = DurationType()
MESSAGE = MessageType()
NAME = NameType()
MONEY = MoneyType()
INSTANT = InstantType()
