"""What a vendor's document has against a value: its shape, and fields that the document does not know.

A document leaves room for fields that it does not list, so a schema alone would let any
invention pass; both sides are therefore also held to the fields that are listed.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import jsonschema

from tests.vendor.document import OPENAI, REGISTRY, Located, Operation

Problem = tuple[str, str]
"""Where, as a dotted path in which `*` stands for any place of a list; and why."""

_FORMATS = jsonschema.FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def problems(value: Any, schema: Located, operation: Operation, *, nulls: bool = False) -> Iterator[Problem]:
    """All that the document has against `value`; with `nulls`, null is how a service leaves a field out."""
    for error in _validator(schema, operation.document).iter_errors(value):
        for deepest in _deepest(error):
            if deepest.instance is not None or not (nulls or _may_be_null(deepest)):
                yield _dotted(deepest.absolute_path), deepest.message[:160]
    yield from unlisted(without_nulls(value) if nulls else value, [schema], ())


def _validator(schema: Located, document: str) -> Any:
    kind = jsonschema.Draft202012Validator if document == OPENAI else jsonschema.Draft4Validator
    return kind(schema.absolute, registry=REGISTRY, format_checker=_FORMATS)


def _may_be_null(error: Any) -> bool:
    """OpenAI's document is OpenAPI 3.1 and still writes `nullable` in places, which JSON Schema does not know."""
    return isinstance(error.schema, Mapping) and error.schema.get("nullable") is True


def _deepest(error: Any) -> Iterable[Any]:
    """Of a union the branch that came nearest tells why, not all of them."""
    if not error.context:
        return [error]
    branches: dict[Any, list[Any]] = {}
    for item in error.context:
        branches.setdefault(item.schema_path[0], []).append(item)
    nearest = min(branches.values(), key=lambda items: (len(items), -max(len(item.path) for item in items)))
    return [deepest for item in nearest for deepest in _deepest(item)]


def without_nulls(value: Any) -> Any:
    """Azure's services write null where they leave a field out."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def unlisted(value: Any, schemas: Iterable[Located], at: tuple[Any, ...]) -> Iterator[Problem]:
    """Fields of `value` that none of the schemas lists, at any depth."""
    known = list(_flat(schemas))
    if isinstance(value, list):
        items = [one.part(one.content["items"]) for one in known if "items" in one.content]
        for item in value if items else ():
            yield from unlisted(item, items, (*at, 0))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            found = list(_of_field(known, key))
            if not found and not _open(known):
                yield _dotted((*at, key)), "the document does not list it"
            yield from unlisted(item, found, (*at, key))


def read_only(value: Any, schema: Located, at: tuple[Any, ...] = ()) -> Iterator[Problem]:
    """Fields that the service fills in and a client has no business to send."""
    if isinstance(value, Mapping):
        known = list(_flat([schema]))
        for key, item in value.items():
            for found in _of_field(known, key):
                if found.content.get("readOnly") is True:
                    yield _dotted((*at, key)), "the service alone writes it"
                yield from read_only(item, found, (*at, key))


def _flat(schemas: Iterable[Located]) -> Iterator[Located]:
    """Each schema with all that it is made of."""
    for schema in schemas:
        found = schema.followed()
        if isinstance(found.content, Mapping):
            yield found
            for word in ("allOf", "anyOf", "oneOf"):
                yield from _flat(found.part(part) for part in found.content.get(word, ()))


def _of_field(known: Iterable[Located], key: str) -> Iterator[Located]:
    for schema in known:
        listed = schema.content.get("properties", {})
        if key in listed:
            # A field's own words (`readOnly`) stand beside the reference, so both are looked at.
            yield schema.part(listed[key])
        elif isinstance(schema.content.get("additionalProperties"), Mapping):
            yield schema.part(schema.content["additionalProperties"])


def _open(known: list[Located]) -> bool:
    """Whether anything may stand there: a free object, or no word about objects at all."""
    return not any("properties" in schema.content for schema in known) or any(
        schema.content.get("additionalProperties") not in (None, False) for schema in known
    )


def _dotted(path: Iterable[Any]) -> str:
    return ".".join("*" if isinstance(part, int) else str(part) for part in path)
