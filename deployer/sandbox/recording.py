"""Whole exchanges, kept on request: what a client really sent, and what it was answered.

Off until asked for, since bodies take memory. Whoever writes a client sees here what it does on
the wire, and a test can hold both sides against a vendor's document. Secrets are left out.
"""

from collections import deque
from typing import Any

from deployer.sandbox.wire import Request, Response

MOST = 5_000
_SECRET = frozenset({"authorization", "api-key", "cookie"})
_SIGN_IN = "entra.token"


class Recording:
    """The newest exchanges with the vendors' paths, oldest first."""

    def __init__(self) -> None:
        self.on = False
        self._exchanges: deque[tuple[Request, str, Response]] = deque(maxlen=MOST)

    def start(self) -> None:
        self.on = True
        self._exchanges.clear()

    def stop(self) -> None:
        """What was recorded stays until the next start."""
        self.on = False

    def add(self, request: Request, operation: str, response: Response | None) -> None:
        if self.on and response is not None:
            self._exchanges.append((request, operation, response))

    def document(self) -> list[dict[str, Any]]:
        return [_exchange(*kept) for kept in self._exchanges]


def _exchange(request: Request, operation: str, response: Response) -> dict[str, Any]:
    headers = {name: value for name, value in request.headers.items() if name not in _SECRET}
    secret = operation == _SIGN_IN
    return {
        "operation": operation,
        "method": request.method,
        "path": request.path,
        "query": request.query_string,
        "headers": headers,
        "body": "" if secret else _text(request.body),
        "status": response.status,
        "answer_headers": {name.lower(): value for name, value in response.headers},
        "answer": "" if secret else _text(response.body),
    }


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
