"""The control API: the sandbox's own paths, outside those of the vendors.

It moves the clock, orders faults, makes what others would have made, and tells the truth:
the invoice, what was requested, and what really happened to deployments.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from deployer.sandbox import order
from deployer.sandbox.clock import parse_instant
from deployer.sandbox.fault import InvalidFault
from deployer.sandbox.genesis import Beginning
from deployer.sandbox.invoice import Invoice
from deployer.sandbox.resource import Refusal
from deployer.sandbox.wire import BadBody, Request, Response, Route

if TYPE_CHECKING:
    from deployer.sandbox.server import Application

PREFIX = "/_sandbox"


def routes(application: "Application") -> list[Route]:
    service = Control(application)
    table: tuple[tuple[str, str, Callable[[Request], Any]], ...] = (
        ("GET", "clock", service.clock),
        ("POST", "clock", service.advance),
        ("POST", "reset", service.reset),
        ("GET", "env", service.environment),
        ("POST", "accounts", service.accounts),
        ("POST", "deployments", service.deployments),
        ("POST", "traffic", service.traffic),
        ("POST", "faults", service.order_fault),
        ("DELETE", "faults", service.clear_faults),
        ("GET", "invoice", service.invoice),
        ("GET", "requests", service.requests),
        ("GET", "log", service.log),
        ("GET", "events", service.events),
        ("POST", "recording", service.record),
        ("GET", "recording", service.recorded),
    )
    return [Route(method, f"{PREFIX}/{name}", f"sandbox.{name}", _told(handler)) for method, name, handler in table]


def refuse(request: Request, allowed: tuple[str, ...]) -> Response:
    return _error(405 if allowed else 404, f"{request.method} {request.path} is not part of the control API")


def _error(status: int, message: str) -> Response:
    return Response.json({"error": message}, status)


def _told(handler: Callable[[Request], Any]) -> Callable[[Request], Response]:
    """`handler`'s value as JSON, its refusals as 400 with the reason."""

    def handle(request: Request) -> Response:
        try:
            return Response.json(handler(request))
        except Refusal as refusal:
            return _error(refusal.status, refusal.message)
        except (BadBody, InvalidFault, ValueError, TypeError, KeyError) as error:
            return _error(400, f"{type(error).__name__}: {error}")

    return handle


class Control:
    def __init__(self, application: "Application") -> None:
        self._application = application

    def clock(self, request: Request) -> Any:
        clock = self._application.world.clock
        return {"now": clock.now().isoformat(), "frozen": clock.frozen}

    def advance(self, request: Request) -> Any:
        """By `seconds`, or to the instant `to`; what is due on the way happens."""
        world, body = self._application.world, request.json()
        if "to" in body:
            world.clock.advance_to(parse_instant(body["to"]))
        else:
            world.clock.advance(float(body["seconds"]))
        world.settle()
        return self.clock(request)

    def reset(self, request: Request) -> Any:
        self._application.reset(Beginning.read(request.json()))
        return self.clock(request)

    def environment(self, request: Request) -> Any:
        """With `tools`, also what only other people's tools need."""
        more = self._application.tool_environment if request.query("tools") else {}
        return self._application.environment | more

    def accounts(self, request: Request) -> Any:
        return {"made": order.make_accounts(self._application.world, request.json())}

    def deployments(self, request: Request) -> Any:
        return {"made": order.make_deployments(self._application.world, request.json())}

    def traffic(self, request: Request) -> Any:
        return {"made": order.replay_traffic(self._application.world, request.json())}

    def order_fault(self, request: Request) -> Any:
        return {"id": self._application.world.faults.order(request.json())}

    def clear_faults(self, request: Request) -> Any:
        self._application.world.faults.clear()
        return {}

    def invoice(self, request: Request) -> Any:
        """Over `start`..`end` (all time without), optionally with hosting at another `hosting_rate`."""
        start, end = _instant(request, "start"), _instant(request, "end")
        try:
            rate = Decimal(request.query("hosting_rate")) if request.query("hosting_rate") else None
        except InvalidOperation as error:
            raise ValueError(f"hosting_rate {request.query('hosting_rate')!r} is not a number") from error
        return Invoice(self._application.world, start, end, rate).document()

    def requests(self, request: Request) -> Any:
        """How many requests the vendors' paths took, and to how many of them an ordered fault happened."""
        counts = self._application.counts
        return {"total": counts.total(), "faults": self._application.struck, "by_operation": dict(counts)}

    def log(self, request: Request) -> Any:
        """The newest requests, oldest first."""
        return [_line(line._asdict()) for line in self._application.log]

    def events(self, request: Request) -> Any:
        return [asdict(event) for event in self._application.world.events]

    def record(self, request: Request) -> Any:
        """Keep whole exchanges from now on, or with `{"on": false}` no longer."""
        recording, on = self._application.recording, bool(request.json().get("on", True))
        if on:
            recording.start()
        else:
            recording.stop()
        return {"on": on}

    def recorded(self, request: Request) -> Any:
        return self._application.recording.document()


def _line(line: dict[str, Any]) -> dict[str, Any]:
    return line if line["fault"] else {key: value for key, value in line.items() if key != "fault"}


def _instant(request: Request, name: str) -> datetime | None:
    return parse_instant(request.query(name)) if request.query(name) else None
