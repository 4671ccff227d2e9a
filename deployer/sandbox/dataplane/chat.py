"""Chat completions: what a model says, what it counts, how it is written on the wire."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import msgspec

from deployer.sandbox.token import count_prompt, count_tokens
from deployer.sandbox.training.example import split_prompt
from deployer.sandbox.training.fit import FittedModel
from deployer.sandbox.wire import Response

_OPTIONS = re.compile(r"(?:one of|either|as)[:\s]+((?:[\w'\"-]+\s*(?:,|/|\bor\b)\s*)+[\w'\"-]+)", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:,|/|\bor\b)\s*", re.IGNORECASE)
_CUT = re.compile(r"\S+\s*")


class BadChat(ValueError):
    """A request that is no chat; `param` is what is wrong."""

    def __init__(self, message: str, param: str) -> None:
        super().__init__(message)
        self.param = param


@dataclass(frozen=True)
class Chat:
    """One request, read."""

    model: str
    messages: Sequence[Mapping[str, Any]]
    most_tokens: int | None
    stream: bool
    stream_usage: bool


@dataclass(frozen=True)
class Answer:
    """What was said and counted."""

    text: str
    finish: str
    prompt_tokens: int
    completion_tokens: int


def read_chat(body: Any) -> Chat:
    """Raises BadChat."""
    if not isinstance(body, dict):
        raise BadChat("We could not parse the JSON body of your request.", "")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadChat("Missing required parameter: 'messages'.", "messages")
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise BadChat(f"Missing required parameter: 'messages[{index}].role'.", f"messages[{index}].role")
    most = body.get("max_completion_tokens") or body.get("max_tokens")
    if most is not None and (not isinstance(most, int) or most < 1):
        raise BadChat(f"Invalid 'max_tokens': {most!r} is not a positive integer.", "max_tokens")
    options = body.get("stream_options")
    stream_usage = isinstance(options, dict) and bool(options.get("include_usage"))
    return Chat(str(body.get("model") or ""), messages, most, bool(body.get("stream")), stream_usage)


def as_chat(body: Any) -> Any:
    """A legacy completion's request as the chat that it stands for: its prompt is all that was said."""
    if not isinstance(body, dict):
        return body
    prompt = body.get("prompt")
    text = prompt[0] if isinstance(prompt, list) and prompt and isinstance(prompt[0], str) else prompt
    if not isinstance(text, str) or not text:
        raise BadChat("Missing required parameter: 'prompt'.", "prompt")
    most = body.get("max_tokens", 16)
    return {"model": body.get("model"), "max_tokens": most, "messages": [{"role": "user", "content": text}]}


def say(chat: Chat, model: FittedModel | None) -> Answer:
    """The answer of a fine-tuned model, or of a base model (None), cut at the asked length."""
    text = model.answer(chat.messages) if model else answer_generally(chat.messages)
    text, finish = _cut(text, chat.most_tokens)
    return Answer(text, finish, count_prompt(chat.messages), max(1, count_tokens(text)))


def answer_generally(messages: Sequence[Mapping[str, Any]]) -> str:
    """What a base model says: one of the options if the prompt names some, else polite words; it was taught nothing."""
    system, user = split_prompt(messages)
    found = _OPTIONS.search(f"{system}\n{user}")
    if found:
        options = [option.strip(" '\"") for option in _BETWEEN.split(found[1])]
        return options[crc32(user.encode()) % len(options)]
    topic = " ".join(user.split()[:12])
    return (
        f'Thank you for your message. You wrote about "{topic}". As a general assistant I can offer general '
        "advice here; please share more details so that I can help you further."
    )


def write_completion(answer: Answer, chat: Chat, completion_id: str, model: str, created: int) -> Response:
    """The response body, whole or as server-sent events."""
    common = {"id": completion_id, "created": created, "model": model, "system_fingerprint": "fp_sandbox"}
    usage = {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
    if chat.stream:
        return _stream(answer, common, usage if chat.stream_usage else None)
    message = {"role": "assistant", "content": answer.text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish}
    return Response.json({**common, "object": "chat.completion", "choices": [choice], "usage": usage})


def write_text(answer: Answer, chat: Chat, completion_id: str, model: str, created: int) -> Response:
    """The response body of a legacy completion, never streamed here."""
    return Response.json(
        {
            "id": completion_id,
            "object": "text_completion",
            "created": created,
            "model": model,
            "system_fingerprint": "fp_sandbox",
            "choices": [{"index": 0, "text": answer.text, "logprobs": None, "finish_reason": answer.finish}],
            "usage": {
                "prompt_tokens": answer.prompt_tokens,
                "completion_tokens": answer.completion_tokens,
                "total_tokens": answer.prompt_tokens + answer.completion_tokens,
            },
        }
    )


def _stream(answer: Answer, common: dict[str, Any], usage: dict[str, Any] | None) -> Response:
    common = {**common, "object": "chat.completion.chunk"}
    deltas: list[tuple[dict[str, str], str | None]] = [({"role": "assistant", "content": ""}, None)]
    deltas += [({"content": piece}, None) for piece in _CUT.findall(answer.text)]
    deltas.append(({}, answer.finish))
    chunks: list[dict[str, Any]] = [
        {**common, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]} for delta, finish in deltas
    ]
    if usage is not None:
        chunks.append({**common, "choices": [], "usage": usage})
    lines = [b"data: " + msgspec.json.encode(chunk) + b"\n\n" for chunk in chunks]
    return Response(200, b"".join([*lines, b"data: [DONE]\n\n"]), (("content-type", "text/event-stream"),))


def _cut(text: str, most: int | None) -> tuple[str, str]:
    if most is None or count_tokens(text) <= most:
        return text, "stop"
    kept = ""
    for piece in _CUT.findall(text):
        if count_tokens(kept + piece) > most:
            break
        kept += piece
    return kept.rstrip(), "length"
