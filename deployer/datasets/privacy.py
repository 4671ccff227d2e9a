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
_CARD = re.compile(r"(?<![\w.,-])[3-6](?:[ -]?\d){12,18}(?![\w-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_PHONE = re.compile(
    r"(?<![\w.])(?:\+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,5}\d{2,4}|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?![\w])"
)
_IP = re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])")
_KEY = re.compile(
    r"\bsk-[A-Za-z0-9_-]{20,}|\bAKIA[0-9A-Z]{16}|\bgh[pousr]_[A-Za-z0-9]{36,}|\bxox[baprs]-[A-Za-z0-9-]{10,}"
    r"|\bAIza[0-9A-Za-z_-]{35}|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
)
_KEY_START = re.compile(r"sk-|AKIA|gh[pousr]_|xox|AIza|eyJ|-----BEGIN")
_DIGITS = re.compile(r"\d[\d .()-]{5,}\d")
_IBAN_START = re.compile(r"\b[A-Z]{2}\d{2} ?[A-Z0-9]{4}")
"""Cheap signs that the dearer patterns are worth trying."""


def hints(text: str) -> Counter[str]:
    """How often each kind of personal data seems to occur in `text`."""
    found: Counter[str] = Counter()
    if "@" in text:
        found["e-mail address"] = len(_EMAIL.findall(text))
    if _DIGITS.search(text) or _IBAN_START.search(text):
        _numbers(text, found)
    if _KEY_START.search(text):
        found["key or token"] = len(_KEY.findall(text))
    return +found


def _numbers(text: str, found: Counter[str]) -> None:
    """What consists of digits; a card or IBAN is not counted again as a telephone number."""
    text = _take(text, _IBAN, passes_iban, "IBAN", found)
    text = _take(text, _CARD, passes_luhn, "payment card", found)
    text = _take(text, _IP, _any, "IP address", found)
    _take(text, _PHONE, _any, "telephone number", found)


def _take(text: str, pattern: re.Pattern[str], valid: Callable[[str], bool], kind: str, found: Counter[str]) -> str:
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
