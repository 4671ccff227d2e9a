"""Chat completions: reading what is asked, and what a model says to it."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from deployer.sandbox.dataplane.demand import (
    AZURE_ONLY,
    CHAT,
    BadChat,
    check_known,
    check_values,
    kind_of,
    missing,
)
from deployer.sandbox.dataplane.specimen import find_schema, make_specimen
from deployer.sandbox.token import count_prompt, count_tokens
from deployer.sandbox.training.example import split_prompt
from deployer.sandbox.training.fit import FittedModel

_OPTIONS = re.compile(r"(?:one of|either|as)[:\s]+((?:[\w'\"-]+\s*(?:,|/|\bor\b)\s*)+[\w'\"-]+)", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:,|/|\bor\b)\s*", re.IGNORECASE)
PIECE = re.compile(r"\S+\s*|\s+")
_ROLES = ("system", "assistant", "user", "function", "tool", "developer")


@dataclass(frozen=True)
class Tool:
    """A function that the model may or must call."""

    name: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Chat:
    """One request, read. `forced` is the function that has to be called; `format` the shape of the answer."""

    model: str
    messages: Sequence[Mapping[str, Any]]
    most_tokens: int | None
    stream: bool
    stream_usage: bool
    choices: int = 1
    stops: tuple[str, ...] = ()
    logprobs: bool = False
    forced: Tool | None = None
    named: bool = False
    """Whether `forced` was asked for by name; else any of the tools would have done."""
    format: Mapping[str, Any] | None = None
    limits_answer: bool = False
    """Whether the length was limited by `max_tokens`, which models that reason refuse."""


@dataclass(frozen=True)
class Call:
    """A function that the model wants called; `arguments` are JSON."""

    name: str
    arguments: str


@dataclass(frozen=True)
class Answer:
    """What was said and counted."""

    text: str
    finish: str
    prompt_tokens: int
    completion_tokens: int
    call: Call | None = None


def read_chat(body: Any, *, azure: bool = False) -> Chat:
    """Raises BadChat."""
    if not isinstance(body, dict):
        raise BadChat("We could not parse the JSON body of your request.", "")
    check_known(body, CHAT | AZURE_ONLY if azure else CHAT)
    if "messages" not in body:
        raise missing("messages")
    check_values(body)
    _check_messages(body["messages"])
    options = body.get("stream_options")
    if options and not body.get("stream"):
        raise BadChat("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
    return Chat(
        model=str(body.get("model") or ""),
        messages=body["messages"],
        most_tokens=body.get("max_completion_tokens") or body.get("max_tokens"),
        stream=bool(body.get("stream")),
        stream_usage=bool((options or {}).get("include_usage")),
        choices=body.get("n") or 1,
        stops=read_stops(body.get("stop")),
        logprobs=bool(body.get("logprobs")),
        forced=read_choice(body),
        named=isinstance(body.get("tool_choice"), dict),
        format=_read_format(body),
        limits_answer=body.get("max_tokens") is not None,
    )


def _check_messages(messages: Sequence[Any]) -> None:
    if not messages:
        text = (
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead."
        )
        raise BadChat(text, "messages", "empty_array")
    awaited: set[str] = set()
    for index, message in enumerate(messages):
        _check_message(message, index)
        if message["role"] == "tool":
            if message.get("tool_call_id") not in awaited:
                text = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
                raise BadChat(f"{text}'tool_calls'.", f"messages.[{index}].role")
            awaited.discard(message["tool_call_id"])
            continue
        _require_answered(awaited, index)
        awaited = {str(call.get("id")) for call in message.get("tool_calls") or () if isinstance(call, dict)}
    _require_answered(awaited, len(messages))


def _check_message(message: Any, index: int) -> None:
    if not isinstance(message, dict):
        text = f"Invalid type for 'messages[{index}]': expected an object, but got {kind_of(message)} instead."
        raise BadChat(text, f"messages[{index}]", "invalid_type")
    role = message.get("role")
    if not isinstance(role, str):
        raise missing(f"messages[{index}].role")
    if role not in _ROLES:
        known = ", ".join(f"'{one}'" for one in _ROLES[:-1])
        text = f"Invalid value: '{role}'. Supported values are: {known}, and '{_ROLES[-1]}'."
        raise BadChat(text, f"messages[{index}].role", "invalid_value")
    if message.get("content") is None and not (message.get("tool_calls") or message.get("function_call")):
        raise BadChat("Invalid value for 'content': expected a string, got null.", f"messages.[{index}].content")


def _require_answered(awaited: Iterable[str], index: int) -> None:
    left = sorted(awaited)
    if left:
        text = "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
        text += f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(left)}"
        raise BadChat(text, f"messages.[{index}].role")


def read_stops(given: Any) -> tuple[str, ...]:
    stops = [given] if isinstance(given, str) else given or []
    if not isinstance(stops, list) or len(stops) > 4:
        number = len(stops) if isinstance(stops, list) else 0
        text = "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length "
        raise BadChat(f"{text}{number} instead.", "stop", "array_above_max_length")
    return tuple(str(stop) for stop in stops if stop)


def read_choice(body: Mapping[str, Any]) -> Tool | None:
    """The function that `tool_choice` demands. Raises BadChat."""
    tools = [_read_tool(tool) for tool in body.get("tools") or ()]
    choice = body.get("tool_choice")
    if choice in (None, "auto", "none"):
        return None
    if not tools:
        raise BadChat(
            "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.", "tool_choice"
        )
    if choice == "required":
        return tools[0]
    named = (choice.get("function") or choice).get("name") if isinstance(choice, Mapping) else None
    for tool in tools:
        if tool.name == named:
            return tool
    raise BadChat(
        f"Invalid value for 'tool_choice': Tool choice '{named}' not found in 'tools' parameter.", "tool_choice"
    )


def _read_tool(given: Any) -> Tool:
    function = given.get("function", given) if isinstance(given, Mapping) else {}
    if not isinstance(function, Mapping) or not function.get("name"):
        raise missing("tools[0].function.name")
    return Tool(str(function["name"]), function.get("parameters") or {})


def _read_format(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema that the answer has to fit, empty for any JSON, None for words. Raises BadChat."""
    given = body.get("response_format") or {}
    kind = given.get("type", "text")
    if kind == "json_schema":
        schema = (given.get("json_schema") or {}).get("schema")
        if not isinstance(schema, Mapping):
            raise missing("response_format.json_schema")
        return schema
    if kind == "json_object":
        if "json" not in json.dumps(body["messages"]).lower():
            text = (
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
            )
            raise BadChat(text, "messages")
        return {}
    if kind != "text":
        text = f"Invalid value: '{kind}'. Supported values are: 'json_object', 'json_schema', and 'text'."
        raise BadChat(text, "response_format.type", "invalid_value")
    return None


