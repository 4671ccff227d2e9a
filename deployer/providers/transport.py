"""The HTTP client under every openai client: our certificate authority, our time-out, answers that are answers.

The SDK reads `SSL_CERT_FILE` only, while the Azure libraries read `REQUESTS_CA_BUNDLE`;
`DEPLOYER_CA_BUNDLE` is one setting for all, so it is applied here.
"""

from __future__ import annotations

import ssl
import weakref
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from deployer.deadline import left
from deployer.errors import CloudError
from deployer.ports.cloud import Connection
from deployer.providers.answer import require_object

if TYPE_CHECKING:
    import httpx2


LEAST = 0.001
"""Seconds; a time-out of none at all would be no time-out to some clients."""


def open_http(connection: Connection) -> httpx2.Client:
    """A pooled client; pass it as `http_client`, and `max_retries=0`, to OpenAI or AzureOpenAI."""
    import httpx2

    class Client(httpx2.Client):
        """No time-out outlasts the deadline."""

        def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
            longest = max(left(), LEAST)
            given = request.extensions.get("timeout") or httpx2.Timeout(connection.timeout).as_dict()
            capped = {name: longest if value is None else min(value, longest) for name, value in given.items()}
            request.extensions = {**request.extensions, "timeout": capped}
            return super().send(request, **options)

    limits = httpx2.Limits(max_connections=max(connection.workers, 4), max_keepalive_connections=connection.workers)
    bundle = connection.ca_bundle or connection.settings.get("SSL_CERT_FILE", "")
    client = Client(
        verify=_trust(bundle),
        timeout=connection.timeout,
        limits=limits,
        follow_redirects=True,
        event_hooks={"response": [require_object]},
    )
    # Dropped clients lie in reference cycles, where `__del__` may come after that of the sockets; a finalizer does not.
    weakref.finalize(client, _close, [client._transport, *client._mounts.values()])
    return client


def _close(transports: Iterable[httpx2.BaseTransport | None]) -> None:
    for transport in transports:
        if transport is not None:
            transport.close()


@lru_cache(maxsize=4)
def _trust(bundle: str) -> ssl.SSLContext:
    """The system's authorities, and those of `bundle` where one is set; reading them takes tens of milliseconds."""
    context = ssl.create_default_context()
    if bundle:
        try:
            context.load_verify_locations(cafile=bundle)
        except (OSError, ssl.SSLError) as error:
            raise CloudError(
                f"cannot trust the certificates in {bundle}: {error.strerror or error}",
                next_step="DEPLOYER_CA_BUNDLE must name a file of PEM certificates",
            ) from None
    return context
