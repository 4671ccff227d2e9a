"""The life of one deployment in a person's hands: create, delete, restore; gated, journalled, crash-safe."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from deployer.domain.deployment import Deployment
from deployer.domain.money import Money
from deployer.guard.context import GuardContext
from deployer.guard.outcome import ActResult
from deployer.spend.price import Rate, Unpriced


@dataclass(frozen=True)
class Order:
    """A deployment that a person asks for; `account` is the account's name."""

    provider: str
    account: str
    name: str
    model: str
    model_version: str = ""
    sku: str = "Standard"
    capacity: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Deployed:
    """What a create or restore came to, with what it costs and when a policy will end it."""

    deployment: Deployment
    hourly: Money | Unpriced
    rate: Rate | None
    policies: tuple[str, ...]
    undeploy_at: datetime | None
    undeploy_reason: str
    act_id: int
    warnings: tuple[str, ...] = ()

    @property
    def monthly(self) -> Money | Unpriced:
        """730 hours, as the vendors reckon a month."""
        return self.hourly if isinstance(self.hourly, Unpriced) else self.hourly * 730


def create(
    context: GuardContext, order: Order, *, who: str, unguarded: bool = False, over_budget: str = ""
) -> Deployed:
    """Create `order` and wait until it serves. Raises Refused (no policy, over budget, exists) or CloudError."""
    raise NotImplementedError


def delete(context: GuardContext, target: str, *, who: str, reason: str = "") -> ActResult:
    """Delete one deployment, `provider:account/name`, `account/name` or a name that is unique, and verify it."""
    raise NotImplementedError


def restore(
    context: GuardContext, target: str, *, who: str, unguarded: bool = False, over_budget: str = ""
) -> Deployed:
    """Put back the newest deployment of that name that was undeployed, as it was. Raises Refused or CloudError."""
    raise NotImplementedError
