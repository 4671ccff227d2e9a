"""How a world begins: what a newcomer finds in it, and the settings that lead there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from deployer.sandbox.clock import VirtualClock, machine_now, parse_instant, seconds_of
from deployer.sandbox.credential import Credentials
from deployer.sandbox.resource import Account
from deployer.sandbox.world import Settings, World

FROZEN_START = datetime(2026, 9, 1, tzinfo=UTC)
RESOURCE_GROUP = "rg-models"
FIRST_ACCOUNTS = (
    ("aoai-dev-eastus2", "eastus2", {"env": "dev"}),
    ("aoai-prod-swedencentral", "swedencentral", {"env": "prod"}),
)


@dataclass(frozen=True)
class Beginning:
    """What a world starts with; without `start`, a flowing one starts now and a frozen one in September 2026."""

    seed: int = 0
    start: datetime | None = None
    frozen: bool = True
    empty: bool = False
    settings: Settings = field(default_factory=Settings)

    @classmethod
    def read(cls, order: Mapping[str, Any]) -> "Beginning":
        """From the JSON of a reset. Raises ValueError, TypeError or KeyError."""
        values = {key: value for key, value in order.items() if value is not None}
        start = values.pop("start", None)
        seed, frozen, empty = int(values.pop("seed", 0)), values.pop("frozen", True), values.pop("empty", False)
        at = parse_instant(start) if start else None
        return cls(seed, at, bool(frozen), bool(empty), Settings(**values))


def begin(beginning: Beginning, base_url: str, credentials: Credentials) -> World:
    """A fresh world."""
    start = beginning.start or (FROZEN_START if beginning.frozen else machine_now())
    clock = VirtualClock(start, frozen=beginning.frozen)
    world = World(beginning.seed, clock, base_url, credentials, beginning.settings)
    world.cloud.subscriptions[credentials.subscription_id] = "Models"
    world.cloud.groups.add(credentials.subscription_id, RESOURCE_GROUP)
    if not beginning.empty:
        for name, region, tags in FIRST_ACCOUNTS:
            make_account(world, name, region, tags=tags)
    return world


def make_account(
    world: World,
    name: str,
    region: str,
    *,
    tags: Mapping[str, str] | None = None,
    subscription: str = "",
    resource_group: str = RESOURCE_GROUP,
) -> Account:
    return world.cloud.add_account(
        Account(
            name=name,
            region=region.lower().replace(" ", ""),
            subscription=subscription or world.credentials.subscription_id,
            resource_group=resource_group,
            endpoint=f"{world.base_url}/accounts/{name}/",
            created=float(int(seconds_of(world.now()))),
            tags=dict(tags or {}),
        )
    )


def environment(base_url: str, ca_file: str, credentials: Credentials) -> dict[str, str]:
    """The settings that point any client here."""
    return {
        "AZURE_TENANT_ID": credentials.tenant_id,
        "AZURE_CLIENT_ID": credentials.client_id,
        "AZURE_CLIENT_SECRET": credentials.client_secret,
        "AZURE_SUBSCRIPTION_ID": credentials.subscription_id,
        "AZURE_AUTHORITY_HOST": base_url,
        "DEPLOYER_AZURE_RESOURCE_MANAGER_URL": base_url,
        "DEPLOYER_AZURE_METRICS_URL": f"{base_url}/metrics/{{region}}",
        "DEPLOYER_AZURE_PRICES_URL": f"{base_url}/api/retail/prices",
        "DEPLOYER_AZURE_OPENAI_URL": f"{base_url}/accounts/{{account}}",
        "OPENAI_BASE_URL": f"{base_url}/v1",
        "OPENAI_API_KEY": credentials.openai_key,
        "OPENAI_ADMIN_KEY": credentials.admin_key,
        "DEPLOYER_CLOCK_URL": f"{base_url}/_sandbox/clock",
        "DEPLOYER_CA_BUNDLE": ca_file,
        "REQUESTS_CA_BUNDLE": ca_file,
        "SSL_CERT_FILE": ca_file,
    }


def tool_environment(base_url: str, ca_file: str, credentials: Credentials) -> dict[str, str]:
    """What else other people's tools need that cannot be told in their own words.

    The vendors' libraries ask the public cloud about an authority that they do not know, unless their caller forbids
    it: so azure-identity's default credential is pointed at the managed identity, and Azure's command line told not
    to ask. Node and curl trust the sandbox's authority through variables of their own.
    """
    return {
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        "IDENTITY_ENDPOINT": f"{base_url}/msi/token",
        "IDENTITY_HEADER": credentials.identity_header,
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "NODE_EXTRA_CA_CERTS": ca_file,
        "CURL_CA_BUNDLE": ca_file,
    }
