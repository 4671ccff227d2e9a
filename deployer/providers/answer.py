"""What a service may answer to a call that succeeded: a JSON object, nothing else.

A proxy, a captive portal or a broken gateway answers 200 with a page of its own. The openai SDK
hands that on as text, or fails somewhere inside; here it is refused before the SDK sees it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

_OPAQUE = "/content"
"""The end of the path of a file's content, which may be anything."""


class Unreadable(Exception):
    """An answer of success that is not what the service sends."""


def require_object(response: httpx2.Response) -> None:
    """Raise Unreadable unless the answer of a success is a JSON object; for httpx2's response hook."""
    if not response.is_success or response.status_code == 204 or response.request.url.path.endswith(_OPAQUE):
        return
    content = response.read()
    try:
        document = json.loads(content)
    except ValueError:
        seen = repr(content[:40].decode("utf-8", "replace")) if content else "an empty body"
        raise Unreadable(f"{seen} instead of JSON") from None
    if not isinstance(document, dict):
        raise Unreadable(f"a JSON {type(document).__name__} instead of an object")
