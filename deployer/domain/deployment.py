"""Accounts and what is deployed in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

MANAGED_TAG = ("managed-by", "deployer")
"""The tag that `deployment create` puts on a deployment, so that every client can see who made it."""
DEVELOPER_LIFE = timedelta(hours=24)
"""Azure deletes a developer-tier deployment after that, used or not (Microsoft: "Developer tier", fine-tuning)."""


def account_names(account: str) -> tuple[str, ...]:
    """An account's name, and the one it shares when it is told from its namesakes by what follows an `@`."""
    return tuple(dict.fromkeys((account, account.partition("@")[0])))


class Tier(StrEnum):
    """Where a SKU runs and how it is billed; prices differ by tier."""

    REGIONAL = "regional"
    GLOBAL = "global"
    DATA_ZONE = "datazone"
    DEVELOPER = "developer"
    PROVISIONED = "provisioned"
    GLOBAL_PROVISIONED = "global-provisioned"
    DATA_ZONE_PROVISIONED = "datazone-provisioned"
    BATCH = "batch"
    UNKNOWN = "unknown"


@dataclass(frozen=True, order=True)
class DeploymentId:
    """What names a deployment for ever: provider, account name, deployment name.

    Vendors compare names without case, so these are stored as the vendor spells them and
    compared in lower case through `key`.
    """

    provider: str
    account: str
    name: str

    @cached_property
    def key(self) -> str:
        """Asked for hundreds of times in a sweep."""
        return f"{self.provider}:{self.account}/{self.name}".lower()

    def __str__(self) -> str:
        return f"{self.provider}:{self.account}/{self.name}"


@dataclass(frozen=True)
class Account:
    """An Azure OpenAI resource or an OpenAI project: what bills and holds deployments.

    `name` is unique here: of several that bear one name, each but the oldest has something behind an `@`.
    `resource_id` is the vendor's full identifier (ARM id, project id); `subscription` is the
    Azure subscription or the OpenAI organisation; `endpoint` is the data plane's base URL.
    """

    provider: str
    name: str
    resource_id: str
    region: str = ""
    subscription: str = ""
    resource_group: str = ""
    endpoint: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    locked: bool = False


@dataclass(frozen=True)
class Deployment:
    """A model served (Azure) or a fine-tuned model callable (OpenAI), as seen at one instant.

    `model` is the full model name as the vendor prints it; `base_model` its family in the price
    book, without version or fine-tune suffix (`gpt-4.1-mini`). `created_at` comes from the
    cloud, never from first sight; None is unknown. `body` is what a restore sends back. `hosted`: the
    vendor's own list says that it pays by the hour, although the price book takes it to be free.
    """

    id: DeploymentId
    account: Account
    model: str
    base_model: str
    fine_tuned: bool
    model_version: str = ""
    sku: str = ""
    tier: Tier = Tier.UNKNOWN
    capacity: int | None = None
    created_at: datetime | None = None
    state: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    managed: bool = False
    locked: bool = False
    body: Mapping[str, Any] = field(default_factory=dict)
    hosted: bool = False

    @property
    def name(self) -> str:
        return self.id.name

    @cached_property
    def instance(self) -> str:
        """Tells two of one name apart: the cloud's creation instant, "" when unknown."""
        return self.created_at.isoformat() if self.created_at else ""

    def replaces(self, other: "Deployment") -> bool:
        """Whether it is known to be another one under the same name: both show when they were made."""
        return None not in (self.created_at, other.created_at) and self.created_at != other.created_at

    @property
    def expires(self) -> datetime | None:
        """When the vendor deletes it whatever its use; None: not by its age."""
        return self.created_at + DEVELOPER_LIFE if self.created_at and self.tier is Tier.DEVELOPER else None

    @property
    def paused(self) -> bool:
        """Whether it stands and answers no calls. Not known to stop its hosting fee."""
        return self.state.lower() == "paused"

    @property
    def serving(self) -> bool:
        """Whether it bills and can answer: any state but the vendor's end states."""
        return self.state.lower() not in {"deleting", "deleted", "failed", "canceled"}
