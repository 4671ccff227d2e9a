"""What a model said, out of the SDK's answer; an answer in which nobody says anything is none."""

from __future__ import annotations

from typing import Any

from deployer.errors import CloudError
from deployer.providers.attempt import GARBLED


def said(what: str, answer: Any) -> str:
    """The text of the first choice, empty when the model said nothing. Raises CloudError when there is no choice."""
    choices = getattr(answer, "choices", None)
    first = choices[0] if isinstance(choices, list) and choices else None
    message = getattr(first, "message", None)
    if message is None and not hasattr(first, "text"):
        raise CloudError(f"cannot {what}: the answer holds no choice", next_step=GARBLED)
    text = first.text if message is None else getattr(message, "content", None)  # type: ignore[union-attr]
    return text if isinstance(text, str) else ""
