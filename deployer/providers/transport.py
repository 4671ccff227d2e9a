"""The HTTP client under every openai client: our certificate authority and our time-out.

The SDK reads `SSL_CERT_FILE` only, while the Azure libraries read `REQUESTS_CA_BUNDLE`;
`DEPLOYER_CA_BUNDLE` is one setting for all, so it is applied here.
"""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING

from deployer.ports import Connection

if TYPE_CHECKING:
    import httpx2


def open_http(connection: Connection) -> httpx2.Client:
    """A pooled client; pass it as `http_client`, and `max_retries=0`, to OpenAI or AzureOpenAI."""
    import httpx2

    class Client(httpx2.Client):
        """Closes its connections when it is dropped, as the SDK's own does."""

        def __del__(self) -> None:
            with contextlib.suppress(Exception):
                self.close()

    limits = httpx2.Limits(max_connections=max(connection.workers, 4), max_keepalive_connections=connection.workers)
    return Client(verify=_trust(connection), timeout=connection.timeout, limits=limits, follow_redirects=True)


def _trust(connection: Connection) -> ssl.SSLContext:
    """The system's authorities, and ours where one is set."""
    context = ssl.create_default_context()
    bundle = connection.ca_bundle or connection.settings.get("SSL_CERT_FILE", "")
    if bundle:
        context.load_verify_locations(cafile=bundle)
    return context
