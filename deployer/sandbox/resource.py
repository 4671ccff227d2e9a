"""What Azure holds: accounts, their deployments, fine-tuned models and operations under way."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TUNED = re.compile(r"^(?P<base>.+?)-(?P<version>\d{4}-\d{2}-\d{2}|\d+)\.ft-", re.IGNORECASE)
OLDER = re.compile(r"^(?P<base>(?:babbage|davinci)-002)\.ft-", re.IGNORECASE)
"""Models older than chat are fine-tuned under a name without a version."""
HOSTED_SKUS = frozenset({"standard", "globalstandard", "datazonestandard"})
PAUSABLE_SKUS = frozenset({"standard", "globalstandard", "datazonestandard"})
PROVISIONED_SKUS = frozenset({"provisionedmanaged", "globalprovisionedmanaged", "datazoneprovisionedmanaged"})

KEPT_SECONDS = 48 * 3600.0
"""How long a deleted account can be put back, and its name is taken."""


class Refusal(Exception):
    """An answer of ARM that is an error: status, code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True)
class TunedModel:
    """A fine-tuned model that can be deployed in one account."""

    name: str
    base_model: str
    base_version: str


@dataclass(frozen=True)
class Billing:
    """From when on a deployment is billed under which SKU and capacity (epoch seconds)."""

    since: float
    sku: str
    capacity: int


@dataclass(eq=False)
class Deployed:
    """One deployment from its creation until it is gone, and after; instants in epoch seconds.

    It serves until `closed` (the deletion was accepted) and is billed until `gone`.
    """

    account: "Account"
    name: str
    model: str
    version: str
    base_model: str
    fine_tuned: bool
    sku: str
    capacity: int
    created: float
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    modified: float = 0.0
    watched_from: float = 0.0
    state: str = "Succeeded"
    paused: bool = False
    closed: float | None = None
    gone: float | None = None
    billing: list[Billing] = field(default_factory=list)
    operation: "Operation | None" = None
    created_by: str = ""
    revision: int = 0

    @property
    def resource_id(self) -> str:
        return f"{self.account.resource_id}/deployments/{self.name}"

    @property
    def hosted(self) -> bool:
        """Whether hosting is billed by the hour, used or not."""
        return self.fine_tuned and self.sku.lower() in HOSTED_SKUS

    def rescale(self, at: float, sku: str, capacity: int) -> None:
        self.sku, self.capacity, self.modified = sku, capacity, at
        self.billing.append(Billing(at, sku, capacity))
        self.revision += 1


@dataclass(eq=False)
class Operation:
    """A long-running operation: `polls` looks were taken at it so far."""

    id: str
    kind: str
    deployed: Deployed
    started: float
    polls: int = 0
    finished: float | None = None


@dataclass(eq=False)
class Account:
    """An Azure OpenAI resource.

    `properties` are those that its maker chose; `keys` counts how often each of both was regenerated.
    """

    name: str
    region: str
    subscription: str
    resource_group: str
    endpoint: str
    created: float
    tags: dict[str, str] = field(default_factory=dict)
    kind: str = "OpenAI"
    properties: dict[str, Any] = field(default_factory=dict)
    identity: dict[str, Any] | None = None
    keys: list[int] = field(default_factory=lambda: [0, 0])
    revision: int = 0
    deployments: dict[str, Deployed] = field(default_factory=dict)
    models: dict[str, TunedModel] = field(default_factory=dict)
    awaited: set[str] = field(default_factory=set)
    busy: Operation | None = None
    deleted: float | None = None

    @property
    def resource_id(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.CognitiveServices/accounts/{self.name}"
        )


@dataclass(frozen=True)
class Lock:
    """A resource lock on an id and all below it."""

    scope: str
    name: str
    level: str = "CanNotDelete"
    notes: str | None = None

    @property
    def resource_id(self) -> str:
        return f"{self.scope}/providers/Microsoft.Authorization/locks/{self.name}"

    def covers(self, resource_id: str) -> bool:
        return (resource_id.lower() + "/").startswith(self.scope.lower() + "/")


def split_tuned(name: str) -> tuple[str, str] | None:
    """Base model and version of a fine-tuned model's name, None when it is not such a name."""
    older = OLDER.match(name)
    found = TUNED.match(name)
    return (older["base"], "1") if older else (found["base"], found["version"]) if found else None


def wanted_tags(body: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in (body.get("tags") or {}).items()}
