"""How requests travel: one pool of connections, waiting on our clock, bounded patience.

azure-core's own retry policy sleeps without a cap when a server says `Retry-After` (10 times,
up to 7 days) and does not see the headers of Cost Management, whose 429 often carries no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import requests
from azure.core.exceptions import AzureError, IncompleteReadError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy
from azure.core.pipeline.transport import RequestsTransport

from deployer.clock import Clock
from deployer.deadline import CALL, deadline, left
from deployer.ports.cloud import Connection
from deployer.providers.azure.session import DirectSession
from deployer.providers.heading import http_date, seconds_until

RETRIED = frozenset({408, 429, 500, 502, 503, 504})
CONNECT = 10.0
"""Seconds until a connection must stand."""
LONGEST_WAIT = 120.0
"""Seconds; who asks for more is told no, and the caller learns how long it would have been."""
LEAST = 0.001
"""Seconds; a time-out of none at all would be an error of another kind."""

_SDK_OPTIONS = ("retry_total", "retry_connect", "retry_read", "retry_status", "retry_on_methods", "timeout")
"""Options for azure-core's own policy, which azure-identity sets; no transport knows them."""
_COST = "x-ms-ratelimit-microsoft.costmanagement-"
_SCALES = {"retry-after-ms": 1000.0, "x-ms-retry-after-ms": 1000.0, "retry-after": 1.0}


class ClockedTransport(RequestsTransport):  # type: ignore[misc]  # azure-core loads it lazily, untyped
    """Connections that all clients and threads share; `sleep` is the clock's."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        settings = connection.settings
        bundle = connection.ca_bundle or settings.get("REQUESTS_CA_BUNDLE", "")
        super().__init__(
            session=DirectSession(connection.workers, bundle),
            session_owner=False,
            connection_timeout=min(connection.timeout, CONNECT),
            read_timeout=connection.timeout,
            connection_verify=bundle or True,
            connection_data_block_size=1 << 20,
        )
        self._clock = clock
        self._proxies: dict[str, dict[str, str]] = {}
        self._dated = ""

    def send(self, request: Any, *, proxies: Any = None, **options: Any) -> Any:
        answer = super().send(request, proxies=proxies or self._proxies_for(request.url), **options)
        self._dated = answer.headers.get("date", "")
        return answer

    def told_at(self) -> datetime | None:
        """When the newest answer was given, by the clock of who gave it; None when it did not say (RFC 9110, Date)."""
        return http_date(self._dated)

    def forget_time(self) -> None:
        """What earlier answers told says nothing of now: there may come no other."""
        self._dated = ""

    def sleep(self, duration: float) -> None:
        self._clock.sleep(duration)

    def _proxies_for(self, url: str) -> dict[str, str]:
        """The environment's proxies for a server, looked up once: requests would do it twice a call."""
        origin = "/".join(url.split("/", 3)[:3])
        if origin not in self._proxies:
            self._proxies[origin] = dict(requests.utils.get_environ_proxies(origin))
        return self._proxies[origin]


class OutOfTime(ServiceRequestError):
    """The deadline has come: nothing was sent."""

    def __init__(self) -> None:
        super().__init__("out of time")


class PatientPolicy(HTTPPolicy[Any, Any]):
    """Repeats what may be repeated: at most `retries` times, as late as the server asks, within the deadline.

    What is sent through it is idempotent or only reads, POST included. The option `whole=True` reads a
    streamed body here, so that a cut in its middle is repeated too; `repeat_cut=False` leaves cuts to the caller.
    """

    def __init__(self, clock: Clock, retries: int, timeout: float) -> None:
        super().__init__()
        self._clock = clock
        self._retries = retries
        self._timeout = timeout

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        repeat_cut = request.context.options.pop("repeat_cut", True)
        whole = request.context.options.pop("whole", False)
        for name in _SDK_OPTIONS:
            request.context.options.pop(name, None)
        with deadline(self._clock, CALL) as seconds:
            answer = self._repeat(request, whole, repeat_cut, seconds)
        if isinstance(answer, AzureError):
            raise answer
        return answer

    def _repeat(
        self, request: PipelineRequest[Any], whole: bool, repeat_cut: bool, seconds: float
    ) -> PipelineResponse[Any, Any] | AzureError:
        if seconds <= 0:
            return OutOfTime()
        for attempt in range(self._retries + 1):
            answer = self._attempt(request, whole, seconds)
            wait = self._wait(answer, attempt, repeat_cut)
            if wait is None or attempt == self._retries or (seconds := left() - wait) <= 0:
                break
            self._clock.sleep(wait)
        return answer

    def _attempt(
        self, request: PipelineRequest[Any], whole: bool, seconds: float
    ) -> PipelineResponse[Any, Any] | AzureError:
        """The answer, or what went wrong on the way; the socket waits no longer than the `seconds` that are left."""
        options, longest = request.context.options, max(LEAST, seconds)
        options["connection_timeout"] = min(self._timeout, CONNECT, longest)
        options["read_timeout"] = min(self._timeout, longest)
        try:
            response = self.next.send(request)
            if whole:
                response.http_response.read()
        except (ServiceRequestError, ServiceResponseError, IncompleteReadError) as error:
            return error
        return response

    def _wait(self, answer: PipelineResponse[Any, Any] | AzureError, attempt: int, repeat_cut: bool) -> float | None:
        """Seconds until the next attempt; None when there is nothing to repeat, or it would take too long."""
        if isinstance(answer, AzureError):
            return backoff(attempt) if _may_repeat(answer, repeat_cut) else None
        if answer.http_response.status_code not in RETRIED:
            return None
        asked = asked_wait(answer.http_response.headers, self._clock.now())
        if asked is None:
            return backoff(attempt)
        return asked if asked <= LONGEST_WAIT else None


def _may_repeat(error: AzureError, repeat_cut: bool) -> bool:
    """A certificate that is not trusted now will not be trusted later; what never left may be sent again."""
    if isinstance(error, OutOfTime) or isinstance(error.inner_exception, requests.exceptions.SSLError):
        return False
    return repeat_cut or isinstance(error, ServiceRequestError)


def backoff(attempt: int) -> float:
    """Half a second, then doubled, at most half a minute."""
    return min(0.5 * 2.0**attempt, 30.0)


def asked_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that the server asks to wait: the longest of all its headers; None when it does not say.

    Cost Management names the limit that was hit (`-qpu-`, `-entity-`, `-tenant-retry-after`, ...).
    """
    asked = [_seconds(name.lower(), value, now) for name, value in headers.items()]
    return max((seconds for seconds in asked if seconds is not None), default=None)


def _seconds(name: str, value: str, now: datetime) -> float | None:
    if name.startswith(_COST) and name.endswith("-retry-after"):
        scale = 1.0
    elif name in _SCALES:
        scale = _SCALES[name]
    else:
        return None
    try:
        return max(0.0, float(value) / scale)
    except ValueError:
        return seconds_until(value, now)
