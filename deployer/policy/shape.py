"""The shapes that a policy document is declared with: each reads a YAML node and describes itself as JSON Schema.

One declaration serves both, so what the editor accepts and what the loader accepts cannot drift apart.
A shape returns None when the node cannot be read, after noting why.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from deployer.policy.source import Reader

_NULL, _INT, _BOOL = (f"tag:yaml.org,2002:{kind}" for kind in ("null", "int", "bool"))


class Unreadable(ValueError):
    """A scalar is not what it should be; `suggestion` is what may have been meant."""

    def __init__(self, suggestion: str = "", seen: str = "") -> None:
        super().__init__(suggestion)
        self.suggestion = suggestion
        self.seen = seen


class Shape(Protocol):
    def read(self, node: Node, reader: Reader, name: str) -> Any: ...

    def schema(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Scalar:
    """One value. `parse` takes the text as it is written and raises `Unreadable`; `secret` values are never echoed."""

    expected: str
    parse: Callable[[str], Any]
    json: Mapping[str, Any]
    secret: bool = False

    def read(self, node: Node, reader: Reader, name: str) -> Any:
        if not isinstance(node, ScalarNode) or node.tag == _NULL:
            return reader.refuse(node, f"{name} is {_kind(node)}", self.expected)
        try:
            self._check_type(node)
            return self.parse(node.value)
        except Unreadable as error:
            seen = "not readable" if self.secret else repr(node.value)
            return reader.refuse(node, error.seen or f"{name} is {seen}", self.expected, meant(error.suggestion))

    def _check_type(self, node: ScalarNode) -> None:
        """Numbers and flags must be written as such, as a JSON Schema asks."""
        wanted = {"integer": _INT, "boolean": _BOOL}.get(str(self.json.get("type", "")))
        if wanted and node.tag != wanted:
            raise Unreadable(_unquoted(node.value, wanted))

    def schema(self) -> dict[str, Any]:
        return dict(self.json)


def _unquoted(text: str, wanted: str) -> str:
    looks_right = text.lower() in ("true", "false") if wanted == _BOOL else text.isdigit()
    return f"{text} without quotes" if looks_right else ""


@dataclass(frozen=True)
class Many:
    """A list of one shape as a tuple; with `single` one item may stand without its list."""

    item: Shape
    single: bool = False
    least: int = 0

    def read(self, node: Node, reader: Reader, name: str) -> Any:
        if isinstance(node, SequenceNode):
            if len(node.value) < self.least:
                return reader.refuse(node, f"{name} is an empty list", f"at least {self.least} entry")
            items = (self.item.read(entry, reader, name) for entry in node.value)
            return tuple(item for item in items if item is not None)
        if self.single and not _is_null(node):
            item = self.item.read(node, reader, name)
            return None if item is None else (item,)
        expected = getattr(self.item, "expected", "a list") if self.single else "a list"
        return reader.refuse(node, f"{name} is {_kind(node)}", expected)

    def schema(self) -> dict[str, Any]:
        listing: dict[str, Any] = {"type": "array", "items": self.item.schema()}
        if self.least:
            listing["minItems"] = self.least
        return {"anyOf": [self.item.schema(), listing]} if self.single else listing


@dataclass(frozen=True)
class Table:
    """A mapping whose keys are free, such as tags."""

    item: Shape

    def read(self, node: Node, reader: Reader, name: str) -> Any:
        if not isinstance(node, MappingNode) or not node.value:
            return reader.refuse(node, f"{name} is {_kind(node)}", "keys and values, such as {env: dev}")
        nodes = by_key(node, reader, name)
        items = {key: self.item.read(entry, reader, f"{name}.{key}") for key, (_, entry) in nodes.items()}
        return None if any(item is None for item in items.values()) else items

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": self.item.schema(), "minProperties": 1}


@dataclass(frozen=True)
class Field:
    """One key of a record; without a shape it belongs to the language and not yet to this version."""

    key: str
    shape: Shape | None
    about: str = ""
    required: bool = False


Nodes = Mapping[str, tuple[Node, Node]]


@dataclass(frozen=True)
class Record:
    """A mapping with declared keys, built into a value; `check` looks at what no single field can see.

    `located` passes the place to `build` as `where`; `lenient` builds even without what is required,
    so that the rest is checked too.
    """

    title: str
    build: Callable[..., Any]
    fields: tuple[Field, ...]
    check: Callable[[Nodes, Mapping[str, Any], Reader], None] | None = None
    located: bool = False
    lenient: bool = False

    def read(self, node: Node, reader: Reader, name: str) -> Any:
        if not isinstance(node, MappingNode):
            return reader.refuse(node, f"{name} is {_kind(node)}", f"keys and values: {self._keys()}")
        nodes = by_key(node, reader, self.title)
        values = {key: self._value(key, *pair, reader) for key, pair in nodes.items()}
        missing = [field.key for field in self.fields if field.required and field.key not in nodes]
        for key in missing:
            reader.refuse(node, f"{self.title} has no {key}", f"a key {key}")
        readable = {key: value for key, value in values.items() if value is not None}
        if self.check:
            self.check(nodes, readable, reader)
        if not self.lenient and any(field.required and field.key not in readable for field in self.fields):
            return None
        return self.build(**readable, where=reader.where(node)) if self.located else self.build(**readable)

    def _value(self, key: str, key_node: Node, node: Node, reader: Reader) -> Any:
        field = next((field for field in self.fields if field.key == key), None)
        if field is None:
            near = closest(key, (field.key for field in self.fields))
            return reader.refuse(key_node, f"unknown key {key!r} in {self.title}", self._keys(), meant(near))
        if field.shape is None:
            return reader.refuse(key_node, f"{key} is not available in this version", suggestion="remove it")
        return field.shape.read(node, reader, key)

    def _keys(self) -> str:
        return "one of " + ", ".join(field.key for field in self.fields if field.shape)

    def schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "object", "additionalProperties": False}
        schema["properties"] = {field.key: _described(field) for field in self.fields if field.shape}
        required = [field.key for field in self.fields if field.required]
        return schema | ({"required": required} if required else {})


def _described(field: Field) -> dict[str, Any]:
    schema = field.shape.schema() if field.shape else {}
    return {"description": field.about, **schema} if field.about else schema


def by_key(node: MappingNode, reader: Reader, name: str) -> dict[str, tuple[Node, Node]]:
    """The entries of a mapping as (key node, value node); a key given twice is a problem."""
    entries: dict[str, tuple[Node, Node]] = {}
    for key_node, value in node.value:
        if not isinstance(key_node, ScalarNode):
            reader.refuse(key_node, f"a key of {name} is {_kind(key_node)}", "text")
        elif key_node.value in entries:
            first = reader.where(entries[key_node.value][0])
            reader.refuse(
                key_node, f"{key_node.value} is given twice in {name}", f"one value (the first is at {first})"
            )
        else:
            entries[key_node.value] = (key_node, value)
    return entries


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that is nearest, "" when none is near."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.6)), "")


def meant(suggestion: str) -> str:
    return f"did you mean {suggestion}?" if suggestion else ""


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == _NULL


def _kind(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a mapping" if node.value else "an empty mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    return "empty" if _is_null(node) else repr(node.value)
