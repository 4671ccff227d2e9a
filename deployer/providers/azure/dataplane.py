"""The data plane of an Azure OpenAI account: calls and fine-tuning through the openai SDK.

Azure's `/openai/v1/` takes the plain OpenAI client; each request is signed with the bearer
token of the moment, so that one that ran out is renewed.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from deployer.domain.deployment import Account
from deployer.errors import CloudError
from deployer.providers.attempt import Attempts
from deployer.providers.azure.cloud import Cloud
from deployer.providers.azure.credential import data_plane_token
from deployer.providers.azure.mapping import real_name
from deployer.providers.chat import said

if TYPE_CHECKING:
    import httpx2
    from openai import OpenAI

MOST_TOKENS = 256
"""A legacy completion goes on until it is stopped."""
NO_CHAT = "operationnotsupported"
"""The code of the 400 that a deployment of babbage-002, davinci-002 and their like answers to a chat."""


class DataPlane:
    """An openai client per account, over one pool of connections."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._clients: dict[str, OpenAI] = {}
        self._http: httpx2.Client | None = None
        self._lock = threading.Lock()
        connection = cloud.connection
        self.attempts = Attempts(cloud.clock, connection.retries, scrub=connection.scrub)

    def client(self, account: Account) -> OpenAI:
        """The client of an account. Raises CloudError when nobody says where the account answers."""
        base = self._cloud.endpoints.openai_of(real_name(account), account.endpoint)
        if not base:
            raise CloudError(
                f"cannot reach {account.name}: Azure reports no endpoint for it",
                next_step="set DEPLOYER_AZURE_OPENAI_URL, a template with {account}",
            )
        with self._lock:
            if base not in self._clients:
                self._clients[base] = self._open(base)
            return self._clients[base]

    def chat(self, account: Account, name: str, text: str) -> str:
        """What a deployment answers to `text`; one of a model older than chat is asked to complete it.

        Where neither is possible the refusal of the chat is the one to be read.
        """
        client, what = self.client(account), f"call deployment {name} of {account.name}"
        try:
            answer: Any = self.attempts(
                what, lambda: client.chat.completions.create(model=name, messages=[{"role": "user", "content": text}])
            )
        except CloudError as error:
            if error.code.lower() != NO_CHAT:
                raise
            answer = self._complete(client, what, name, text, error)
        return said(what, answer)

    def _complete(self, client: OpenAI, what: str, name: str, text: str, refused: CloudError) -> Any:
        try:
            return self.attempts(
                what, lambda: client.completions.create(model=name, prompt=text, max_tokens=MOST_TOKENS)
            )
        except CloudError as error:
            raise (refused if error.code.lower() == NO_CHAT else error) from None

    def token(self) -> str:
        return self._cloud.guarded("sign in", lambda: data_plane_token(self._cloud.credential, self._cloud.endpoints))

    def _open(self, base: str) -> OpenAI:
        from openai import OpenAI

        self._http = self._http or self._open_http()
        return OpenAI(
            base_url=f"{base}/openai/v1/",
            api_key="signed-below",
            max_retries=0,
            timeout=self._cloud.connection.timeout,
            http_client=self._http,
        )

    def _open_http(self) -> httpx2.Client:
        from deployer.providers.azure.signing import TokenAuth
        from deployer.providers.transport import open_http

        client = open_http(self._cloud.connection)
        client.auth = TokenAuth(self.token, self._cloud.credential.renew)
        return client
