"""Secrets: held so that they cannot be printed by accident, and removed from whatever is printed.

Vendors echo keys in errors and libraries put whole URLs in theirs. So every text that leaves the
process (output, log, ledger, message) passes a `Scrubber` that knows all secret values.
"""

import json
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, parse_qsl, quote, quote_plus, unquote, urlsplit

HIDDEN = "********"
SHORTEST = 4
"""Values shorter than this are left: removing every `a` would hide the message, not the secret."""
TOKEN = 8
"""A part of a URL is taken for a token from this length on."""

_PLAIN_SCHEMES = frozenset({"http", "https", "json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos"})
_PATTERNS = (
    re.compile(r"(?i)(?<=bearer )[A-Za-z0-9._~+/=-]{16,}"),
    re.compile(r"\bsk-[A-Za-z0-9_-]{8,}"),
    re.compile(r"(?i)(?<=client_secret=)[^&\s\"']+"),
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"),
    re.compile(r"[^\s:='\"]{0,40}\*{4,}[^\s.,;'\"]*"),  # a key that its vendor masked in part
)


class Secret:
    """A value that shows itself only when asked by name."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"Secret({HIDDEN!r})" if self._value else "Secret('')"

    def __str__(self) -> str:
        return HIDDEN if self._value else ""


class Scrubber:
    """Replaces known secret values, in the forms they travel in, and what looks like a key."""

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for form in _forms(value) if len(form) >= SHORTEST}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        self._known = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def __call__(self, text: str) -> str:
        if self._known:
            text = self._known.sub(HIDDEN, text)
        for pattern in _PATTERNS:
            text = pattern.sub(HIDDEN, text)
        return text

    def __repr__(self) -> str:
        return "Scrubber()"


def secret_parts(url: str) -> tuple[str, ...]:
    """What is secret in the URL of an endpoint or database: password and query values."""
    parts = _split(url)
    if parts is None:
        return ()
    password = parts.netloc.rpartition("@")[0].partition(":")[2]
    queries = [value for _, value in parse_qsl(parts.query) if len(value) >= TOKEN]
    return tuple(part for part in (password, unquote(password), *queries) if part)


def token_parts(url: str) -> tuple[str, ...]:
    """What is secret in a notification URL: any part of it may be the token, so all but plain hosts and users count."""
    parts = _split(url)
    if parts is None:
        return (url,)
    found = [url, *secret_parts(url), *(segment for segment in parts.path.split("/") if len(segment) >= TOKEN)]
    if parts.scheme.lower() not in _PLAIN_SCHEMES:
        user, _, host = parts.netloc.rpartition("@")
        found += [part for part in (*user.split(":"), host.split(":")[0]) if len(part) >= TOKEN and "." not in part]
    return tuple(part for part in found if part and part != "localhost")


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _forms(value: str) -> set[str]:
    """The value as it is, URL-encoded in the usual ways, and escaped as in JSON and Python."""
    return {
        value,
        quote(value),
        quote(value, safe=""),
        quote_plus(value),
        quote(value, safe="").lower(),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
    }
