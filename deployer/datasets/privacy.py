"""Hints of personal data: kinds and counts, never the values.

Patterns with checksums find e-mail addresses, telephone numbers, payment cards, IBANs, IP
addresses and keys. No such pattern finds people's names: that is said, not passed over.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

NOT_CHECKED = "names of people and postal addresses were not checked: no pattern finds them"

_EMAIL = re.compile(r"[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_KEY = re.compile(
    r"\bsk-[A-Za-z0-9_-]{20,}|\bAKIA[0-9A-Z]{16}|\bgh[pousr]_[A-Za-z0-9]{36,}|\bxox[baprs]-[A-Za-z0-9-]{10,}"
    r"|\bAIza[0-9A-Za-z_-]{35}|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
)
_KEY_SIGNS = (
    ("-", ("sk-", "-----BEGIN")),
    ("_", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    ("K", ("AKIA",)),
    ("I", ("AIza",)),
    ("J", ("eyJ",)),
    ("x", ("xox",)),
)
"""Cheap signs that the dearer pattern is worth trying, behind a character that is cheaper still to look for."""

_ASCII = range(128)
_FORM = bytes.maketrans(
    bytes(_ASCII), bytes(48 if chr(c).isdigit() else 65 if chr(c).isupper() else 120 for c in _ASCII)
)
_RUNS = bytes.maketrans(bytes(_ASCII), bytes(49 if chr(c) in "0123456789 .()-" else 120 for c in _ASCII))
_IBAN_SIGN, _DIGITS_SIGN = b"AA00", b"1" * 7
"""What a text must hold, in one of these two simpler forms of it, for an IBAN or a number to be in it."""

_DIGITS = re.compile(r"[0-9][0-9 .()-]{5,}[0-9]")
"""A run that may hold a number of one of the following kinds; each is then looked for in it alone."""

_CARD = re.compile(r"(?<![\d.,-])[3-6](?:[ -]?\d){12,18}(?![\d-])")
_IP = re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])")
_PHONE = re.compile(
    r"(?<![\d.])(?:\+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,5}\d{2,4}|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?!\d)"
)


def hints(text: str) -> Counter[str]:
    """How often each kind of personal data seems to occur in `text`."""
    found: Counter[str] = Counter()
    if "@" in text:
        found["e-mail address"] = len(_EMAIL.findall(text))
    if _has_sign(text):
        found["key or token"] = len(_KEY.findall(text))
    plain = text.encode("latin-1", "replace")
    if _IBAN_SIGN in plain.translate(_FORM):
        text = _take(text, _IBAN, passes_iban, "IBAN", found)
    if _DIGITS_SIGN in plain.translate(_RUNS):
        _numbers(text, found)
    return +found if found else found


def _numbers(text: str, found: Counter[str]) -> None:
    """What consists of digits and stands alone."""
    for match in _DIGITS.finditer(text):
        start, end = match.span()
        before, after = text[start - 1 : start] if start else "", text[end : end + 1]
        if not _is_word(before) and before not in (".", ",") and not _is_word(after):
            _number((before if before in ("+", "(") else "") + match.group(), found)


def _has_sign(text: str) -> bool:
    """A plain loop: this is asked of every text of a large file."""
    for rare, signs in _KEY_SIGNS:
        if rare in text:
            for sign in signs:
                if sign in text:
                    return True
    return False


def _is_word(beside: str) -> bool:
    """Whether the character beside a run makes it part of a word: a checksum, an order code."""
    return beside.isalnum() or beside == "_"


def _number(run: str, found: Counter[str]) -> None:
    """What consists of digits; a card is not counted again as a telephone number."""
    rest = _take(run, _CARD, passes_luhn, "payment card", found)
    rest = _take(rest, _IP, _any, "IP address", found)
    _take(rest, _PHONE, _any, "telephone number", found)


def _take(text: str, pattern: re.Pattern[str], valid: Callable[[str], bool], kind: str, found: Counter[str]) -> str:
    """Count what matches and is valid, and blank it out."""

    def remove(match: re.Match[str]) -> str:
        if not valid(match.group()):
            return match.group()
        found[kind] += 1
        return " "

    return pattern.sub(remove, text)


def _any(_: str) -> bool:
    return True


def passes_luhn(text: str) -> bool:
    """The checksum of payment cards (ISO/IEC 7812)."""
    digits = [int(character) for character in text if character.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def passes_iban(text: str) -> bool:
    """The checksum of IBANs (ISO 13616): the rearranged number modulo 97 is 1."""
    compact = text.replace(" ", "")
    if not 15 <= len(compact) <= 34:
        return False
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1
