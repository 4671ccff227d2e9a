"""Azure's JSON as plain values: keys of any casing, instants, numbers, pages.

Services send some keys in lower case although their specification says otherwise
(`ratelimits`), so nothing here depends on the case of a key.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from deployer.errors import CloudError

_MISSING = object()
GARBLED = "something else may answer in Azure's place: check the endpoint settings and the proxy"


def decode(content: bytes, what: str) -> Any:
    """The document that an answer holds. Raises CloudError when it is none."""
    try:
        return msgspec.json.decode(content) if content.strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CloudError(f"cannot {what}: the answer is not JSON ({error})", next_step=GARBLED) from None


def get(document: Any, name: str, default: Any = None) -> Any:
    """The value under `name`, whatever its casing; `default` when absent or null."""
    if not isinstance(document, Mapping):
        return default
    value = document.get(name, _MISSING)
    if value is _MISSING:
        wanted = name.lower()
        value = next((value for key, value in document.items() if str(key).lower() == wanted), None)
    return default if value is None else value


def mapping(document: Any, name: str) -> Mapping[str, Any]:
    """The object under `name`, empty when there is none."""
    value = get(document, name)
    return value if isinstance(value, Mapping) else {}


def items(document: Any, name: str) -> Iterator[Mapping[str, Any]]:
    """The objects of the list under `name`."""
    value = get(document, name)
    return (item for item in (value if isinstance(value, list) else ()) if isinstance(item, Mapping))


def listed(document: Any, name: str, what: str) -> list[Mapping[str, Any]]:
    """The same of a list that must be there, of objects only. Raises CloudError, which names `what` failed."""
    value = get(document, name)
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise CloudError(f"cannot {what}: the answer holds no list of objects under {name!r}", next_step=GARBLED)
    return value


def text(document: Any, name: str) -> str:
    value = get(document, name, "")
    return value if isinstance(value, str) else str(value)


def tags(document: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in mapping(document, "tags").items()}


def instant(value: Any) -> datetime | None:
    """An ISO 8601 instant in UTC; None for anything else. A time without zone is UTC, as ARM means it."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
