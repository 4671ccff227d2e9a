"""The time of a sandbox, so that the same commands run in its virtual time.

Only a server on this machine may tell the time: whoever sets our clock decides when the guard acts.
"""

import json
import ssl
import threading
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from deployer.clock import SystemClock
from deployer.errors import InvalidFile, Problem, Unreachable

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_TIMEOUT = 10.0


class RemoteClock:
    """A `Clock` that asks `url`; sleeping advances the time there when it is frozen, else really waits."""

    def __init__(self, url: str, ca_file: str = "") -> None:
        parts = urlsplit(url)
        if parts.hostname not in LOOPBACK:
            problem = Problem(
                "DEPLOYER_CLOCK_URL", f"the host is {parts.hostname}", "a sandbox on this machine (localhost)"
            )
            raise InvalidFile((problem,), next_step="unset DEPLOYER_CLOCK_URL")
        self._host, self._port, self._path = parts.hostname, parts.port, parts.path or "/"
        self._tls = ssl.create_default_context(cafile=ca_file or None) if parts.scheme == "https" else None
        self._connection: HTTPConnection | None = None
        self._lock = threading.Lock()
        self._real = SystemClock()

    def now(self) -> datetime:
        return _instant(self._ask("GET")["now"])

    def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        if self._ask("GET")["frozen"]:
            self._ask("POST", {"seconds": seconds})
        else:
            self._real.sleep(seconds)

    def monotonic(self) -> float:
        return self.now().timestamp()

    def close(self) -> None:
        with self._lock:
            self._disconnect()

    def _ask(self, method: str, body: dict[str, float] | None = None) -> dict[str, Any]:
        with self._lock:
            try:
                answer = self._send(method, body)
                if not isinstance(answer, dict):
                    raise ValueError("the answer is no object")
                return answer
            except (OSError, HTTPException, ValueError) as error:
                self._disconnect()
                raise Unreachable(
                    f"the clock at DEPLOYER_CLOCK_URL ({self._host}:{self._port}) does not answer: {error}",
                    next_step="start it with `deployer sandbox up`, or unset DEPLOYER_CLOCK_URL",
                ) from error

    def _send(self, method: str, body: dict[str, float] | None) -> Any:
        reused = self._connection is not None
        try:
            return self._exchange(method, body)
        except (OSError, HTTPException):
            # A kept connection may have been closed by the server in the meantime; reading the time twice does no harm.
            self._disconnect()
            if not reused or method != "GET":
                raise
            return self._exchange(method, body)

    def _exchange(self, method: str, body: dict[str, float] | None) -> Any:
        connection = self._connect()
        content = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json"} if content else {}
        connection.request(method, self._path, content, headers)
        response = connection.getresponse()
        data = response.read()
        if response.status != 200:
            raise ValueError(f"status {response.status}")
        return json.loads(data)

    def _connect(self) -> HTTPConnection:
        if self._connection is None:
            if self._tls:
                self._connection = HTTPSConnection(self._host, self._port, timeout=_TIMEOUT, context=self._tls)
            else:
                self._connection = HTTPConnection(self._host, self._port, timeout=_TIMEOUT)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return instant.astimezone(UTC)


def server_time(url: str, ca_file: str = "", timeout: float = 5.0) -> datetime:
    """The time by the `Date` header of any answer of an https server. Raises Unreachable."""
    from email.utils import parsedate_to_datetime

    parts = urlsplit(url)
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
        connection = HTTPSConnection(parts.hostname or "", parts.port, timeout=timeout, context=context)
        try:
            connection.request("HEAD", "/")
            return parsedate_to_datetime(connection.getresponse().headers["Date"]).astimezone(UTC)
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError, TypeError) as error:
        raise Unreachable(f"{parts.hostname} does not tell the time: {error}") from error
