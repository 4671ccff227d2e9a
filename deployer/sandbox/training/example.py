"""Training data as the services read it: one example per line, and the vendors' words when it is wrong."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from deployer.sandbox.token import count_message, count_tokens, read_text

MINIMUM_EXAMPLES = 10
_ROLES = {"system", "developer", "user", "assistant", "tool", "function"}
_PRIMER = 1  # measured on public jobs: the service bills one token of primer per example, not three


@dataclass(frozen=True)
class Example:
    """What is asked (`system`, last `user` message), what shall be answered, and what it costs to train on."""

    system: str
    user: str
    answer: str
    tokens: int


@dataclass(frozen=True)
class BadData:
    """Why a file cannot be trained on; `code` and `message` are the vendors'."""

    code: str
    message: str


class _BadLine(Exception):
    pass


def parse_examples(
    content: bytes, method: str = "supervised", *, pairs: bool = False, graded: Sequence[str] = ()
) -> tuple[Example, ...] | BadData:
    """All examples of a file, or the first thing wrong with it, as the method reads them.

    `pairs`: supervised examples are pairs of prompt and completion, not chats. `graded` are the fields that a
    grader reads: the first of them is what the learner imitates, for it has no time to find out.
    """
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return BadData("invalid_training_file", "Invalid file format. Input file must be UTF-8 encoded.")
    read = partial(_parse_prompt, graded) if method == "reinforcement" else _reader(method, pairs)
    examples = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            examples.append(read(_parse_line(line, number), number))
        except _BadLine as bad:
            return BadData("invalid_training_file", str(bad))
    return tuple(examples)


def require_enough(examples: tuple[Example, ...]) -> BadData | None:
    """The vendors train on no fewer than ten examples."""
    if len(examples) >= MINIMUM_EXAMPLES:
        return None
    message = f"Training file has {len(examples)} example(s), but must have at least {MINIMUM_EXAMPLES} examples"
    return BadData("invalid_n_examples", message)


def split_prompt(messages: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """System text and last user message: what the learner looks at, in training and when called."""
    system = " ".join(read_text(m) for m in messages if m.get("role") in {"system", "developer"})
    users = [read_text(m) for m in messages if m.get("role") == "user"]
    return system, users[-1] if users else ""


def _parse_line(line: str, number: int) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise _BadLine(
            "Expected file to have JSONL format, where every line is a valid JSON dictionary. "
            f'Line {number} is not a dictionary (HINT: line starts with: "{line[:12]}...").'
        )
    return row


def _reader(method: str, pairs: bool) -> Callable[[Mapping[str, Any], int], Example]:
    if method == "dpo":
        return _parse_preference
    return _parse_completion if pairs else _parse_chat


def _parse_chat(row: Mapping[str, Any], number: int) -> Example:
    messages = _check_messages(row.get("messages"), number)
    if messages[-1]["role"] != "assistant":
        raise _BadLine(f"Invalid file format. Example {number} must end with an assistant message.")
    return _build(messages, number)


def _parse_prompt(graded: Sequence[str], row: Mapping[str, Any], number: int) -> Example:
    """A prompt for reinforcement: its last message is the user's, and the grader finds its fields beside it."""
    messages = _check_messages(row.get("messages"), number)
    if messages[-1]["role"] != "user":
        raise _BadLine(f"Invalid file format. Example {number}: the last message must be from the user.")
    for name in graded:
        if name not in row:
            raise _BadLine(f'Invalid file format. Example {number} is missing key "{name}", which the grader uses.')
    system, user = split_prompt(messages)
    beside = [row[name] for name in graded] or [value for name, value in row.items() if name != "messages"]
    answer = str(beside[0]) if beside else user
    return Example(system, user, answer, _PRIMER + sum(count_message(message) for message in messages))


def _parse_completion(row: Mapping[str, Any], number: int) -> Example:
    """A legacy pair of prompt and completion, as davinci-002 and babbage-002 are trained on."""
    asked, answer = row.get("prompt"), row.get("completion")
    if not isinstance(asked, str) or not isinstance(answer, str):
        raise _BadLine(f'Invalid file format. Example {number} needs "prompt" and "completion" as strings.')
    if not answer.strip():
        raise _BadLine(f"Invalid file format. Example {number}: the completion is empty.")
    return Example("", asked, answer.strip(), count_tokens(asked) + count_tokens(answer))


def _parse_preference(row: Mapping[str, Any], number: int) -> Example:
    """A direct-preference pair: the learner imitates the preferred output; all tokens of the file are billed."""
    given, preferred = row.get("input"), row.get("preferred_output")
    if not isinstance(given, dict) or not isinstance(preferred, list):
        raise _BadLine(f'Invalid file format. Example {number} needs "input" and "preferred_output".')
    asked = given.get("messages")
    both = [*asked, *preferred] if isinstance(asked, list) else None
    messages = _check_messages(both, number)
    if messages[-1]["role"] != "assistant":
        raise _BadLine(f"Invalid file format. Example {number} must prefer an assistant message.")
    built, other = _build(messages, number), row.get("non_preferred_output")
    if not isinstance(other, list) or not other:
        raise _BadLine(f'Invalid file format. Example {number} needs "non_preferred_output".')
    return replace(built, tokens=built.tokens + sum(count_message(message) for message in other))


def _check_messages(messages: object, number: int) -> list[Mapping[str, Any]]:
    if not isinstance(messages, list):
        raise _BadLine(f'Invalid file format. Example {number} is missing key "messages".')
    for index, message in enumerate(messages, start=1):
        if not isinstance(message, dict) or "role" not in message:
            raise _BadLine(f'Invalid file format. Example {number}, message {index} is missing key "role".')
        if message["role"] not in _ROLES:
            raise _BadLine(f"Invalid file format. Example {number}, message {index} has an invalid role.")
        if not {"content", "tool_calls", "function_call"} & message.keys():
            raise _BadLine(f'Invalid file format. Example {number}, message {index} is missing key "content".')
    if not messages:
        raise _BadLine(f"Invalid file format. Example {number} must end with an assistant message.")
    return messages


def _build(messages: list[Mapping[str, Any]], number: int) -> Example:
    system, user = split_prompt(messages[:-1])
    answer = read_text(messages[-1]).strip()
    if not answer:
        raise _BadLine(f"Invalid file format. Example {number}: the assistant message is empty.")
    return Example(system, user, answer, _PRIMER + sum(count_message(message) for message in messages))
