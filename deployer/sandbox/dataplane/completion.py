"""Writing what a model said: whole, or as server-sent events, as each vendor writes it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from deployer.sandbox.dataplane.chat import PIECE, Answer, Chat
from deployer.sandbox.wire import Response

_CATEGORIES = ("hate", "self_harm", "sexual", "violence")
_SAFE: dict[str, Any] = {name: {"filtered": False, "severity": "safe"} for name in _CATEGORIES}
_LOGPROB = -0.05
"""How sure the model is said to be of every token; it never weighed another."""


@dataclass(frozen=True)
class Heading:
    """What every part of an answer repeats. `filtered`: whether content filters looked at it, as on Azure."""

    id: str
    model: str
    created: int
    filtered: bool = False

    def common(self, kind: str) -> dict[str, Any]:
        written = {"id": self.id, "object": kind, "created": self.created, "model": self.model}
        return {**written, "system_fingerprint": "fp_sandbox"}


def write_completion(answer: Answer, chat: Chat, heading: Heading) -> Response:
    """Every choice says the same: the sandbox's models do not dream."""
    if chat.stream:
        return _events(_chunks(answer, chat, heading))
    message: dict[str, Any] = {"role": "assistant", "content": answer.text, "refusal": None, "annotations": []}
    if answer.call:
        message |= {"content": None, "tool_calls": [_call(answer, heading)]}
    choice = {"message": message, "logprobs": _logprobs(answer, chat), "finish_reason": answer.finish}
    if heading.filtered:
        del message["annotations"]
        choice["content_filter_results"] = _SAFE
    common = heading.common("chat.completion")
    prompt = {"prompt_filter_results": [_prompt_filter()]} if heading.filtered else {}
    choices = [{"index": index, **choice} for index in range(chat.choices)]
    return Response.json({**common, "choices": choices, "usage": usage_of(answer, chat.choices), **prompt})


def write_texts(answers: list[Answer], prefixes: list[str], chat: Chat, heading: Heading) -> Response:
    """A legacy completion: each prompt has its choices, one after another."""
    common = heading.common("text_completion")
    usage = _sum([usage_of(answer, chat.choices) for answer in answers])
    told = [pair for pair in zip(answers, prefixes, strict=True) for _ in range(chat.choices)]
    if not chat.stream:
        choices = [_text(index, prefix + answer.text, answer.finish) for index, (answer, prefix) in enumerate(told)]
        return Response.json({**common, "choices": choices, "usage": usage})
    pieces = [
        {**common, "choices": [_text(index, piece, finish)]}
        for index, (answer, prefix) in enumerate(told)
        for piece, finish in _pieces(prefix + answer.text, answer.finish)
    ]
    return _events([*pieces, *([{**common, "choices": [], "usage": usage}] if chat.stream_usage else [])])


def _text(index: int, text: str, finish: str | None) -> dict[str, Any]:
    return {"index": index, "text": text, "logprobs": None, "finish_reason": finish}


def _pieces(text: str, finish: str) -> Iterator[tuple[str, str | None]]:
    for piece in PIECE.findall(text):
        yield piece, None
    yield "", finish


def usage_of(answer: Answer, choices: int = 1) -> dict[str, Any]:
    said = answer.completion_tokens * choices
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": said,
        "total_tokens": answer.prompt_tokens + said,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _sum(usages: list[dict[str, Any]]) -> dict[str, int]:
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    return {name: sum(usage[name] for usage in usages) for name in names}


def _chunks(answer: Answer, chat: Chat, heading: Heading) -> Iterator[dict[str, Any]]:
    """Where filters looked at the prompt they say so first, in a chunk without choices."""
    common = heading.common("chat.completion.chunk")
    silent = {"usage": None} if chat.stream_usage else {}
    if heading.filtered:
        yield {**common, "choices": [], **silent, "prompt_filter_results": [_prompt_filter()]}
    for index in range(chat.choices):
        for delta, finish in _deltas(answer, heading):
            choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
            filtered = {"content_filter_results": _SAFE if "content" in delta else {}} if heading.filtered else {}
            yield {**common, "choices": [{**choice, **filtered}], **silent}
    if chat.stream_usage:
        yield {**common, "choices": [], "usage": usage_of(answer, chat.choices)}


def _deltas(answer: Answer, heading: Heading) -> Iterator[tuple[dict[str, Any], str | None]]:
    if answer.call:
        call = _call(answer, heading)
        opened = {**call, "function": {"name": answer.call.name, "arguments": ""}}
        yield {"role": "assistant", "content": None, "tool_calls": [{"index": 0, **opened}]}, None
        for piece in PIECE.findall(answer.call.arguments):
            yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}, None
    else:
        yield {"role": "assistant", "content": "", "refusal": None}, None
        for piece in PIECE.findall(answer.text):
            yield {"content": piece}, None
    yield {}, answer.finish


def _call(answer: Answer, heading: Heading) -> dict[str, Any]:
    if answer.call is None:
        return {}
    function = {"name": answer.call.name, "arguments": answer.call.arguments}
    return {"id": f"call_{heading.id.rpartition('-')[2][:24]}", "type": "function", "function": function}


def _logprobs(answer: Answer, chat: Chat) -> dict[str, Any] | None:
    if not chat.logprobs:
        return None
    tokens = [
        {"token": piece, "logprob": _LOGPROB, "bytes": list(piece.encode())} for piece in PIECE.findall(answer.text)
    ]
    return {"content": [{**token, "top_logprobs": [token]} for token in tokens], "refusal": None}


def _prompt_filter() -> dict[str, Any]:
    return {"prompt_index": 0, "content_filter_results": _SAFE}


def _events(chunks: Iterable[Mapping[str, Any]]) -> Response:
    lines = [b"data: " + msgspec.json.encode(chunk) + b"\n\n" for chunk in chunks]
    headers = (("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache"))
    return Response(200, b"".join([*lines, b"data: [DONE]\n\n"]), headers)
