"""The shape of one example: what the services refuse, and nothing that they accept.

Tool calls, `weight`, `name`, multi-part content, the developer role, preference pairs (DPO),
reinforcement rows and, for completion models, prompt/completion rows are all valid.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_PLAIN_ROLES = frozenset({"system", "developer", "user", "assistant"})
_PREFERENCE = ("input", "preferred_output", "non_preferred_output")
_CHAT_KEYS = {"messages", "tools", "functions", "parallel_tool_calls"}
_MESSAGE_KEYS = {
    "role", "content", "name", "weight", "tool_calls", "tool_call_id", "function_call", "refusal", "audio",
    "reasoning_content",
}  # fmt: skip

Fault = tuple[str, str]
"""What was seen, and what was expected."""


def faults(document: Any, *, completion: bool = False, graded: Collection[str] | None = None) -> Iterator[Fault]:
    """Everything wrong with one example; `completion` allows prompt/completion rows.

    `graded`: it is to be trained on by reinforcement, with a grader that reads these fields of it.
    """
    if graded is not None and isinstance(document, Mapping) and "messages" in document:
        yield from _prompt(document, graded)
    elif not isinstance(document, Mapping):
        yield f"a JSON {_kind(document)}", "an object with `messages`"
    elif any(key in document for key in _PREFERENCE) and "messages" not in document:
        yield from _preference(document)
    elif "messages" not in document:
        yield from _without_messages(document, completion)
    else:
        yield from _chat(document)


def is_reinforcement(document: Mapping[str, Any]) -> bool:
    """A row for a grader: it ends before the answer, and carries what the grader needs beside `messages`."""
    messages = document.get("messages")
    if not isinstance(messages, list) or not messages or set(document) <= _CHAT_KEYS:
        return False
    return isinstance(messages[-1], Mapping) and messages[-1].get("role") in ("user", "developer", "system", "tool")


def _prompt(document: Mapping[str, Any], graded: Collection[str]) -> Iterator[Fault]:
    """A row for a grader: both vendors want the last message from the user, and the rest is the grader's business."""
    messages = document["messages"]
    if not isinstance(messages, list) or not messages:
        yield f"`messages` is {'empty' if messages == [] else _kind(messages)}", "a list of messages"
        return
    yield from _messages(messages, "messages")
    yield from _tools(document)
    if (last := _role(messages[-1])) != "user":
        yield f"the last message is from {last or 'nobody'}", "from user: reinforcement learns the answer by its grade"
    for name in graded:
        if name not in document:
            yield f"no `{name}`", f"a value: the grader reads item.{name}"


def _without_messages(document: Mapping[str, Any], completion: bool) -> Iterator[Fault]:
    if {"prompt", "completion"} <= set(document):
        if not completion:
            yield "a prompt/completion row", "`messages` (chat models do not take prompt/completion)"
        for key in ("prompt", "completion"):
            if not isinstance(document[key], str):
                yield f"`{key}` is {_kind(document[key])}", "a string"
    else:
        keys = ", ".join(f"`{key}`" for key in list(document)[:5]) or "nothing"
        yield f"no `messages` (found {keys})", "`messages`: a list of messages"


def _preference(document: Mapping[str, Any]) -> Iterator[Fault]:
    for key in _PREFERENCE:
        if key not in document:
            yield f"no `{key}`", "a preference pair: `input`, `preferred_output`, `non_preferred_output`"
    given = document.get("input")
    if "input" in document:
        if isinstance(given, Mapping) and isinstance(given.get("messages"), list):
            yield from _messages(given["messages"], "input.messages")
        else:
            yield "`input` without a list of `messages`", '`input: {"messages": [...]}`'
    for key in _PREFERENCE[1:]:
        answer = document.get(key)
        if isinstance(answer, list) and answer:
            yield from _messages(answer, key)
        elif key in document:
            yield f"`{key}` is {_kind(answer)}", "a list of messages"


def _chat(document: Mapping[str, Any]) -> Iterator[Fault]:
    messages = document["messages"]
    if not isinstance(messages, list):
        yield f"`messages` is {_kind(messages)}", "a list of messages"
        return
    if not messages:
        yield "`messages` is empty", "at least one user and one assistant message"
        return
    if len(document) == 1 and all(map(_is_plain, messages)) and messages[-1]["role"] == "assistant":
        return
    yield from _messages(messages, "messages")
    yield from _tools(document)
    if not is_reinforcement(document):
        yield from _ending(messages)


def _ending(messages: list[Any]) -> Iterator[Fault]:
    assistant = [message for message in messages if _role(message) == "assistant"]
    if not assistant:
        yield "no assistant message", "at least one: it is what the model learns"
    elif _role(messages[-1]) != "assistant":
        yield f"the last message is from {_role(messages[-1]) or 'nobody'}", "the last message from assistant"
    elif all(message.get("weight") == 0 for message in assistant):
        yield "every assistant message has weight 0", "at least one with weight 1: nothing would be learnt"


