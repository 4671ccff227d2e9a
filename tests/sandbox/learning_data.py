"""Small made-up data sets for the learner: support tickets that two words give away."""

import json
import random
from collections.abc import Sequence

_TELLING = {
    "billing": ["invoice", "charge", "refund", "card", "payment", "price"],
    "technical": ["crash", "error", "login", "bug", "screen", "slow"],
    "sales": ["quote", "demo", "upgrade", "licence", "trial", "seats"],
    "other": ["weather", "hello", "thanks", "office", "lunch", "holiday"],
}
_FILLING = (
    "please",
    "can",
    "you",
    "help",
    "me",
    "with",
    "my",
    "the",
    "a",
    "today",
    "again",
    "about",
    "this",
    "for",
    "team",
)

Row = tuple[str, str]
"""What the user says, what the assistant shall answer."""


def tickets(count: int, seed: int) -> list[Row]:
    """Tickets with their right label."""
    rng = _order(seed)
    return [_ticket(rng) for _ in range(count)]


def shuffle_labels(rows: Sequence[Row], seed: int = 0) -> list[Row]:
    """The same tickets and the same labels, no longer belonging together."""
    labels = [label for _, label in rows]
    _order(seed).shuffle(labels)
    return [(text, label) for (text, _), label in zip(rows, labels, strict=True)]


def as_jsonl(rows: Sequence[Row]) -> bytes:
    """The rows as a chat training file."""
    return "\n".join(json.dumps({"messages": _messages(row)}) for row in rows).encode()


def _order(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - made-up data, not a secret


def _messages(row: Row) -> list[dict[str, str]]:
    return [
        {"role": "system", "content": "Classify the ticket."},
        {"role": "user", "content": row[0]},
        {"role": "assistant", "content": row[1]},
    ]


def _ticket(rng: random.Random) -> Row:
    label = rng.choice(sorted(_TELLING))
    words = rng.sample(_TELLING[label], 2) + rng.sample(_FILLING, 6)
    rng.shuffle(words)
    return " ".join(words), label
