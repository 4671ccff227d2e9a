"""Lists of the openai SDK to their last page, each page with its own retries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deployer.errors import CloudError
from deployer.providers.attempt import GARBLED, Attempts


def all_items(attempts: Attempts, what: str, first: Callable[[], Any]) -> Iterator[Mapping[str, Any]]:
    """Every item as the vendor sent it, each once: a page may repeat items when new ones arrive meanwhile.

    Raises CloudError when a page holds no list, when there is more and no way to ask for it, or when a page leads
    to itself: what was not listed must not read as what is not there, and no server may hold us for ever.
    """
    seen, asked = set[str](), set[str]()
    page = attempts(what, first)
    while True:
        fresh = [item for item in _listed(what, page) if str(item.get("id", "")) not in seen]
        yield from fresh
        seen.update(str(item["id"]) for item in fresh if item.get("id"))
        if not fresh or not page.has_next_page():
            break
        if (cursor := _cursor(page)) in asked:
            raise CloudError(f"cannot {what}: a page leads to itself", next_step=GARBLED)
        asked.add(cursor)
        page = attempts(what, page.get_next_page)
    if getattr(page, "has_more", None) is True:
        raise CloudError(f"cannot {what}: there is more, and no way to ask for it", next_step=GARBLED)


def _cursor(page: Any) -> str:
    """What the next page will be asked by."""
    info = page.next_page_info()
    return repr([str(getattr(info, name, "")) for name in ("url", "params", "json")])


def _listed(what: str, page: Any) -> list[Mapping[str, Any]]:
    data = getattr(page, "data", None)
    if not isinstance(data, list):
        raise CloudError(f"cannot {what}: the answer holds no list", next_step=GARBLED)
    return [as_mapping(item) for item in data]


def as_mapping(document: Any) -> Mapping[str, Any]:
    """What the vendor sent, unknown fields included; the SDK does not validate its objects, nor do we."""
    if isinstance(document, Mapping):
        return document
    if not hasattr(document, "to_dict"):
        raise CloudError(f"{document!r:.40} came where an object was expected", next_step=GARBLED)
    result: Mapping[str, Any] = document.to_dict(mode="json", warnings=False)
    return result


def identified(what: str, document: Any, *, maybe_done: bool = False) -> Mapping[str, Any]:
    """What the vendor sent about one thing. Raises CloudError when it does not say which."""
    found = as_mapping(document)
    if not found.get("id"):
        message = f"cannot {what}: the answer names nothing"
        raise CloudError(message, maybe_done=maybe_done, next_step=GARBLED)
    return found
