"""A value that fits a JSON schema: what a base model answers where the answer's shape is prescribed.

It is the same for the same schema and words; nobody taught the model more than that.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from zlib import crc32

_DEEPEST = 8
_BRACE = re.compile(r"\{")
_TEXTS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com/",
}


def make_specimen(schema: Any, words: str) -> Any:
    """`words` decide among the values of an enumeration."""
    root = schema if isinstance(schema, Mapping) else {}
    return _Maker(root, words).make(root, 0)


def find_schema(words: str) -> Mapping[str, Any] | None:
    """The first JSON schema of an object that stands in what was said: where only words prescribe the shape."""
    plain, decoder = words.replace('\\"', '"').replace("\\n", " "), json.JSONDecoder()
    for found in _BRACE.finditer(plain):
        try:
            schema, _ = decoder.raw_decode(plain, found.start())
        except ValueError:
            continue
        if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
            return schema
    return None


class _Maker:
    def __init__(self, root: Mapping[str, Any], words: str) -> None:
        self._root, self._words = root, words

    def make(self, schema: Any, depth: int) -> Any:
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][crc32(self._words.encode()) % len(schema["enum"])]
        choices = schema.get("anyOf") or schema.get("oneOf")
        if choices:
            return self.make(self._pick(choices, depth), depth)
        kinds = schema.get("type") or ("object" if "properties" in schema else "null")
        kind = kinds if isinstance(kinds, str) else next((one for one in kinds if one != "null"), "null")
        return getattr(self, f"_{kind}", self._null)(schema, depth)

    def _resolved(self, schema: Any) -> Mapping[str, Any]:
        """References followed, parts that all hold put together."""
        if not isinstance(schema, Mapping):
            return {}
        if isinstance(schema.get("$ref"), str):
            found: Any = self._root
            for key in schema["$ref"].lstrip("#/").split("/"):
                found = found.get(key, {}) if key and isinstance(found, Mapping) else found
            return self._resolved(found) if found is not schema else {}
        merged = {name: value for name, value in schema.items() if name != "allOf"}
        for part in schema.get("allOf") or ():
            merged |= self._resolved(part)
        return merged

    def _pick(self, choices: list[Any], depth: int) -> Any:
        """The first that says something; deep down nothing, where nothing is allowed."""
        empty = [one for one in choices if self._resolved(one).get("type") == "null"]
        said = [one for one in choices if one not in empty]
        return (empty or said)[0] if depth > _DEEPEST or not said else said[0]

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        names = (schema.get("required") or ()) if depth > _DEEPEST else properties
        return {name: self.make(properties.get(name), depth + 1) for name in names}

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        least, most = int(schema.get("minItems", 0)), int(schema.get("maxItems", 1))
        number = max(least, min(1, most) if depth <= _DEEPEST else 0)
        return [self.make(schema.get("items"), depth + 1) for _ in range(number)]

    def _string(self, schema: Mapping[str, Any], depth: int) -> str:
        text = _TEXTS.get(str(schema.get("format")), str(schema.get("title") or "text"))
        text = text.ljust(int(schema.get("minLength", 0)), "x")
        return text[: int(schema["maxLength"])] if "maxLength" in schema else text

    def _integer(self, schema: Mapping[str, Any], depth: int) -> int:
        return int(self._number(schema, depth))

    def _number(self, schema: Mapping[str, Any], depth: int) -> float:
        low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        high = schema.get("maximum", schema.get("exclusiveMaximum", 1) - 1)
        return float(low if "minimum" in schema or "exclusiveMinimum" in schema else min(0, high))

    def _boolean(self, schema: Mapping[str, Any], depth: int) -> bool:
        return True

    def _null(self, schema: Mapping[str, Any], depth: int) -> None:
        return None
