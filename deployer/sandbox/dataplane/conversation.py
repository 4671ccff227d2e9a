"""Reading what the Responses API is asked: items of a conversation, as the chat that they make."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deployer.sandbox.dataplane.chat import Chat, read_choice
from deployer.sandbox.dataplane.demand import BadChat, check_values, missing

KNOWN = frozenset(
    {
        "background", "context_management", "conversation", "include", "input", "instructions", "max_output_tokens",
        "max_tool_calls", "metadata", "model", "moderation", "parallel_tool_calls", "previous_response_id", "prompt",
        "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning", "safety_identifier",
        "service_tier", "store", "stream", "stream_options", "temperature", "text", "tool_choice", "tools",
        "top_logprobs", "top_p", "truncation", "user",
    }
)  # fmt: skip
Message = dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """One request, read: its items, and the chat of all that was said before and now."""

    body: Mapping[str, Any]
    items: list[Message]
    chat: Chat

    @property
    def kept(self) -> bool:
        """Whether it can be asked for again, as it is unless told otherwise."""
        return self.body.get("store") is not False


def read_turn(body: Any, earlier: Sequence[Message]) -> Turn:
    """`earlier` are the messages that the previous response left. Raises BadChat."""
    if not isinstance(body, dict):
        raise BadChat("We could not parse the JSON body of your request.", "")
    for name in sorted(set(body) - KNOWN):
        raise BadChat(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    check_values(body)
    if body.get("input") in (None, "", []):
        raise missing("input")
    items = _read_items(body["input"])
    instructions = body.get("instructions")
    before = [{"role": "system", "content": instructions}] if isinstance(instructions, str) else []
    messages = [*before, *earlier, *map(as_message, items)]
    return Turn(body, items, _as_chat(body, messages))


def _read_items(given: Any) -> list[Message]:
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": given}]}]
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        text = (
            "Invalid type for 'input': expected one of an array of objects or string, but got something else instead."
        )
        raise BadChat(text, "input", "invalid_type")
    return [{"type": "message", **item} for item in given]


def as_message(item: Mapping[str, Any]) -> Message:
    """An item as the chat message that says the same."""
    if item.get("type") == "function_call":
        function = {"name": item.get("name"), "arguments": item.get("arguments")}
        return {"role": "assistant", "content": None, "tool_calls": [{"id": item.get("call_id"), "function": function}]}
    if item.get("type") == "function_call_output":
        return {"role": "tool", "tool_call_id": item.get("call_id"), "content": str(item.get("output"))}
    return {"role": item.get("role", "user"), "content": item.get("content")}


def _as_chat(body: Mapping[str, Any], messages: list[Message]) -> Chat:
    return Chat(
        model=str(body.get("model") or ""),
        messages=messages,
        most_tokens=body.get("max_output_tokens"),
        stream=bool(body.get("stream")),
        stream_usage=False,
        forced=read_choice(body),
        named=isinstance(body.get("tool_choice"), dict),
        format=_read_format(body, messages),
    )


def _read_format(body: Mapping[str, Any], messages: list[Message]) -> Mapping[str, Any] | None:
    given = (body.get("text") or {}).get("format") or {}
    if given.get("type") == "json_schema":
        schema: Mapping[str, Any] = given.get("schema") or {}
        return schema
    if given.get("type") != "json_object":
        return None
    if "json" not in json.dumps(messages).lower():
        text = "Response input messages must contain the word 'json' in some form to use 'text.format' of type "
        raise BadChat(f"{text}'json_object'.", "input")
    return {}
