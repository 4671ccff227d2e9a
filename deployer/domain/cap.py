"""Caps: the limits that a cloud itself keeps, whether we run or not.

They make a ladder that destroys nothing: a spend alert only tells; a rate limit slows one model; a
permission withdraws one; a spend limit refuses every call until the month ends. Each can be put
back as it was, so a change is told as the cap that is wanted and the one that was there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from deployer.domain.deployment import Account
from deployer.domain.money import Money

REQUESTS_A_MINUTE = "max_requests_per_1_minute"
"""The field of a rate limit that a person sets; the others stay as they are."""

ORGANISATION = "organization"
"""The name under which the whole organisation has caps, as its projects have theirs."""


class CapKind(StrEnum):
    """In the order of the ladder: the mildest first."""

    ALERT = "alert"
    RATE_LIMIT = "rate-limit"
    PERMISSIONS = "permissions"
    SPEND_LIMIT = "spend-limit"

    @property
    def plural(self) -> str:
        return f"{self.value.replace('-', ' ').rstrip('s')}s"


@dataclass(frozen=True)
class Cap:
    """One cap as plain data, so that the journal can keep it; `value` None means that there is none.

    `key` names one among several: an alert's id ("" for one to be made), a rate limit's id. Values:
    alert `amount currency recipients subject_prefix`; rate limit `model` and the vendor's limits;
    permissions `mode models`; spend limit `amount currency`.
    """

    kind: CapKind
    value: Mapping[str, Any] | None
    key: str = ""


@dataclass(frozen=True)
class AccountCaps:
    """All caps of one account as they were at one instant.

    `enforcing`: the spend limit refuses calls now (None: there is none, or it is not said).
    `unread` says of a kind of cap why it could not be read.
    """

    account: Account
    caps: tuple[Cap, ...]
    as_of: datetime
    enforcing: bool | None = None
    unread: Mapping[CapKind, str] = field(default_factory=dict)

    def of(self, kind: CapKind) -> tuple[Cap, ...]:
        return tuple(cap for cap in self.caps if cap.kind is kind)

    def find(self, kind: CapKind, key: str = "") -> Cap:
        """That cap, without a value when there is none."""
        return next((cap for cap in self.of(kind) if cap.key == key), Cap(kind, None, key))


def holds(now: AccountCaps, wanted: Cap) -> bool:
    """Whether `wanted` is so: an alert that is to be made may have any id, a rate limit's other fields any value."""
    if wanted.kind is CapKind.ALERT and not wanted.key:
        return any(same(cap, wanted) for cap in now.of(CapKind.ALERT))
    return same(now.find(wanted.kind, wanted.key), wanted)


def same(seen: Cap, wanted: Cap) -> bool:
    """Whether `seen` is what `wanted` asks for."""
    if wanted.kind is CapKind.PERMISSIONS:
        return _permissions(seen.value) == _permissions(wanted.value)
    if wanted.value is None or seen.value is None:
        return wanted.value is None and seen.value is None
    if wanted.kind is CapKind.RATE_LIMIT:
        return all(seen.value.get(name) == value for name, value in wanted.value.items())
    if Money(Decimal(seen.value["amount"])) != Money(Decimal(wanted.value["amount"])):
        return False
    return wanted.kind is CapKind.SPEND_LIMIT or _told(seen.value) == _told(wanted.value)


def describe(cap: Cap) -> str:
    """In words: `spend limit $100.00 a month`."""
    if cap.value is None:
        return {CapKind.PERMISSIONS: "all models allowed"}.get(cap.kind, f"no {cap.kind.value.replace('-', ' ')}")
    if cap.kind is CapKind.SPEND_LIMIT:
        return f"spend limit {amount_of(cap)} a month"
    if cap.kind is CapKind.ALERT:
        return f"alert at {amount_of(cap)} a month to {', '.join(cap.value['recipients'])}"
    if cap.kind is CapKind.RATE_LIMIT:
        return f"{cap.value['model']}: {', '.join(_rates(cap.value)) or 'no limits'}"
    models = ", ".join(cap.value["models"]) or "none"
    return f"{'only allowed' if cap.value['mode'] == 'allow_list' else 'denied'} models: {models}"


def amount_of(cap: Cap) -> Money | None:
    """What a spend limit or an alert stands at."""
    if cap.value is None or "amount" not in cap.value:
        return None
    return Money(Decimal(cap.value["amount"]), str(cap.value.get("currency") or "USD"))


def _rates(value: Mapping[str, Any]) -> Iterator[str]:
    for name, limit in value.items():
        if name != "model":
            yield f"{limit:,} {name.removeprefix('max_').replace('_per_1_', ' a ').replace('_', ' ')}"


def _permissions(value: Mapping[str, Any] | None) -> tuple[str, frozenset[str]]:
    """An empty deny list denies nothing, as no list does."""
    if value is None:
        return "deny_list", frozenset()
    return value["mode"], frozenset(value["models"])


def _told(value: Mapping[str, Any]) -> tuple[frozenset[str], str]:
    return frozenset(value["recipients"]), value.get("subject_prefix") or ""