def _messages(messages: list[Any], name: str) -> Iterator[Fault]:
    for index, message in enumerate(messages):
        if _is_plain(message):
            continue
        where = f"{name}[{index}]"
        if not isinstance(message, Mapping):
            yield f"{where} is {_kind(message)}", "an object with `role` and `content`"
            continue
        yield from _message(message, where)


def _is_plain(message: Any) -> bool:
    """The short way for what nearly all messages are: a known role and some text, nothing else."""
    if type(message) is not dict or len(message) != 2:
        return False
    role, content = message.get("role"), message.get("content")
    if type(role) is not str or type(content) is not str:
        return False
    return role in _PLAIN_ROLES and (role != "assistant" or bool(content.strip()))


def _message(message: Mapping[str, Any], where: str) -> Iterator[Fault]:
    role = message.get("role")
    if "role" not in message:
        yield f"{where} has no role", "one of " + ", ".join(ROLES)
    elif role not in ROLES:
        yield f"{where} has the unknown role {role!r:.40}", "one of " + ", ".join(ROLES)
    yield from _content(message, role, where)
    if (weight := message.get("weight", 1)) not in (0, 1) or isinstance(weight, bool):
        yield f"{where} has weight {weight!r:.20}", "0 or 1"
    if "name" in message and not isinstance(message["name"], str | None):
        yield f"{where}.name is {_kind(message['name'])}", "a string"
    if role == "tool" and not message.get("tool_call_id"):
        yield f"{where} has no tool_call_id", "the id of the call that it answers"
    if strange := [key for key in message if key not in _MESSAGE_KEYS]:
        yield f"{where} has the unknown key {strange[0]!r:.40}", "role, content, name, weight, tool_calls, ..."
    yield from _calls(message, where)


def _content(message: Mapping[str, Any], role: Any, where: str) -> Iterator[Fault]:
    content = message.get("content")
    replaced = message.get("tool_calls") or message.get("function_call") or message.get("refusal")
    if isinstance(content, str):
        if role == "assistant" and not content.strip() and not replaced:
            yield f"{where}: an empty assistant message", "the answer to learn"
    elif isinstance(content, list):
        yield from _parts(content, role, where)
    elif content is None:
        if role == "assistant" and not replaced and not message.get("audio"):
            yield f"{where}: an assistant message without content", "content, tool_calls or refusal"
        elif role != "assistant":
            yield f"{where} has no content", "a string or a list of parts"
    else:
        yield f"{where}.content is {_kind(content)}", "a string or a list of parts"


def _parts(parts: list[Any], role: Any, where: str) -> Iterator[Fault]:
    if not parts:
        yield f"{where}.content is an empty list", "at least one part"
    for index, part in enumerate(parts):
        if not isinstance(part, Mapping) or not isinstance(part.get("type"), str):
            yield f"{where}.content[{index}] has no type", '`{"type": "text", "text": ...}` or another part'
        elif part["type"] == "text" and not isinstance(part.get("text"), str):
            yield f"{where}.content[{index}] has no text", "a string in `text`"
    texts = [part.get("text") for part in parts if isinstance(part, Mapping) and part.get("type") == "text"]
    if (
        role == "assistant"
        and texts
        and len(texts) == len(parts)
        and not any(str(text or "").strip() for text in texts)
    ):
        yield f"{where}: an empty assistant message", "the answer to learn"


def _calls(message: Mapping[str, Any], where: str) -> Iterator[Fault]:
    calls = message.get("tool_calls")
    if calls is not None and not isinstance(calls, list):
        yield f"{where}.tool_calls is {_kind(calls)}", "a list of calls"
        calls = None
    functions = [(f"tool_calls[{i}]", call) for i, call in enumerate(calls or ())]
    for name, call in functions:
        function = call.get("function") if isinstance(call, Mapping) else None
        yield from _function(function, f"{where}.{name}.function")
    if message.get("function_call") is not None:
        yield from _function(message["function_call"], f"{where}.function_call")


def _function(function: Any, where: str) -> Iterator[Fault]:
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str) or not function["name"]:
        yield f"{where} has no name", "the name of a function"
    elif not isinstance(function.get("arguments", ""), str):
        yield f"{where}.arguments is {_kind(function['arguments'])}", "JSON in a string"


def _tools(document: Mapping[str, Any]) -> Iterator[Fault]:
    for key in ("tools", "functions"):
        tools = document.get(key)
        if tools is None:
            continue
        if not isinstance(tools, list):
            yield f"`{key}` is {_kind(tools)}", "a list of definitions"
            continue
        for index, tool in enumerate(tools):
            function = tool.get("function", tool) if isinstance(tool, Mapping) else None
            if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
                yield f"{key}[{index}] has no function name", "a function definition"


def _role(message: Any) -> str:
    role = message.get("role") if isinstance(message, Mapping) else ""
    return role if isinstance(role, str) else ""


def _kind(value: Any) -> str:
    names = {dict: "object", list: "list", str: "string", bool: "boolean", int: "number", float: "number"}
    return "null" if value is None else names.get(type(value), type(value).__name__)
