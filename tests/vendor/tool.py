"""A client that nobody's SDK is behind: the sandbox's settings, HTTP, and nothing else."""

from typing import Any

import requests

from deployer.sandbox.process import Sandbox

ARM = "api-version=2024-10-01"


class Tool:
    """A client that knows the settings and HTTP, and follows what it is told."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.env = sandbox, sandbox.env
        self.session = requests.Session()
        self.session.trust_env, self.session.verify = False, sandbox.ca_file
        self.scope = f"/subscriptions/{self.env['AZURE_SUBSCRIPTION_ID']}"

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        url = path if path.startswith("https:") else self.sandbox.url + path
        return self.session.request(method, url, timeout=10, **options)

    def token(self, **changed: str) -> requests.Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.env["AZURE_CLIENT_ID"],
            "client_secret": self.env["AZURE_CLIENT_SECRET"],
            "scope": "https://management.azure.com/.default",
        } | changed
        sent = {name: value for name, value in form.items() if value}
        return self.send("POST", f"/{self.env['AZURE_TENANT_ID']}/oauth2/v2.0/token", data=sent)

    @property
    def bearer(self) -> dict[str, str]:
        return self.bearer_for("https://management.azure.com/.default")

    def bearer_for(self, scope: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token(scope=scope).json()['access_token']}"}


def resources(tool: Tool, path: str = "", version: str = ARM) -> str:
    return f"{tool.scope}{path}?{version}"


def told(answer: requests.Response) -> tuple[int, str]:
    """Status and code of an error, wherever its vendor writes the code."""
    body = answer.json()
    error = body.get("error", body.get("Error", body))
    return answer.status_code, error if isinstance(error, str) else str(error.get("code", error.get("Code", "")))
