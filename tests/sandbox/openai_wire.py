"""Both clouds' data planes as anybody's openai client reaches them, without touching the environment."""

import json
import ssl
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from openai import OpenAI

from deployer.sandbox.process import Sandbox

ACCOUNT = "aoai-dev-eastus2"


@contextmanager
def open_client(cloud: str, sandbox: Sandbox, account: str = ACCOUNT) -> Iterator[OpenAI]:
    env, trust = sandbox.env, ssl.create_default_context(cafile=sandbox.ca_file)
    key, base = env["OPENAI_API_KEY"], env["OPENAI_BASE_URL"]
    if cloud == "azure":
        key, base = data_token(sandbox, trust), f"{sandbox.url}/accounts/{account}/openai/v1/"
    http = httpx2.Client(verify=trust)
    with OpenAI(api_key=key, base_url=base, http_client=http, max_retries=0) as client:
        yield client


def data_token(sandbox: Sandbox, trust: ssl.SSLContext) -> str:
    """A token of the sandbox's directory for the data plane, asked for as any client does."""
    form = {
        "grant_type": "client_credentials",
        "client_id": sandbox.env["AZURE_CLIENT_ID"],
        "client_secret": sandbox.env["AZURE_CLIENT_SECRET"],
        "scope": "https://cognitiveservices.azure.com/.default",
    }
    url = f"{sandbox.url}/{sandbox.env['AZURE_TENANT_ID']}/oauth2/v2.0/token"
    request = urllib.request.Request(url, urllib.parse.urlencode(form).encode())  # noqa: S310 - our own loopback
    with urllib.request.urlopen(request, context=trust) as answer:  # noqa: S310 - our own loopback
        return str(json.loads(answer.read())["access_token"])
