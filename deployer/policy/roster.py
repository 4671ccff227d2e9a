"""Who is under which policy: each deployment with the policies that match it, worked out once per decision."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from deployer.domain.deployment import Deployment
from deployer.domain.plan import Finding, History
from deployer.domain.subject import Subject
from deployer.domain.usage import Activity
from deployer.policy.document import Policy
from deployer.policy.match import Conflict, matching, most_specific
from deployer.policy.shield import Shield, shield_of

PAUSED = "it is paused, which is not undeployed: what it costs by the hour is taken to go on"
"""No vendor's document says that pausing stops the hosting fee."""


@dataclass(frozen=True)
class Member:
    """One deployment, all policies that match it, and what keeps acts away from it."""

    deployment: Deployment
    subject: Subject
    matched: tuple[Policy, ...]
    shield: Shield | None = None
    _rulers: dict[str, Policy | Conflict | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def key(self) -> str:
        return self.subject.key

    @property
    def barred(self) -> bool:
        """Whether no act may touch it until a person says otherwise."""
        return self.shield is not None and self.shield.until is None

    def not_before(self, at: datetime) -> datetime:
        """`at`, or the end of an exemption if that is later."""
        return max(at, self.shield.until) if self.shield and self.shield.until else at

    def ruled_by(self, rule: str) -> Policy | Conflict | None:
        """The policy whose `rule` holds here."""
        if rule not in self._rulers:
            self._rulers[rule] = most_specific(self.matched, self.subject, rule)
        return self._rulers[rule]

    def finding(
        self,
        policy: str,
        rule: str,
        reason: str,
        *,
        state: Activity = Activity.ACTIVE,
        since: datetime | None = None,
        due: datetime | None = None,
    ) -> Finding:
        """What a rule saw here; a shield and a pause are told with it."""
        told = (reason, PAUSED if self.deployment.paused else "", self.shield.reason if self.shield else "")
        text = "; ".join(part for part in told if part)
        return Finding(self.deployment, policy, rule, state, text, since, due)


def enrol(
    deployments: Iterable[Deployment], policies: tuple[Policy, ...], history: History, now: datetime
) -> tuple[Member, ...]:
    """Every deployment, the unmatched ones too."""
    return tuple(_member(deployment, policies, history, now) for deployment in deployments)


def _member(deployment: Deployment, policies: tuple[Policy, ...], history: History, now: datetime) -> Member:
    subject = Subject.of(deployment)
    matched = matching(policies, subject)
    return Member(deployment, subject, matched, shield_of(deployment, matched, history, now))
