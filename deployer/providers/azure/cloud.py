"""The SDK clients of one connection, made when first needed, and the one place that sends.

Lists and metrics go through the clients' own pipelines (credential, retries, connections)
but are read as JSON: the SDKs' typed results cost milliseconds each and hide what a decision
stands on, such as the error code of a single metric.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import RequestIdPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest

from deployer import __version__
from deployer.clock import Clock
from deployer.deadline import handed_on
from deployer.errors import CloudError
from deployer.ports.cloud import Connection
from deployer.providers.azure.credential import TokenPolicy, open_credential
from deployer.providers.azure.endpoint import Endpoints, same_origin, scope
from deployer.providers.azure.error import cloud_error, refusal, words_of
from deployer.providers.azure.pace import Pace, PacePolicy
from deployer.providers.azure.transport import ClockedTransport, PatientPolicy, asked_wait
from deployer.providers.azure.wire import decode, listed, text

if TYPE_CHECKING:
    from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
    from azure.mgmt.costmanagement import CostManagementClient
    from azure.mgmt.resourcegraph import ResourceGraphClient
    from azure.monitor.querymetrics import MetricsClient

T = TypeVar("T")
R = TypeVar("R")
Send = Callable[..., Any]
Page = tuple[Mapping[str, Any], ...]

USER_AGENT = f"deployer/{__version__}"
MOST_PAGES = 10_000
ARM_VERSION = "2025-09-01"
SUBSCRIPTIONS_VERSION = "2022-12-01"


@dataclass(frozen=True)
class Answer:
    """What came back of a call that succeeded."""

    status: int
    content: bytes
    document: Callable[[], Any]


class Cloud:
    """One Azure: endpoints, credential, connections, clients. Safe to share over threads."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self.connection = connection
        self.clock = clock
        self.endpoints = Endpoints.from_settings(connection.settings)
        self.transport = ClockedTransport(connection, clock)
        self._pace = Pace(clock, self.endpoints.resource_manager)
        self.credential = open_credential(
            connection.settings, self.endpoints, self.transport, clock, lambda **_: self._patience()
        )
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(connection.workers, "azure")

    def each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """`work` of every item, side by side, in their order. Not to be used inside such work.

        One or two are done here: handing them to threads takes longer than it saves.
        """
        return [work(item) for item in items] if len(items) <= 2 else list(self._pool.map(handed_on(work), items))

    # --- clients ------------------------------------------------------------------------------

    def accounts(self, subscription: str) -> CognitiveServicesManagementClient:
        def make() -> CognitiveServicesManagementClient:
            from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient

            return CognitiveServicesManagementClient(subscription_id=subscription, **self._arm_options())

        return self._client(f"accounts {subscription.lower()}", make)

    def graph(self) -> ResourceGraphClient:
        def make() -> ResourceGraphClient:
            from azure.mgmt.resourcegraph import ResourceGraphClient

            return ResourceGraphClient(**self._arm_options())

        return self._client("graph", make)

    def costs(self) -> CostManagementClient:
        def make() -> CostManagementClient:
            from azure.mgmt.costmanagement import CostManagementClient

            return CostManagementClient(**self._arm_options())

        return self._client("costs", make)

    def metrics(self, region: str) -> MetricsClient:
        def make() -> MetricsClient:
            from azure.monitor.querymetrics import MetricsClient

            audience = self.endpoints.metrics_audience
            return MetricsClient(self.endpoints.metrics_of(region), audience=audience, **self._options(audience))

        return self._client(f"metrics {region}", make)

    def _client(self, name: str, make: Callable[[], T]) -> T:
        with self._lock:
            if name not in self._clients:
                self._clients[name] = make()
            client: T = self._clients[name]
            return client

    def _arm_options(self) -> dict[str, Any]:
        return {"base_url": self.endpoints.resource_manager, **self._options(self.endpoints.audience)}

    def _options(self, audience: str) -> dict[str, Any]:
        """What every client shares. Few policies, and ours where the SDK's are unbounded or unlocked.

        Without a policy for them redirections are errors, bodies are decoded once, and nothing is logged.
        """
        policies = [RequestIdPolicy(), UserAgentPolicy(base_user_agent=USER_AGENT)]
        turns = [self._patience(), PacePolicy(self._pace), TokenPolicy(self.credential, scope(audience))]
        return {
            "credential": self.credential,
            "credential_scopes": [scope(audience)],
            "policies": [*policies, *turns],
            "transport": self.transport,
        }

    def _patience(self) -> PatientPolicy:
        return PatientPolicy(self.clock, self.connection.retries, self.connection.timeout)

    # --- calls --------------------------------------------------------------------------------

    def send(self, what: str, client: Any, request: HttpRequest, *, repeat_cut: bool = True) -> Answer:
        """One call through a client's pipeline; `what` names it in errors. Raises CloudError, nothing else."""
        send: Send = getattr(client, "send_request", None) or client._send_request
        number = str(uuid4())  # the SDK's own choice, a uuid1, takes six times as long
        options = {"stream": True, "whole": True, "repeat_cut": repeat_cut, "request_id": number}
        response = self.guarded(what, lambda: send(request, **options))
        content: bytes = response.content
        if not 200 <= response.status_code < 300:
            raise self._refusal(what, response.status_code, content, response.headers)
        return Answer(response.status_code, content, lambda: decode(content, what))

    def guarded(self, what: str, work: Callable[[], T]) -> T:
        """Run SDK code; whatever it raises comes out as a CloudError."""
        try:
            return work()
        except AzureError as error:
            raise cloud_error(what, error, self.connection.scrub) from None
        except (ValueError, OSError) as error:
            message = f"cannot {what}: {type(error).__name__}: {error}"
            raise CloudError(self.connection.scrub(message), next_step="check the settings of Azure") from None

    def pages(self, what: str, client: Any, first: str) -> Iterator[Mapping[str, Any]]:
        """Every item of an ARM list, to the last page. An answer without its list is no list of nothing."""
        url, seen = first, set[str]()
        while url:
            self._follow(what, url, seen)
            document = self.send(what, client, HttpRequest("GET", url)).document()
            yield from listed(document, "value", what)
            url = text(document, "nextLink")

    def _follow(self, what: str, url: str, seen: set[str]) -> None:
        """Refuse a page link that leads elsewhere, with our token, or round in a circle."""
        if not same_origin(url, self.endpoints.resource_manager):
            raise CloudError(f"cannot {what}: the link to the next page leads to another server")
        if url in seen or len(seen) >= MOST_PAGES:
            raise CloudError(f"cannot {what}: the list does not end")
        seen.add(url)

    def arm_url(self, path: str, version: str = ARM_VERSION) -> str:
        """The address of an ARM path that begins with a slash."""
        return f"{self.endpoints.resource_manager}{path}?api-version={version}"

    def subscriptions(self) -> tuple[str, ...]:
        """The ids that the settings name, else all that the credential sees. Raises CloudError."""
        if self.endpoints.subscriptions:
            return self.endpoints.subscriptions
        url = self.arm_url("/subscriptions", SUBSCRIPTIONS_VERSION)
        found = self.pages("list subscriptions", self.graph(), url)
        return tuple(text(item, "subscriptionId") for item in found if text(item, "state").lower() != "deleted")

    def _refusal(self, what: str, status: int, content: bytes, headers: Mapping[str, str]) -> CloudError:
        try:
            code, words = words_of(decode(content, what))
        except CloudError:
            code, words = "", content[:200].decode("utf-8", "replace")
        retry_after = asked_wait(headers, self.clock.now())
        return refusal(what, status, code, words, self.connection.scrub, retry_after=retry_after)
