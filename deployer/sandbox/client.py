"""The control API for tests, the demo and the command line, with nothing but the standard library."""

import http.client
import json
import ssl
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

FILE = "sandbox.json"
TIMEOUT = 30.0


class SandboxError(Exception):
    """The sandbox cannot be reached or refused an order; the text says why."""


class SandboxClient:
    """Talks to one running sandbox; may be shared by threads."""

    def __init__(self, url: str, ca_file: str) -> None:
        self.url = url
        self.ca_file = ca_file
        self._context = ssl.create_default_context(cafile=ca_file)
        self._connection: http.client.HTTPSConnection | None = None
        self._lock = threading.Lock()

    @classmethod
    def find(cls, home: Path) -> "SandboxClient":
        """The sandbox that `sandbox up` runs for this state folder. Raises SandboxError."""
        file = home / FILE
        try:
            content = json.loads(file.read_text())
            return cls(content["url"], content["ca_file"])
        except (OSError, ValueError, KeyError, ssl.SSLError) as error:
            raise SandboxError(f"no sandbox is running for {home} ({file}: {type(error).__name__})") from error

    # --- time ---------------------------------------------------------------------------------

    def now(self) -> datetime:
        return datetime.fromisoformat(self._call("GET", "clock")["now"])

    def advance(self, seconds: float | None = None, to: datetime | None = None) -> datetime:
        """Move the virtual clock forward, by `seconds` or to an instant."""
        body = {"to": to.isoformat()} if to else {"seconds": seconds or 0}
        return datetime.fromisoformat(self._call("POST", "clock", body)["now"])

    def reset(
        self,
        seed: int = 0,
        start: datetime | None = None,
        frozen: bool = True,
        empty: bool = False,
        **settings: Any,
    ) -> None:
        """A fresh world on the same port; `settings` such as lro_polls=0 or page_size=2 say how it behaves."""
        at = start.isoformat() if start else None
        self._call("POST", "reset", {"seed": seed, "start": at, "frozen": frozen, "empty": empty, **settings})

    # --- what others would have made ----------------------------------------------------------

    def create_accounts(self, accounts: Sequence[Mapping[str, Any]]) -> None:
        """Each with name and region; tags, subscription, resource_group, locked as wanted."""
        self._call("POST", "accounts", accounts)

    def create_deployments(self, deployments: Sequence[Mapping[str, Any]]) -> None:
        """Each with account, name and model; version, sku, capacity, tags, created_at as wanted. Ready at once."""
        self._call("POST", "deployments", deployments)

    def traffic(self, streams: Sequence[Mapping[str, Any]]) -> None:
        """Evenly spaced requests: account, deployment, start, end, requests_per_hour; tokens are per request."""
        self._call("POST", "traffic", streams)

    # --- faults -------------------------------------------------------------------------------

    def fault(self, order: Mapping[str, Any]) -> int:
        """Order a fault and return its number."""
        number: int = self._call("POST", "faults", order)["id"]
        return number

    def clear_faults(self) -> None:
        self._call("DELETE", "faults")

    # --- the truth ----------------------------------------------------------------------------

    def invoice(
        self, start: datetime | None = None, end: datetime | None = None, hosting_rate: str | None = None
    ) -> dict[str, Any]:
        """What everything really cost; `hosting_rate` asks what hosting would have cost at that hourly rate."""
        given = {
            "start": start.isoformat() if start else None,
            "end": end.isoformat() if end else None,
            "hosting_rate": hosting_rate,
        }
        query = urlencode({key: value for key, value in given.items() if value})
        document: dict[str, Any] = self._call("GET", f"invoice?{query}")
        return document

    def requests(self) -> dict[str, Any]:
        """Since the last reset: how many requests the vendors' paths took, which, and how many `faults` happened."""
        document: dict[str, Any] = self._call("GET", "requests")
        return document

    def log(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = self._call("GET", "log")
        return lines

    def deployment_events(self) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = self._call("GET", "events")
        return [{**event, "at": datetime.fromisoformat(event["at"])} for event in events]

    def record(self, on: bool = True) -> None:
        """Keep whole exchanges from now on (or no longer), for `recorded`; a reset ends it."""
        self._call("POST", "recording", {"on": on})

    def recorded(self) -> list[dict[str, Any]]:
        """Every exchange since `record`: method, path, query, headers, body, status, answer; without secrets."""
        exchanges: list[dict[str, Any]] = self._call("GET", "recording")
        return exchanges

    def environment(self, *, tools: bool = False) -> dict[str, str]:
        """The settings that point any client at this sandbox; with `tools`, also what only foreign tools need."""
        settings: dict[str, str] = self._call("GET", "env?tools=1" if tools else "env")
        return settings

    def close(self) -> None:
        with self._lock:
            self._drop()

    # --- wire ---------------------------------------------------------------------------------

    def _call(self, method: str, name: str, body: Any = None) -> Any:
        payload = None if body is None else json.dumps(body, default=_plain)
        status, content = self._send(method, f"/_sandbox/{name}", payload)
        document = json.loads(content)
        if status >= 400:
            raise SandboxError(f"{method} {name}: {document.get('error', document)}")
        return document

    def _send(self, method: str, path: str, payload: str | None) -> tuple[int, bytes]:
        body = (payload or "").encode()
        head = f"{method} {path} HTTP/1.1\r\nhost: {urlsplit(self.url).netloc}\r\ncontent-type: application/json\r\n"
        message = f"{head}content-length: {len(body)}\r\n\r\n".encode("latin-1") + body
        with self._lock:
            fresh = self._connection is None
            try:
                return self._exchange(method, message)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as error:
                self._drop()
                if fresh:
                    raise SandboxError(f"the sandbox at {self.url} ended the connection") from error
                return self._exchange(method, message)
            except OSError as error:
                self._drop()
                raise SandboxError(f"the sandbox at {self.url} does not answer: {error}") from error

    def _exchange(self, method: str, message: bytes) -> tuple[int, bytes]:
        """In one piece: http.client would send head and body apart and wake the sandbox twice."""
        if self._connection is None:
            parts = urlsplit(self.url)
            self._connection = http.client.HTTPSConnection(
                parts.hostname or "localhost", parts.port, timeout=TIMEOUT, context=self._context
            )
            self._connection.connect()
        self._connection.sock.sendall(message)
        with http.client.HTTPResponse(self._connection.sock, method=method) as response:
            response.begin()
            return response.status, response.read()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON")
