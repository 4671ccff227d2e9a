"""Who we are: any credential of azure-identity, asked for one token a scope however many threads want one.

azure-core's policies each keep their own token and ask without a lock, so many workers
would sign in as many times; and a token that the service no longer takes would be sent on
until it expires by the clock of this machine. So tokens are kept here, and renewed on demand.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenCredential
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, HTTPPolicy

from deployer.providers.azure.endpoint import Endpoints, scope

if TYPE_CHECKING:
    from azure.core.pipeline.transport import HttpTransport

    from deployer.clock import Clock

TRUSTED = 240.0
"""Seconds for which a token is not asked for again; azure-identity renews one 300 seconds before its end."""
SIGN_INS = 3
"""Attempts to sign in, each with the transport's own repetitions."""
SILENCE = 30.0
"""Seconds for which sign-in is not tried again where nobody answers: each caller would wait for it anew."""

Make = Callable[[], TokenCredential]

for _name in ("azure", "msal"):  # what they would print on stderr comes to people as an error of ours
    logging.getLogger(_name).addHandler(logging.NullHandler())


class SharedCredential:
    """A credential of azure-identity behind a lock, with a cache that can be told that a token is no good."""

    def __init__(self, make: Make, clock: Clock, kind: str) -> None:
        self.kind = kind
        self._make = make
        self._clock = clock
        self._inner: TokenCredential | None = None
        self._tokens: dict[tuple[str, ...], tuple[AccessToken, float]] = {}
        self._silent: tuple[ClientAuthenticationError, float] | None = None
        self._lock = threading.Lock()

    def get_token(self, *scopes: str, claims: str | None = None, **options: Any) -> AccessToken:
        with self._lock:
            known, asked_at = self._tokens.get(scopes, (None, 0.0))
            now = self._clock.monotonic()
            if known is not None and not claims and now - asked_at < TRUSTED:
                return known
            if self._silent is not None and now - self._silent[1] < SILENCE:
                raise self._silent[0]
            token = self._sign_in(scopes, claims)
            self._tokens[scopes] = (token, now)
            return token

    def get_token_info(self, *scopes: str, options: Any = None) -> AccessTokenInfo:
        token = self.get_token(*scopes, claims=(options or {}).get("claims"))
        return AccessTokenInfo(token.token, token.expires_on)

    @property
    def used(self) -> str:
        """What signed in, in words; of azure-identity's chain the member that gave the token."""
        member = getattr(self._inner, "_successful_credential", None)
        return f"{self.kind}: {type(member).__name__}" if member is not None else self.kind

    def _sign_in(self, scopes: tuple[str, ...], claims: str | None) -> AccessToken:
        """A token of azure-identity; tried again when neither Entra refused nor the way there was cut."""
        self._silent = None
        for attempt in range(SIGN_INS):
            try:
                self._inner = self._inner or self._make()
                return self._inner.get_token(*scopes, claims=claims)
            except ClientAuthenticationError as error:
                self._inner = None
                if _is_unreachable(error):
                    self._silent = (error, self._clock.monotonic())
                    raise
                if attempt == SIGN_INS - 1 or _is_refusal(error):
                    raise
                self._clock.sleep(1.0 + attempt)
        raise AssertionError("the last attempt returns or raises")

    def renew(self, refused: str) -> None:
        """Forget `refused`, and the credential that would give it again from its cache."""
        with self._lock:
            stale = [scopes for scopes, (token, _) in self._tokens.items() if token.token == refused]
            for scopes in stale:
                del self._tokens[scopes]
            if stale:
                self._inner = None


def _is_refusal(error: ClientAuthenticationError) -> bool:
    """Entra numbers its refusals (`AADSTS7000215`); a chain without a credential finds none a second later either."""
    unavailable = type(error).__name__ == "CredentialUnavailableError"
    return unavailable or any(sign in str(error) for sign in ("AADSTS", "DefaultAzureCredential failed"))


def _is_unreachable(error: BaseException | None) -> bool:
    """Whether nobody answered: the transport has tried that often enough."""
    return error is not None and (isinstance(error, ServiceRequestError) or _is_unreachable(error.__cause__))


class TokenPolicy(BearerTokenCredentialPolicy[Any, Any]):
    """Signs requests, and signs in anew once when the service refuses the token with 401."""

    def __init__(self, credential: SharedCredential, *scopes: str) -> None:
        super().__init__(credential, *scopes)
        self._shared = credential

    @property
    def _need_new_token(self) -> bool:
        """Always ask: the shared credential keeps the token, and knows when it was refused."""
        return True

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        response = super().send(request)
        if response.http_response.status_code != 401:
            return response
        self._shared.renew(request.http_request.headers.get("Authorization", "").removeprefix("Bearer "))
        return super().send(request)


def open_credential(
    settings: Mapping[str, str],
    endpoints: Endpoints,
    transport: HttpTransport[Any, Any],
    clock: Clock,
    retry_policy: Callable[..., HTTPPolicy[Any, Any]],
) -> SharedCredential:
    """The client secret when all three settings name one, else whatever azure-identity finds."""
    common = {
        "authority": endpoints.authority,
        "disable_instance_discovery": not endpoints.is_public_authority,
        "transport": transport,
    }
    tenant, client, secret = (settings.get(f"AZURE_{name}", "") for name in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"))
    if tenant and client and secret:
        patient = {**common, "retry_policy_class": retry_policy}
        return SharedCredential(lambda: _client_secret(tenant, client, secret, patient), clock, "client secret")
    return SharedCredential(lambda: _default(client, common), clock, "azure-identity's default chain")


def data_plane_token(credential: SharedCredential, endpoints: Endpoints) -> str:
    """A bearer token for inference and fine-tuning."""
    return credential.get_token(scope(endpoints.openai_audience)).token


def _client_secret(tenant: str, client: str, secret: str, common: Mapping[str, Any]) -> TokenCredential:
    from azure.identity import ClientSecretCredential

    return ClientSecretCredential(tenant, client, secret, **common)


def _default(client: str, common: Mapping[str, Any]) -> TokenCredential:
    """Managed identity, workload identity, or the login of az, azd or PowerShell; never a browser."""
    from azure.identity import DefaultAzureCredential

    options = {**common, **({"managed_identity_client_id": client} if client else {})}
    return DefaultAzureCredential(exclude_interactive_browser_credential=True, **options)
