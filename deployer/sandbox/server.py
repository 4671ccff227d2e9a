"""The sandbox's process: one HTTPS port on loopback that answers for all clouds.

Run by `deployer.sandbox.process.start`. It prints one JSON line when it is ready and ends when
its standard input ends, so that it never outlives whoever started it.
"""

import argparse
import asyncio
import gc
import json
import os
import socket
import sys
import threading
import traceback
from collections import Counter, deque
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC
from email.utils import format_datetime
from pathlib import Path
from typing import Any, NamedTuple

from deployer.sandbox import control, manner, mount
from deployer.sandbox.azure.error import expired_token
from deployer.sandbox.certificate import make_certificates
from deployer.sandbox.clock import parse_instant
from deployer.sandbox.credential import Credentials
from deployer.sandbox.fault import Fault
from deployer.sandbox.genesis import Beginning, begin, environment, tool_environment
from deployer.sandbox.heading import add_headers
from deployer.sandbox.naming import Naming
from deployer.sandbox.recording import Recording
from deployer.sandbox.reshape import reshaped
from deployer.sandbox.wire import Match, Request, Response, Router

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
LOG_LINES = 20_000
SLOWEST = 0.2


class LogLine(NamedTuple):
    at: str
    method: str
    path: str
    operation: str
    status: int
    fault: str


class Application:
    """The ASGI application: finds who answers, plays the ordered faults, counts and logs."""

    def __init__(self, beginning: Beginning, base_url: str, ca_file: str) -> None:
        self.base_url = base_url
        self.ca_file = ca_file
        self.credentials = Credentials(Naming(beginning.seed))
        self.reset(beginning)

    def reset(self, beginning: Beginning) -> None:
        """A fresh world on the same address; credentials and tokens stay good."""
        self.world = begin(beginning, self.base_url, self.credentials)
        self.router = Router(mount.service_routes(self.world) + control.routes(self))
        self.counts: Counter[str] = Counter()
        self.struck = 0
        self.log: deque[LogLine] = deque(maxlen=LOG_LINES)
        self.recording = Recording()

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.base_url, self.ca_file, self.credentials)

    @property
    def tool_environment(self) -> dict[str, str]:
        return tool_environment(self.base_url, self.ca_file, self.credentials)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = _request(scope, await _body(receive))
        response = await self.answer(request)
        if response is None:
            _cut(send)
            return
        headers = [(name.encode(), value.encode()) for name, value in response.headers]
        headers.append((b"content-length", str(len(response.body)).encode()))
        headers.append((b"date", format_datetime(self.world.now().astimezone(UTC), usegmt=True).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})

    async def answer(self, request: Request) -> Response | None:
        """The response, or None when the connection is to be cut."""
        self.world.settle()
        match = manner.find_route(self.router.find, request)
        operation = match.route.operation if match.route else "unknown"
        request.params = match.params
        if operation.startswith("sandbox."):
            return self._handle(request, match)
        if self.world.settings.latency:
            await asyncio.sleep(self.world.settings.latency)
        fault = self.world.faults.strike(request.method, _target(request), operation)
        response = await self._play(fault, request, match)
        if response is not None:
            add_headers(self.world, request, response, self.counts.total() + 1)
        self._record(request, operation, response, fault)
        return response

    async def _play(self, fault: Fault | None, request: Request, match: Match) -> Response | None:
        if fault is None:
            return self._handle(request, match)
        if fault.takes:
            self.world.clock.advance(fault.takes)
            self.world.settle()
        if fault.kind == "status":
            return _ordered(fault)
        if fault.kind == "cut_before":
            return None
        if fault.kind == "expired_token":
            return expired_token()
        if fault.kind == "slow":
            await asyncio.sleep(min(fault.seconds, SLOWEST))
        request.fault = fault.kind
        response = self._handle(request, match)
        if fault.kind == "reshaped":
            return reshaped(response, fault.add, fault.drop, fault.lower)
        return None if fault.kind == "cut_after" else response

    def _handle(self, request: Request, match: Match) -> Response:
        if match.route is None:
            return manner.preflight(request) or mount.refuse(self.world, request, match.allowed)
        try:
            response = match.route.handler(request)
            return manner.without_body(request, response) if request.method == "HEAD" else response
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return Response.json({"error": {"code": "InternalServerError", "message": "defect in the sandbox"}}, 500)

    def _record(self, request: Request, operation: str, response: Response | None, fault: Fault | None) -> None:
        self.counts[operation] += 1
        self.recording.add(request, operation, response)
        self.struck += fault is not None
        at = self.world.now().isoformat()
        status = response.status if response else 0
        self.log.append(LogLine(at, request.method, request.path, operation, status, fault.kind if fault else ""))


def _target(request: Request) -> str:
    return f"{request.path}?{request.query_string}" if request.query_string else request.path


def _request(scope: MutableMapping[str, Any], body: bytes) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, body)


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    parts = [body]
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
    return b"".join(parts)


def _ordered(fault: Fault) -> Response:
    headers = [(name.lower(), str(value)) for name, value in fault.headers.items()]
    if isinstance(fault.body, str):
        return Response(fault.status, fault.body.encode(), tuple(headers))
    body = fault.body
    if body is None:
        body = {"error": {"code": _CODES.get(fault.status, "Error"), "message": "A fault ordered from the sandbox."}}
    return Response.json(body, fault.status, headers)


_CODES = {
    400: "BadRequest", 401: "InvalidAuthenticationToken", 403: "AuthorizationFailed", 404: "ResourceNotFound",
    409: "RequestConflict", 429: "TooManyRequests", 500: "InternalServerError", 503: "ServiceUnavailable",
}  # fmt: skip


def _cut(send: Send) -> None:
    """End the connection without an answer, as a failing network would."""
    cycle: Any = getattr(send, "__self__", None)
    cycle.disconnected = True
    cycle.transport.abort()


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener


def _end_with_input() -> None:
    """Leave when whoever started us is gone: then standard input ends."""
    sys.stdin.buffer.read()
    os._exit(0)


def serve(beginning: Beginning, port: int, folder: Path) -> None:
    """Serve until standard input ends."""
    import uvicorn

    files = make_certificates(folder)
    listener = _listen(port)
    application = Application(beginning, f"https://localhost:{listener.getsockname()[1]}", str(files.ca))
    config = uvicorn.Config(
        application,
        http="httptools",
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=600,
        backlog=1024,
        ssl_certfile=str(files.certificate),
        ssl_keyfile=str(files.key),
    )
    listener.listen(1024)
    threading.Thread(target=_end_with_input, daemon=True).start()
    ready = {"url": application.base_url, "ca_file": str(files.ca), "env": application.environment}
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    gc.freeze()
    uvicorn.Server(config).run(sockets=[listener])


def main() -> None:
    parser = argparse.ArgumentParser(prog="deployer.sandbox.server")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", default="")
    parser.add_argument("--flowing", action="store_true")
    parser.add_argument("--empty", action="store_true")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    start = parse_instant(given.start) if given.start else None
    serve(Beginning(given.seed, start, not given.flowing, given.empty), given.port, given.folder)


if __name__ == "__main__":
    main()
