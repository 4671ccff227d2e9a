"""Tokens of an example as the services bill them.

Reproduced on public jobs: each message adds 3, each name 1, each example 1 (its primer; the
cookbook's formula has 3 there and so counts 2 too many per example), and tool definitions
are billed as a TypeScript namespace, which the cookbook's formula leaves out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from deployer.datasets.tool import render_tools

PER_MESSAGE, PER_NAME, PER_EXAMPLE, PER_CALL = 3, 1, 1, 3


class TokenCounter:
    """Counts examples with one tokenizer; texts that repeat (system prompts, tools) are counted once."""

    def __init__(self, count: Callable[[str], int]) -> None:
        self._count = count
        self._repeated: dict[str, int] = {}

    def example(self, document: Mapping[str, Any]) -> int:
        """Tokens of one training example that has passed the shape check; images are not counted."""
        if "input" in document:
            return self._preference(document)
        if "prompt" in document:
            return self._text(str(document["prompt"])) + self._text(str(document.get("completion", "")))
        return self._chat(document, document["messages"])

    def _preference(self, document: Mapping[str, Any]) -> int:
        """A preference pair trains on both answers, each after the whole input."""
        given = document["input"]
        return sum(
            self._chat(given, [*given["messages"], *document[answer]])
            for answer in ("preferred_output", "non_preferred_output")
        )

    def _chat(self, holder: Mapping[str, Any], messages: list[Mapping[str, Any]]) -> int:
        tools = holder.get("tools") or holder.get("functions")
        return PER_EXAMPLE + sum(map(self._message, messages)) + (self._tools(tools) if tools else 0)

    def _message(self, message: Mapping[str, Any]) -> int:
        role, content = message["role"], message.get("content")
        count = PER_MESSAGE + 1  # every role is one token
        if isinstance(content, str):
            count += self._text(content, repeats=role in ("system", "developer"))
            if len(message) == 2:
                return count
        elif content:
            count += sum(self._text(part["text"]) for part in content if isinstance(part.get("text"), str))
        if name := message.get("name"):
            count += PER_NAME + self._text(name)
        if refusal := message.get("refusal"):
            count += self._text(refusal)
        for call in message.get("tool_calls") or ():
            count += PER_CALL + self._call(call.get("function") or {})
        if call := message.get("function_call"):
            count += PER_CALL + self._call(call)
        return count

    def _call(self, function: Mapping[str, Any]) -> int:
        return self._text(str(function.get("name", "")), repeats=True) + self._text(str(function.get("arguments", "")))

    def _tools(self, tools: list[Mapping[str, Any]]) -> int:
        key = json.dumps(tools, sort_keys=True)
        known = self._repeated.get(key)
        if known is None:
            known = self._repeated[key] = self._text(render_tools(tools))
        return known

    def _text(self, text: str, *, repeats: bool = False) -> int:
        if not repeats:
            return self._count(text)
        known = self._repeated.get(text)
        if known is None:
            known = self._repeated[text] = self._count(text)
        return known
