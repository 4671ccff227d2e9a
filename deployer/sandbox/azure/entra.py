"""Entra ID: the documents that a client reads first, and tokens for the one service principal.

The principal shows a secret, or an assertion: a token that a certificate or a federated identity signed. Whose it
is the sandbox cannot know, so any that is shaped like one is taken. There are no people, so nobody signs in.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from deployer.sandbox.clock import machine_now
from deployer.sandbox.credential import TOKEN_SECONDS
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World


def routes(world: World) -> list[Route]:
    service = Entra(world)
    return [
        Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", "entra.openid", service.openid),
        Route("GET", "/{tenant}/.well-known/openid-configuration", "entra.openid", service.openid),
        Route("POST", "/{tenant}/oauth2/v2.0/token", "entra.token", service.token),
        Route("POST", "/{tenant}/oauth2/token", "entra.token", service.token),
        Route("GET", "/{tenant}/oauth2/v2.0/token", "entra.token", service.wrong_method),
        Route("GET", "/{tenant}/oauth2/token", "entra.token", service.wrong_method),
        Route("POST", "/{tenant}/oauth2/v2.0/devicecode", "entra.device", service.device),
        Route("GET", "/{tenant}/discovery/v2.0/keys", "entra.keys", service.keys),
        Route("GET", "/common/discovery/instance", "entra.discovery", service.discovery),
        Route("GET", "/metadata/endpoints", "arm.endpoints", service.endpoints),
    ]


_OF_PEOPLE = {
    "password": (50034, "The user account does not exist in the directory. To sign in, it must be added to it."),
    "authorization_code": (70008, "The provided authorization code or refresh token has expired or was revoked."),
    "refresh_token": (70008, "The provided authorization code or refresh token has expired or was revoked."),
    "urn:ietf:params:oauth:grant-type:jwt-bearer": (500133, "Assertion is not within its valid time range."),
    "urn:ietf:params:oauth:grant-type:device_code": (70020, "The provided device code has expired."),
}
"""Grants that a person's sign-in stands behind, with the number and text that nobody's gets."""


def owns(path: str) -> bool:
    """Whether a path is one of the sign-in host's."""
    return any(part in path.lower() for part in ("/oauth2/", "/.well-known/", "/discovery/"))


def refuse(request: Request) -> Response:
    """The sign-in host has no words for a path that it does not know; its pages for people are not served here."""
    return Response(404)


def as_older(granted: Mapping[str, Any], resource: str) -> dict[str, Any]:
    """As the older endpoint and the managed identities write it: numbers as texts, and instants beside them."""
    now = machine_now().timestamp()
    instants = {"expires_on": str(int(now) + TOKEN_SECONDS), "not_before": str(int(now))}
    return {**{name: str(value) for name, value in granted.items()}, **instants, "resource": resource}