def say(chat: Chat, model: FittedModel | None) -> Answer:
    """The answer of a fine-tuned model, or of a base model (None), in the shape and length that was asked for."""
    asked = count_prompt(chat.messages)
    if chat.forced:
        arguments = json.dumps(make_specimen(chat.forced.parameters, split_prompt(chat.messages)[1]))
        call = Call(chat.forced.name, arguments)
        finish = "stop" if chat.named else "tool_calls"
        return Answer("", finish, asked, max(1, count_tokens(f"{call.name}{arguments}")), call)
    text = model.answer(chat.messages) if model else answer_generally(chat.messages)
    if chat.format is not None and not _is_json(text):
        schema = chat.format or find_schema(json.dumps(chat.messages)) or {"type": "object"}
        text = json.dumps(make_specimen(schema, split_prompt(chat.messages)[1]))
    text, finish = _cut(_stopped(text, chat.stops), chat.most_tokens)
    return Answer(text, finish, asked, max(1, count_tokens(text)))


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


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _stopped(text: str, stops: Iterable[str]) -> str:
    found = [text.find(stop) for stop in stops if stop in text]
    return text[: min(found)] if found else text


def _cut(text: str, most: int | None) -> tuple[str, str]:
    if most is None or count_tokens(text) <= most:
        return text, "stop"
    kept = ""
    for piece in PIECE.findall(text):
        if count_tokens(kept + piece) > most:
            break
        kept += piece
    return kept.rstrip(), "length"
