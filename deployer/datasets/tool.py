"""Tool definitions as the services hand them to the model: a TypeScript namespace.

The services do not document the form; this one is within 3 % of the tokens billed for a
public tool-calling set.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

_SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def render_tools(tools: Iterable[Mapping[str, Any]]) -> str:
    """The text that stands for `tools` (or the older `functions`) in front of the conversation."""
    functions = [tool.get("function", tool) for tool in tools]
    body = "\n".join(_render_function(function) for function in functions if isinstance(function, Mapping))
    return f"# Tools\n\n## functions\n\nnamespace functions {{\n\n{body}\n}} // namespace functions"


def _render_function(function: Mapping[str, Any]) -> str:
    schema = function.get("parameters") or {}
    name, described = function.get("name", ""), _comment(function.get("description"))
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if not properties:
        return f"{described}type {name} = () => any;\n"
    return f"{described}type {name} = (_: {{\n{_fields(schema)}}}) => any;\n"


def _fields(schema: Mapping[str, Any]) -> str:
    required = set(schema.get("required") or ())
    lines = []
    for name, field in (schema.get("properties") or {}).items():
        optional = "" if name in required else "?"
        described = _comment(field.get("description") if isinstance(field, Mapping) else None)
        lines.append(f"{described}{name}{optional}: {_type(field)},\n")
    return "".join(lines)


def _type(field: Any) -> str:
    if not isinstance(field, Mapping):
        return "any"
    if choices := field.get("enum"):
        return " | ".join(json.dumps(choice, ensure_ascii=False) for choice in choices)
    if options := field.get("anyOf") or field.get("oneOf"):
        return " | ".join(map(_type, options))
    kind = field.get("type")
    if isinstance(kind, list):
        return " | ".join(_type({**field, "type": each}) for each in kind)
    if kind == "array":
        return f"{_type(field.get('items'))}[]"
    if kind == "object":
        return f"{{\n{_fields(field)}}}" if field.get("properties") else "object"
    return _SIMPLE.get(str(kind), "any")


def _comment(description: Any) -> str:
    if not isinstance(description, str) or not description:
        return ""
    return "".join(f"// {line}\n" for line in description.splitlines())
