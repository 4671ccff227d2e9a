"""Real Azure clients, and bare requests, pointed at a sandbox."""

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from azure.identity import ClientSecretCredential
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient

from deployer.sandbox.process import Sandbox

DEV = "aoai-dev-eastus2"
PROD = "aoai-prod-swedencentral"
GROUP = "rg-models"
TUNED = "gpt-4.1-mini-2025-04-14.ft-0123456789abcdef0123456789abcdef-support"
VERSION = "2025-09-01"
SCOPE = "https://management.azure.com/.default"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        """The code of an error as ARM words it."""
        return str(self.body["error"]["code"])


@dataclass(frozen=True)
class Wire:
    """Bare requests with a fresh token."""

    sandbox: Sandbox

    @cached_property
    def token(self) -> str:
        return self.token_for(SCOPE)

    def token_for(self, scope: str) -> str:
        env = self.sandbox.env
        form = {
            "grant_type": "client_credentials",
            "client_id": env["AZURE_CLIENT_ID"],
            "client_secret": env["AZURE_CLIENT_SECRET"],
            "scope": scope,
        }
        answer = self.send("POST", f"/{env['AZURE_TENANT_ID']}/oauth2/v2.0/token", urlencode(form), token="")
        return str(answer.body["access_token"])

    def send(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Answer:
        """One request on a connection of its own; raises what the network raises."""
        parts = urlsplit(self.sandbox.url)
        context = ssl.create_default_context(cafile=self.sandbox.ca_file)
        connection = http.client.HTTPSConnection("localhost", parts.port, timeout=10, context=context)
        bearer = self.token if token is None else token
        headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
        payload = body if isinstance(body, str | None) else json.dumps(body)
        try:
            connection.request(method, path.removeprefix(self.sandbox.url), payload, headers)
            response = connection.getresponse()
            return Answer(
                response.status, {key.lower(): value for key, value in response.getheaders()}, response.read()
            )
        finally:
            connection.close()

    def arm(self, method: str, path: str, body: Any = None) -> Answer:
        """A request to ARM below the subscription."""
        subscription = self.sandbox.env["AZURE_SUBSCRIPTION_ID"]
        mark = "&" if "?" in path else "?"
        return self.send(method, f"/subscriptions/{subscription}{path}{mark}api-version={VERSION}", body)

    def deployment(self, method: str, name: str, body: Any = None, account: str = DEV) -> Answer:
        return self.arm(method, f"{account_path(account)}/deployments/{name}", body)


def account_path(account: str) -> str:
    """Below the subscription."""
    return f"/resourceGroups/{GROUP}/providers/Microsoft.CognitiveServices/accounts/{account}"


def account_id(sandbox: Sandbox, account: str = DEV) -> str:
    return f"/subscriptions/{sandbox.env['AZURE_SUBSCRIPTION_ID']}{account_path(account)}"


def deployment_body(model: str = TUNED, sku: str = "Standard", capacity: int = 1, version: str = "") -> dict[str, Any]:
    wanted = {"format": "OpenAI", "name": model} | ({"version": version} if version else {})
    return {"sku": {"name": sku, "capacity": capacity}, "properties": {"model": wanted}}


def query(**parameters: Any) -> str:
    return urlencode(parameters, quote_via=quote)


@contextmanager
def credential(sandbox: Sandbox, secret: str = "") -> Iterator[ClientSecretCredential]:
    env = sandbox.env
    with ClientSecretCredential(
        env["AZURE_TENANT_ID"],
        env["AZURE_CLIENT_ID"],
        secret or env["AZURE_CLIENT_SECRET"],
        authority=sandbox.url,
        disable_instance_discovery=True,
        connection_verify=sandbox.ca_file,
    ) as made:
        yield made


@contextmanager
def resource_manager(sandbox: Sandbox) -> Iterator[CognitiveServicesManagementClient]:
    """The vendor's own client, polling without pause."""
    with (
        credential(sandbox) as made,
        CognitiveServicesManagementClient(
            made,
            sandbox.env["AZURE_SUBSCRIPTION_ID"],
            base_url=sandbox.url,
            credential_scopes=[SCOPE],
            polling_interval=0,
            connection_verify=sandbox.ca_file,
        ) as client,
    ):
        yield client
