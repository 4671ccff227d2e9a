"""Who may call: one tenant with a service principal, and the keys of both vendors."""

import base64
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from deployer.sandbox.naming import Naming

TOKEN_SECONDS = 3599
MANAGEMENT = ("management.azure.com", "management.core.windows.net")
MODELS = ("cognitiveservices.azure.com", "ai.azure.com", "ml.azure.com")
METRICS = ("metrics.monitor.azure.com",)
_OTHERS = ("graph.microsoft.com", "vault.azure.net", "storage.azure.com", "database.windows.net")
_KNOWN = (*MANAGEMENT, *MODELS, *METRICS, *_OTHERS)
"""The hosts of the public cloud's audiences; what another cloud calls its own is nobody's business here."""


@dataclass(frozen=True)
class Token:
    text: str
    audience: str
    expires: float


class Credentials:
    """What the clouds accept: made once from the first seed, so that a client's settings survive a reset.

    Tokens run out by the machine's clock, not by the virtual one: the vendors' client libraries
    keep their tokens by the machine's clock.
    """

    def __init__(self, naming: Naming) -> None:
        fixed = naming.fixed_uuid
        self.tenant_id = fixed("tenant")
        self.client_id = fixed("client")
        self.object_id = fixed("principal")
        self.client_secret = "sbx~" + naming.digest("client-secret").hex()[:36]
        self.subscription_id = fixed("subscription")
        self.openai_key = "sk-sandbox-" + naming.digest("openai-key").hex()[:40]
        self.identity_header = naming.digest("identity-header").hex()[:32]
        self.admin_key = "sk-admin-sandbox-" + naming.digest("openai-admin-key").hex()[:40]
        self._naming = naming
        self._tokens: dict[str, Token] = {}

    def account_keys(self, account: str, regenerated: Sequence[int] = (0, 0)) -> tuple[str, str]:
        """Both keys of one Azure OpenAI account; each changes whenever it is regenerated."""
        first, second = (
            self._naming.digest(f"account-key:{account.lower()}{f':{number}:{times}' if number or times else ''}").hex()
            for number, times in enumerate(regenerated)
        )
        return first, second

    def issue(self, audience: str) -> Token:
        """A new bearer token, shaped like the vendor's."""
        now = time.monotonic()
        self._tokens = {text: token for text, token in self._tokens.items() if token.expires > now}
        header = _part({"typ": "JWT", "alg": "none"})
        claims = {"aud": audience, "tid": self.tenant_id, "appid": self.client_id, "oid": self.object_id}
        text = f"{header}.{_part(claims)}.{secrets.token_urlsafe(24)}"
        token = Token(text, audience, now + TOKEN_SECONDS)
        self._tokens[text] = token
        return token

    def is_valid(self, authorization: str) -> bool:
        """Whether an `Authorization` header carries a token that was issued and has not run out."""
        token = self._find(authorization)
        return token is not None and token.expires > time.monotonic()

    def misdirected(self, authorization: str, allowed: Sequence[str]) -> str:
        """The audience of a valid token that was got for another service of the public cloud, else nothing."""
        token = self._find(authorization)
        audience = token.audience.removesuffix("/.default").rstrip("/") if token else ""
        host = audience.removeprefix("https://").partition("/")[0].lower()
        return audience if host in _KNOWN and host not in allowed else ""

    def _find(self, authorization: str) -> Token | None:
        scheme, _, text = authorization.partition(" ")
        return self._tokens.get(text.strip()) if scheme.lower() == "bearer" else None


def _part(content: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(content)).rstrip(b"=").decode()
