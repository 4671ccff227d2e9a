"""What a decision reads and what a rule answers: values only, so that both can be made by hand in a test."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from deployer.domain.deployment import Deployment
from deployer.domain.money import Money
from deployer.domain.plan import Action, Deferred, Finding, History
from deployer.domain.snapshot import Gap, Snapshot
from deployer.domain.subject import SubjectSpend
from deployer.spend.price import Unpriced


@dataclass(frozen=True)
class View:
    """All that a decision stands on.

    `hourly` is what each deployment costs an hour when nobody calls it, by `DeploymentId.key`;
    a key that is missing has no known price. `spent` is what each policy's subjects have cost in
    its current budget period, by policy name; a policy that is missing is unknown, not zero.
    """

    snapshot: Snapshot
    hourly: Mapping[str, Money | Unpriced] = field(default_factory=dict)
    spent: Mapping[str, tuple[SubjectSpend, ...]] = field(default_factory=dict)
    history: History = field(default_factory=History)

    def burn(self, deployment: Deployment) -> Money | Unpriced:
        """Dollars an hour of one deployment, or what price is missing."""
        known = self.hourly.get(deployment.id.key)
        return Unpriced(f"{deployment.model} ({deployment.sku})") if known is None else known

    def hourly_of(self, deployment: Deployment) -> Money | None:
        """As `burn`, None when no price is known."""
        known = self.burn(deployment)
        return None if isinstance(known, Unpriced) else known


@dataclass(frozen=True)
class Verdict:
    """What one rule answers: the parts of a plan."""

    actions: tuple[Action, ...] = ()
    upcoming: tuple[Action, ...] = ()
    deferred: tuple[Deferred, ...] = ()
    findings: tuple[Finding, ...] = ()
    gaps: tuple[Gap, ...] = ()
    notes: tuple[str, ...] = ()


NOTHING = Verdict()
_PARTS = tuple(part.name for part in fields(Verdict))


def merge(verdicts: Iterable[Verdict]) -> Verdict:
    """All answers as one, in their order."""
    given = tuple(verdicts)
    if len(given) == 1:
        return given[0]
    return Verdict(*(tuple(x for one in given for x in getattr(one, name)) for name in _PARTS))
