"""Where Azure is, and which of its subscriptions are meant: from settings only.

Each endpoint defaults to the public cloud; any server that speaks the same protocols will do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PUBLIC_AUTHORITY = "https://login.microsoftonline.com"
PUBLIC_RESOURCE_MANAGER = "https://management.azure.com"
PUBLIC_METRICS = "https://{region}.metrics.monitor.azure.com"
PUBLIC_METRICS_AUDIENCE = "https://metrics.monitor.azure.com"
PUBLIC_OPENAI_AUDIENCE = "https://cognitiveservices.azure.com"


@dataclass(frozen=True)
class Endpoints:
    """The addresses of one Azure; `metrics` and `openai` are templates with an optional `{region}`, `{account}`."""

    authority: str = PUBLIC_AUTHORITY
    resource_manager: str = PUBLIC_RESOURCE_MANAGER
    audience: str = PUBLIC_RESOURCE_MANAGER
    metrics: str = PUBLIC_METRICS
    metrics_audience: str = PUBLIC_METRICS_AUDIENCE
    openai: str = ""
    openai_audience: str = PUBLIC_OPENAI_AUDIENCE
    subscriptions: tuple[str, ...] = field(default=())

    @classmethod
    def from_settings(cls, settings: Mapping[str, str]) -> "Endpoints":
        def setting(name: str, default: str) -> str:
            return settings.get(name, "").strip().rstrip("/") or default

        return cls(
            authority=_with_scheme(setting("AZURE_AUTHORITY_HOST", PUBLIC_AUTHORITY)),
            resource_manager=setting("DEPLOYER_AZURE_RESOURCE_MANAGER_URL", PUBLIC_RESOURCE_MANAGER),
            audience=setting("DEPLOYER_AZURE_AUDIENCE", PUBLIC_RESOURCE_MANAGER),
            metrics=setting("DEPLOYER_AZURE_METRICS_URL", PUBLIC_METRICS),
            metrics_audience=setting("DEPLOYER_AZURE_METRICS_AUDIENCE", PUBLIC_METRICS_AUDIENCE),
            openai=setting("DEPLOYER_AZURE_OPENAI_URL", ""),
            openai_audience=setting("DEPLOYER_AZURE_OPENAI_AUDIENCE", PUBLIC_OPENAI_AUDIENCE),
            subscriptions=_listed(settings.get("AZURE_SUBSCRIPTION_ID", "")),
        )

    @property
    def is_public_authority(self) -> bool:
        return self.authority == PUBLIC_AUTHORITY

    def metrics_of(self, region: str) -> str:
        """The metrics service of a region; resources without one are served by `global`."""
        return self.metrics.replace("{region}", region or "global")

    def openai_of(self, account: str, reported: str) -> str:
        """The data plane of an account: what the setting says, else what ARM reported."""
        return (self.openai.replace("{account}", account) or reported).rstrip("/")


def scope(audience: str) -> str:
    """What a token is asked for: everything that the credential may do at `audience`."""
    return audience.rstrip("/") + "/.default"


def same_origin(url: str, base: str) -> bool:
    """Whether `url` leads to the server of `base` or a regional one below it: a token is sent nowhere else."""
    one, other = urlsplit(url), urlsplit(base)
    host, known = one.hostname or "", other.hostname or "-"
    ports = (one.port or 443, other.port or 443)
    return one.scheme == other.scheme and ports[0] == ports[1] and (host == known or host.endswith(f".{known}"))


def _with_scheme(host: str) -> str:
    return host if "://" in host else f"https://{host}"


def _listed(text: str) -> tuple[str, ...]:
    """Comma-separated names, each once, in their order."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
