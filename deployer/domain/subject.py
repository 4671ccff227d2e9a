"""What money is spent on and policies match: a deployment or a fine-tune job, by its facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from deployer.domain.charge import Spend
from deployer.domain.deployment import Deployment, Tier


class SubjectKind(StrEnum):
    DEPLOYMENT = "deployment"
    JOB = "job"


@dataclass(frozen=True)
class Subject:
    """The facts that a policy's `match` reads; `key` is `DeploymentId.key` or `job:<provider>:<id>`."""

    kind: SubjectKind
    key: str
    provider: str
    account: str
    name: str
    model: str
    base_model: str
    fine_tuned: bool
    managed: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    region: str = ""
    tier: Tier = Tier.UNKNOWN
    created_at: datetime | None = None

    @classmethod
    def of(cls, deployment: Deployment) -> "Subject":
        """The deployment's facts; it has its account's tags, unless its own say otherwise."""
        return cls(
            kind=SubjectKind.DEPLOYMENT,
            key=deployment.id.key,
            provider=deployment.id.provider,
            account=deployment.id.account,
            name=deployment.id.name,
            model=deployment.model,
            base_model=deployment.base_model,
            fine_tuned=deployment.fine_tuned,
            managed=deployment.managed,
            tags={**deployment.account.tags, **deployment.tags},
            region=deployment.account.region,
            tier=deployment.tier,
            created_at=deployment.created_at,
        )

    @cached_property
    def instance(self) -> str:
        """Tells two subjects of one name apart: the cloud's creation instant, "" when unknown."""
        return self.created_at.isoformat() if self.created_at else ""


@dataclass(frozen=True)
class SubjectSpend:
    """What one subject has cost over a period; what is merely reserved is added where a limit is checked."""

    subject: Subject
    spend: Spend