class Entra:
    def __init__(self, world: World) -> None:
        self._world = world

    def openid(self, request: Request) -> Response:
        tenant, base = self._tenant(request.params["tenant"]), self._world.base_url
        if tenant is None:
            return self._unknown_tenant(request.params["tenant"])
        return Response.json(
            {
                "token_endpoint": f"{base}/{tenant}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "jwks_uri": f"{base}/{tenant}/discovery/v2.0/keys",
                "response_modes_supported": ["query", "fragment", "form_post"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "issuer": f"{base}/{tenant}/v2.0",
                "authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/devicecode",
                "tenant_region_scope": "NA",
                "cloud_instance_name": "localhost",
            }
        )

    def token(self, request: Request) -> Response:
        form = {key: values[0] for key, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        credentials = self._world.credentials
        if self._tenant(request.params["tenant"]) is None:
            return self._unknown_tenant(request.params["tenant"])
        refused = self._refuse(form, older="/v2.0/" not in request.path.lower())
        if refused:
            return refused
        token = credentials.issue(form.get("scope") or form.get("resource") or "")
        granted = {"token_type": "Bearer", "expires_in": TOKEN_SECONDS, "ext_expires_in": TOKEN_SECONDS}
        if form.get("resource"):
            granted = as_older(granted, form["resource"])
        return Response.json({**granted, "access_token": token.text})

    def _refuse(self, form: Mapping[str, str], *, older: bool) -> Response | None:
        """Why a request gets no token, None when it gets one."""
        grant = form.get("grant_type")
        if not grant:
            return self._missing("invalid_request", 400, 900144, "'grant_type'")
        if grant in _OF_PEOPLE:
            return self._error(400, "invalid_grant", *_OF_PEOPLE[grant])
        if grant != "client_credentials":
            return self._error(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        if form.get("client_id") != self._world.credentials.client_id:
            text = f"Application with identifier '{form.get('client_id')}' was not found in the directory."
            return self._error(400, "unauthorized_client", 700016, text)
        return self._refuse_proof(form) or self._refuse_scope(form, older=older)

    def _refuse_proof(self, form: Mapping[str, str]) -> Response | None:
        assertion = form.get("client_assertion")
        if assertion:
            if len([part for part in assertion.split(".") if part]) == 3:
                return None
            return self._error(401, "invalid_client", 50027, "JWT token is invalid or malformed.")
        if not form.get("client_secret"):
            return self._missing("invalid_client", 401, 7000218, "'client_assertion' or 'client_secret'")
        if form["client_secret"] != self._world.credentials.client_secret:
            text = "Invalid client secret provided. Ensure the secret being sent in the request is the client secret"
            return self._error(401, "invalid_client", 7000215, f"{text} value, not the client secret ID.")
        return None

    def _refuse_scope(self, form: Mapping[str, str], *, older: bool) -> Response | None:
        if older and form.get("resource"):
            return None
        if not form.get("scope"):
            return self._missing("invalid_request", 400, 900144, "'resource'" if older else "'scope'")
        if not any(scope.endswith("/.default") for scope in form["scope"].split()):
            text = (
                f"The provided value for scope {form['scope']} is not valid. Client credential flows must have a scope "
            )
            text += "value with /.default suffixed to the resource identifier (application ID URI)."
            return self._error(400, "invalid_scope", 1002012, text)
        return None

    def device(self, request: Request) -> Response:
        """The principal is a confidential client: it never signs in by a device's code."""
        if self._tenant(request.params["tenant"]) is None:
            return self._unknown_tenant(request.params["tenant"])
        return self._missing("invalid_client", 401, 7000218, "'client_assertion' or 'client_secret'")

    def wrong_method(self, request: Request) -> Response:
        text = f"The endpoint only accepts POST requests. Received a {request.method} request."
        return self._error(400, "invalid_request", 900561, text)

    def keys(self, request: Request) -> Response:
        """Tokens are not signed: nobody but the sandbox reads them."""
        return Response.json({"keys": []})

    def _missing(self, error: str, status: int, code: int, names: str) -> Response:
        return self._error(status, error, code, f"The request body must contain the following parameter: {names}.")

    def discovery(self, request: Request) -> Response:
        base, tenant = self._world.base_url, self._world.credentials.tenant_id
        host = base.removeprefix("https://")
        return Response.json(
            {
                "tenant_discovery_endpoint": f"{base}/{tenant}/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
            }
        )

    def endpoints(self, request: Request) -> Response:
        """The cloud's own description, in both of its shapes."""
        if request.query("api-version") < "2022":
            return Response.json([self._cloud()])
        return Response.json(self._cloud())

    def _cloud(self) -> dict[str, Any]:
        base = self._world.base_url
        return {
            "name": "AzureCloud",
            "portal": base,
            "graph": base,
            "resourceManager": f"{base}/",
            "authentication": {
                "loginEndpoint": f"{base}/",
                "audiences": [f"{base}/", "https://management.azure.com/", "https://management.core.windows.net/"],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "media": base,
            "batch": base,
            "suffixes": {"cognitiveServices": "localhost", "storage": "localhost", "keyVaultDns": "localhost"},
        }

    def _tenant(self, name: str) -> str | None:
        tenant = self._world.credentials.tenant_id
        return tenant if name.lower() in (tenant, "common", "organizations") else None

    def _unknown_tenant(self, name: str) -> Response:
        return self._error(400, "invalid_tenant", 90002, f"Tenant '{name}' not found. Check to make sure it is right.")

    def _error(self, status: int, error: str, code: int, text: str) -> Response:
        trace, now = self._world.naming.uuid("trace"), self._world.now()
        printed = now.strftime("%Y-%m-%d %H:%M:%SZ")
        return Response.json(
            {
                "error": error,
                "error_description": f"AADSTS{code}: {text} Trace ID: {trace} Timestamp: {printed}",
                "error_codes": [code],
                "timestamp": printed,
                "trace_id": trace,
                "correlation_id": self._world.naming.uuid("correlation"),
                "error_uri": f"{self._world.base_url}/error?code={code}",
            },
            status,
        )
