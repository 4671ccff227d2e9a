"""How many epochs a vendor is expected to choose, and the steps that follow.

Neither vendor documents `auto`. OpenAI's cookbook estimates it: three epochs, more for small
sets until about 100 examples are seen, fewer for large ones until at most 25,000.
"""

_TARGET, _MOST_EPOCHS = 3, 25
_FEWEST_SEEN, _MOST_SEEN = 100, 25_000


def expected_epochs(examples: int) -> int:
    """What `auto` is expected to choose for so many examples (the cookbook's rule)."""
    if examples <= 0:
        return _TARGET
    if examples * _TARGET < _FEWEST_SEEN:
        return min(_MOST_EPOCHS, _FEWEST_SEEN // examples)
    if examples * _TARGET > _MOST_SEEN:
        return max(1, _MOST_SEEN // examples)
    return _TARGET


def steps(examples: int, epochs: int, batch_size: int) -> int:
    """Training steps: examples times epochs in batches, the last one filled up (seen on three real jobs)."""
    return -(-examples * epochs // batch_size)
