"""The policy language as values: what a loaded policy file says, checked and typed.

`deployer.policy.language` declares how each field is written; `deployer.policy.load` reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from deployer.domain.money import Money
from deployer.domain.plan import Mode
from deployer.domain.residency import Residency


class Then(StrEnum):
    """What a rule does when it is due."""

    NOTIFY = "notify"
    UNDEPLOY = "undeploy"


class Share(StrEnum):
    """Whether a budget is one sum over all that is matched, or one sum per deployment."""

    TOGETHER = "together"
    EACH = "each"


@dataclass(frozen=True)
class Limits:
    """The blast radius: acts per sweep and per UTC day."""

    max_actions: int = 5
    max_share: Decimal = Decimal("0.3")
    max_actions_per_day: int | None = None

    @property
    def per_day(self) -> int:
        return 4 * self.max_actions if self.max_actions_per_day is None else self.max_actions_per_day


@dataclass(frozen=True)
class Match:
    """What a policy is about: all that is given must hold, one of each list; empty or None is not given."""

    provider: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    deployment: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fine_tuned: bool | None = None
    managed: bool | None = None


@dataclass(frozen=True)
class Budget:
    """An amount per calendar period of a named timezone."""

    amount: Money
    period: str = "month"
    timezone: str = "UTC"
    share: Share = Share.TOGETHER


@dataclass(frozen=True)
class Alert:
    """Tell once per period when `at` (1 is the whole budget) is spent, or forecast to be by the period's end."""

    at: Decimal
    forecast: bool = False

    def __str__(self) -> str:
        percent = f"{(self.at * 100).normalize():f}%"
        return f"forecast {percent}" if self.forecast else percent


@dataclass(frozen=True)
class OverBudget:
    at: Decimal = Decimal(1)
    then: Then = Then.NOTIFY
    warn: timedelta = timedelta(hours=1)


@dataclass(frozen=True)
class Idle:
    """No request for `after`; a deployment younger than `grace` is never idle."""

    after: timedelta
    warn: timedelta = timedelta(hours=2)
    then: Then = Then.NOTIFY
    grace: timedelta = timedelta(hours=6)


@dataclass(frozen=True)
class RetirementRule:
    """Tell `warn` before a deployment stops answering."""

    warn: timedelta = timedelta(days=60)


@dataclass(frozen=True)
class Exemption:
    """Deployments that no act touches before `until` (exclusive)."""

    deployment: tuple[str, ...]
    until: datetime
    reason: str


@dataclass(frozen=True)
class Policy:
    """One policy; a rule that is None or empty is not part of it. `where` is its `file:line:column`."""

    name: str
    match: Match
    budget: Budget | None = None
    alerts: tuple[Alert, ...] = ()
    over_budget: OverBudget | None = None
    idle: Idle | None = None
    ttl: timedelta | None = None
    retirement: RetirementRule | None = None
    residency: Residency | None = None
    exempt: tuple[Exemption, ...] = ()
    notify: tuple[str, ...] = ()
    act_unwarned: bool = False
    where: str = ""


@dataclass(frozen=True)
class PolicySet:
    """All policies in force; `source` is the file or folder they were read from."""

    mode: Mode = Mode.OBSERVE
    limits: Limits = field(default_factory=Limits)
    policies: tuple[Policy, ...] = ()
    source: str = ""
