"""What the learner sees of a text: hashed n-grams, so that any words in any language will do."""

import re
from itertools import pairwise
from zlib import crc32

_WORD = re.compile(r"\w+")
_BUCKETS = 1 << 16
_MOST_WORDS = 48
_MOST_PAIRED = 24  # longer texts have words enough
_SYSTEM_WORDS = 6

Features = dict[int, float]
"""Weight by bucket, of Euclidean length 1 (empty when there was no word)."""


def hash_prompt(system: str, user: str) -> Features:
    """Words of the user's message (its beginning and end), pairs in a short one, a few words of the system message."""
    words = _WORD.findall(user.lower())
    if len(words) > _MOST_WORDS:
        words = words[: _MOST_WORDS // 2] + words[-_MOST_WORDS // 2 :]
    grams = list(words)
    if len(words) <= _MOST_PAIRED:
        grams += [f"{left} {right}" for left, right in pairwise(words)]
    grams += [f"system:{word}" for word in _WORD.findall(system.lower())[:_SYSTEM_WORDS]]
    return _normalize(grams)


def cosine(left: Features, right: Features) -> float:
    """Likeness of two texts, 0 to 1."""
    if len(left) > len(right):
        left, right = right, left
    return sum(weight * right.get(bucket, 0.0) for bucket, weight in left.items())


def _normalize(grams: list[str]) -> Features:
    counts: Features = {}
    for gram in grams:
        bucket = crc32(gram.encode()) % _BUCKETS
        counts[bucket] = counts.get(bucket, 0.0) + (0.25 if gram.startswith("system:") else 1.0)
    length = sum(count * count for count in counts.values()) ** 0.5
    return {bucket: count / length for bucket, count in counts.items()} if length else {}
