"""What comparisons between examples need, small enough to keep for every row of a large file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LABEL_LENGTH = 60
"""Answers up to this many characters may be labels of a classifier."""

_NOISE = b"!\"'(),.:;?\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f"
_SPACED = bytes.maketrans(_NOISE, b" " * len(_NOISE))
"""Punctuation and white space become one space: bytes are translated many times as fast as text."""

_INSTRUCTING = frozenset({"system", "developer"})
_WEIGHTY = 40
"""An answer of so many bytes is not repeated by chance."""


@dataclass(frozen=True, slots=True)
class Outline:
    """One example in hashes: `row` of the whole, `turns` of its messages without instructions.

    The lowest bit of a turn says that it is an answer too long to be repeated by chance.
    """

    where: str
    line: int
    row: int
    turns: tuple[int, ...]
    asked: int
    label: str


def outline(
    where: str, line: int, document: Mapping[str, Any], messages: Sequence[Mapping[str, Any]], said: Sequence[str]
) -> Outline:
    """The outline of an example that has passed the shape check; `said` are the texts of its messages."""
    texts = [(message.get("role", ""), _essence(text)) for message, text in zip(messages, said, strict=True)]
    turns = tuple(_turn(role, text) for role, text in texts if role not in _INSTRUCTING)
    row = hash((tuple(texts), str(document["tools"]) if "tools" in document else ""))
    return Outline(where, line, row, turns, hash(turns[:-1]), _label(messages))


def conversation(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The messages of any kind of row, a preference pair's preferred answer last."""
    if "input" in document:
        return [*document["input"]["messages"], *document["preferred_output"]]
    if "prompt" in document:
        question = {"role": "user", "content": document["prompt"]}
        return [question, {"role": "assistant", "content": document.get("completion", "")}]
    messages: Sequence[Mapping[str, Any]] = document["messages"]
    return messages


def spoken(message: Mapping[str, Any]) -> str:
    """All text of a message: its content, and the calls it makes."""
    content = message.get("content")
    if isinstance(content, str) and len(message) == 2:
        return content
    calls = message.get("tool_calls") or message.get("function_call")
    if isinstance(content, str):
        return f"{content} {calls}" if calls else content
    parts = [str(part.get("text") or part) for part in content or () if isinstance(part, Mapping)]
    return " ".join([*parts, str(calls)] if calls else parts)


def _essence(text: str) -> bytes:
    """The text without case, spacing and punctuation: what differs only there is the same."""
    plain = text if text.isascii() else " ".join(text.split())
    whole = plain.casefold().encode("utf-8", "surrogatepass")
    spaced = whole.translate(_SPACED)
    while b"  " in spaced:
        spaced = spaced.replace(b"  ", b" ")
    return spaced.strip() or whole


def _turn(role: str, text: bytes) -> int:
    return hash((role, text)) << 1 | (role == "assistant" and len(text) >= _WEIGHTY)


def _label(messages: Sequence[Mapping[str, Any]]) -> str:
    """A short last answer; "" where it is free text or a call."""
    last = messages[-1]
    content = last.get("content")
    if last.get("role") != "assistant" or not isinstance(content, str) or last.get("tool_calls"):
        return ""
    return content.strip() if len(content) <= LABEL_LENGTH else ""
