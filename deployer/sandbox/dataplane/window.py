"""How much a model reads and writes at most.

OpenAI's model pages, read on 2026-11-20; dated names and fine-tunes have their family's.
"""

from dataclasses import dataclass

from deployer.sandbox.dataplane.chat import Answer, Chat
from deployer.sandbox.dataplane.demand import BadChat


@dataclass(frozen=True)
class Window:
    """Tokens: of the whole conversation, and of one answer."""

    context: int
    output: int


_WINDOWS = {
    "gpt-4.1": Window(1_047_576, 32_768),
    "gpt-4o": Window(128_000, 16_384),
    "gpt-35-turbo": Window(16_385, 4_096),
    "gpt-3.5-turbo": Window(16_385, 4_096),
    "gpt-4": Window(8_192, 8_192),
    "o4-mini": Window(200_000, 100_000),
    "gpt-oss": Window(131_072, 131_072),
    "davinci-002": Window(16_384, 16_384),
    "babbage-002": Window(16_384, 16_384),
}
_OTHER = Window(128_000, 16_384)


def window_of(model: str) -> Window:
    """By a base model's name, with or without its date; the longest beginning that is known counts."""
    known = [name for name in _WINDOWS if model.startswith(name)]
    return _WINDOWS[max(known, key=len)] if known else _OTHER


def check_room(chat: Chat, answer: Answer, base: str) -> None:
    """Raises BadChat for what the base model cannot read, or was asked to write."""
    window = window_of(base)
    if base.startswith("o") and chat.limits_answer:
        text = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        raise BadChat(text, "max_tokens", "unsupported_parameter")
    if chat.most_tokens is not None and chat.most_tokens > window.output:
        text = f"max_tokens is too large: {chat.most_tokens}. This model supports at most {window.output} completion "
        raise BadChat(f"{text}tokens, whereas you provided {chat.most_tokens}.", "max_tokens", "invalid_value")
    if answer.prompt_tokens > window.context:
        text = f"This model's maximum context length is {window.context} tokens. However, your messages resulted in "
        text += f"{answer.prompt_tokens} tokens. Please reduce the length of the messages."
        raise BadChat(text, "messages", "context_length_exceeded")
