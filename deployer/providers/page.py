"""Lists of the openai SDK to their last page, each page with its own retries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deployer.providers.attempt import Attempts


def all_items(attempts: Attempts, what: str, first: Callable[[], Any]) -> Iterator[Mapping[str, Any]]:
    """Every item as the vendor sent it, each once: a page may repeat items when new ones arrive meanwhile."""
    seen: set[str] = set()
    page = attempts(what, first)
    while True:
        fresh = [item for item in map(as_mapping, page.data or ()) if str(item.get("id", "")) not in seen]
        yield from fresh
        seen.update(str(item["id"]) for item in fresh if item.get("id"))
        if not fresh or not page.has_next_page():
            return
        page = attempts(what, page.get_next_page)


def as_mapping(document: Any) -> Mapping[str, Any]:
    """What the vendor sent, unknown fields included; the SDK does not validate its objects, nor do we."""
    if isinstance(document, Mapping):
        return document
    result: Mapping[str, Any] = document.to_dict(mode="json", warnings=False)
    return result
