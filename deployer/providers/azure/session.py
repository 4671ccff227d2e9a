"""Sends what azure-core has prepared, over connections that are kept and shared by threads.

requests and urllib3 prepare, check and wrap each request again, which takes three times as long
as sending it: 0.35 of 0.5 ms a call on loopback. A guard that looks every hour at hundreds of
accounts makes many calls, so those that need nothing of it go straight over TLS; what a proxy, a
form or a file needs still goes through requests. Failures come out as requests' own
exceptions, which azure-core knows.
"""

from __future__ import annotations

import gzip
import http.client
import io
import ssl
import threading
import weakref
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from httptools import HttpParserError
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH, requote_uri
from urllib3.exceptions import ProtocolError
from urllib3.util.wait import wait_for_read

from deployer.providers.azure.answer import Answer, read_answer

_HEADERS = {"Accept-Encoding": "gzip", "Connection": "keep-alive"}
Timeout = tuple[float, float]


class Pool:
    """Idle TLS connections by server; one that the server has closed meanwhile is not used again."""

    def __init__(self, most_idle: int, bundle: str) -> None:
        self._most_idle = most_idle
        self._bundle = bundle
        self._idle: dict[str, list[http.client.HTTPSConnection]] = {}
        self._context: ssl.SSLContext | None = None
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._idle)

    def take(self, host: str, timeout: Timeout) -> http.client.HTTPSConnection:
        """A connection that is open. Raises what requests raises when none can be made."""
        while (kept := self._pop(host)) is not None:
            if kept.sock is not None and not wait_for_read(kept.sock, 0):
                return kept
            kept.close()
        return self._connect(host, timeout)

    def give_back(self, host: str, connection: http.client.HTTPSConnection) -> None:
        with self._lock:
            idle = self._idle.setdefault(host, [])
            if connection.sock is not None and len(idle) < self._most_idle:
                idle.append(connection)
                return
        connection.close()

    def _pop(self, host: str) -> http.client.HTTPSConnection | None:
        with self._lock:
            idle = self._idle.get(host)
            return idle.pop() if idle else None

    def _connect(self, host: str, timeout: Timeout) -> http.client.HTTPSConnection:
        connection = http.client.HTTPSConnection(host, timeout=timeout[0], context=self._trust())
        try:
            connection.connect()
        except ssl.SSLError as error:
            raise requests.exceptions.SSLError(error) from error
        except TimeoutError as error:
            raise requests.exceptions.ConnectTimeout(error) from error
        except OSError as error:
            raise requests.exceptions.ConnectionError(error) from error
        connection.sock.settimeout(timeout[1])
        return connection

    def _trust(self) -> ssl.SSLContext:
        """Read once: the public authorities take milliseconds to load."""
        with self._lock:
            if self._context is None:
                self._context = ssl.create_default_context(cafile=self._bundle or DEFAULT_CA_BUNDLE_PATH)
            return self._context


def _close(idle: Mapping[str, list[http.client.HTTPSConnection]]) -> None:
    for connections in idle.values():
        for connection in connections:
            connection.close()


class DirectSession(requests.Session):
    """requests' session, with a short way for the calls that need nothing of it."""

    def __init__(self, workers: int, bundle: str) -> None:
        super().__init__()
        self.cookies = _NoCookies()
        self.trust_env = False  # proxies are looked up once by the transport; ~/.netrc would replace our token
        self._pool = Pool(max(workers, 4), bundle)
        adapter = HTTPAdapter(pool_connections=16, pool_maxsize=max(workers, 4), max_retries=0)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]
        data, place = options.get("data"), urlsplit(requote_uri(url))
        plain = data is None or isinstance(data, bytes | str)
        if not plain or place.scheme != "https" or any(options.get(name) for name in ("files", "proxies", "cert")):
            return super().request(method, url, **options)
        body = data.encode() if isinstance(data, str) else data
        return self._exchange(method, place, {**_HEADERS, **options["headers"]}, body, options["timeout"])

    def _exchange(
        self, method: str, place: SplitResult, headers: Mapping[str, str], body: bytes | None, timeout: Timeout
    ) -> requests.Response:
        message = _in_one_piece(method, place, headers, body)
        connection = self._pool.take(place.netloc, timeout)
        try:
            connection.sock.sendall(message)
            answer = read_answer(connection.sock)
            response = _response(place.geturl(), answer)
        except TimeoutError as error:
            connection.close()
            raise requests.exceptions.ReadTimeout(error) from error
        except (http.client.HTTPException, HttpParserError, zlib.error, EOFError, OSError) as error:
            connection.close()
            raise requests.exceptions.ConnectionError(ProtocolError(f"Connection aborted: {error!r}", error)) from error
        if not answer.reusable:
            connection.close()
        self._pool.give_back(place.netloc, connection)
        return response


def _in_one_piece(method: str, place: SplitResult, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """The whole request. http.client sends head and body apart, which wakes the server twice for each question."""
    fields = {"Host": place.netloc, **headers}
    if body is not None or method in ("POST", "PUT", "PATCH"):
        fields = {name: value for name, value in fields.items() if name.lower() != "content-length"}
        fields["Content-Length"] = str(len(body or b""))
    lines = [f"{method} {place.path or '/'}?{place.query} HTTP/1.1", *(f"{name}: {fields[name]}" for name in fields)]
    if any("\r" in line or "\n" in line for line in lines):
        raise requests.exceptions.InvalidHeader("a header or address holds a line break")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


class _Body(io.BytesIO):
    """A body that came whole; azure-core sets this attribute on every answer."""

    enforce_content_length = True


class _NoCookies(RequestsCookieJar):
    """A jar that keeps nothing: sessions are shared by threads, and ARM needs no cookie."""

    def set_cookie(self, cookie: Any, *args: Any, **kwargs: Any) -> None:
        return


def _response(url: str, answer: Answer) -> requests.Response:
    response = requests.Response()
    response.url, response.status_code, response.reason = url, answer.status, answer.reason
    response.headers = CaseInsensitiveDict(answer.headers)
    response.encoding = "utf-8"
    packed = response.headers.get("Content-Encoding", "").lower() == "gzip"
    response.raw = _Body(gzip.decompress(answer.content) if packed else answer.content)
    return response
