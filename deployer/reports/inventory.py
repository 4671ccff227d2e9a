"""The inventory as people read it: each deployment with its cost, its use and who guards it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from deployer.domain.deployment import Deployment, account_names
from deployer.domain.money import Money
from deployer.domain.retirement import Retirement
from deployer.domain.snapshot import Snapshot
from deployer.domain.subject import Subject
from deployer.policy.document import Idle, Policy
from deployer.policy.evidence import LATENCY, Evidence, judge
from deployer.policy.match import matching
from deployer.reports.survey import USED_WITHIN
from deployer.spend.price import PriceBook, Rate, Unpriced
from deployer.spend.standing import Standing, standing

HOURS_A_MONTH = 730
"""As the vendors reckon a month."""
SHORT_LIVED = "Azure deletes developer-tier deployments 24 hours after they were made, used or not"


@dataclass(frozen=True)
class Line:
    """One deployment. `policies` are the names of those that match; none means that nobody guards it."""

    deployment: Deployment
    hourly: Money | Unpriced
    rate: Rate | None
    age: timedelta | None
    policies: tuple[str, ...]
    use: Evidence | None
    retirement: Retirement | None = None

    @property
    def monthly(self) -> Money | Unpriced:
        return self.hourly if isinstance(self.hourly, Unpriced) else self.hourly * HOURS_A_MONTH


def inventory(snapshot: Snapshot, book: PriceBook, policies: Sequence[Policy], *, used: bool) -> tuple[Line, ...]:
    """Dearest first, unpriced ones before all: what is not known may be the worst."""
    lines = [_line(deployment, snapshot, book, policies, used) for deployment in snapshot.deployments]
    return tuple(sorted(lines, key=_dearest_first))


def total_hourly(lines: Sequence[Line]) -> tuple[Money, int]:
    """The sum of what is priced, and how many are not."""
    priced = [line.hourly for line in lines if isinstance(line.hourly, Money)]
    return Money.total(priced), len(lines) - len(priced)


def _line(deployment: Deployment, snapshot: Snapshot, book: PriceBook, policies: Sequence[Policy], used: bool) -> Line:
    now = snapshot.as_of
    found = standing(deployment, book, now)
    return Line(
        deployment=deployment,
        hourly=found.hourly if isinstance(found, Standing) else found,
        rate=found.rate if isinstance(found, Standing) else None,
        age=max(now - deployment.created_at, timedelta()) if deployment.created_at else None,
        policies=tuple(policy.name for policy in matching(policies, Subject.of(deployment))),
        use=_use(deployment, snapshot, now) if used else None,
        retirement=_end(deployment, snapshot.retirements.get(deployment.id.key)),
    )


def _end(deployment: Deployment, retirement: Retirement | None) -> Retirement | None:
    """When it stops answering: with its model, or sooner where its tier has a short life."""
    expires = deployment.expires
    if expires is None or (retirement and retirement.at and retirement.at <= expires):
        return retirement
    return replace(retirement or Retirement(), at=expires, cause="", source=SHORT_LIVED, as_of=None)


def _use(deployment: Deployment, snapshot: Snapshot, now: datetime) -> Evidence:
    return judge(deployment, snapshot, Idle(after=USED_WITHIN, grace=LATENCY), now)


def _dearest_first(line: Line) -> tuple[int, object, str]:
    if isinstance(line.hourly, Unpriced):
        return (0, 0, line.deployment.id.key)
    return (1, -line.hourly.amount, line.deployment.id.key)


@dataclass(frozen=True)
class Selection:
    """Which lines a person asked for; empty is all, `account` may hold `*`."""

    provider: str = ""
    account: str = ""
    unguarded: bool = False

    def fits(self, line: Line) -> bool:
        place = line.deployment.id
        return (
            self.provider.lower() in ("", place.provider.lower())
            and (not self.account or any(map(self._fits_account, account_names(place.account))))
            and not (self.unguarded and line.policies)
        )

    def _fits_account(self, name: str) -> bool:
        return fnmatchcase(name.lower(), self.account.lower())
