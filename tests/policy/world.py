"""A small world made by hand: deployments, readings and views for tests of the decision."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deployer.domain.charge import Spend
from deployer.domain.deployment import Account, Deployment, DeploymentId, Tier
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.plan import History, Plan, Warned
from deployer.domain.retirement import Retirement
from deployer.domain.snapshot import Gap, Snapshot
from deployer.domain.subject import Subject, SubjectSpend
from deployer.domain.usage import Aliveness, UsageBucket, UsageReading
from deployer.policy.decide import View, decide
from deployer.policy.document import PolicySet
from deployer.policy.load import load_policies
from deployer.spend.price import Unpriced

NOW = datetime(2026, 9, 10, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
HOSTING = Money.of("1.70")
DEV = Account("azure", "aoai-dev-eastus2", "/subscriptions/s/accounts/aoai-dev-eastus2", region="eastus2")


def account(name: str, *, locked: bool = False, provider: str = "azure") -> Account:
    return Account(provider, name, f"/subscriptions/s/accounts/{name}", locked=locked)


def deployment(
    name: str = "bot",
    *,
    where: Account = DEV,
    age: timedelta | None = 30 * DAY,
    now: datetime = NOW,
    fine_tuned: bool = True,
    **facts: Any,
) -> Deployment:
    """A fine-tuned gpt-4.1-mini that was created `age` before `now`."""
    given: dict[str, Any] = {
        "model": "gpt-4.1-mini-2025-04-14.ft-0123456789abcdef0123456789abcdef-bot",
        "base_model": "gpt-4.1-mini",
        "sku": "Standard",
        "tier": Tier.REGIONAL,
        "state": "Succeeded",
        "created_at": None if age is None else now - age,
        **facts,
    }
    return Deployment(DeploymentId(where.provider, where.name, name), where, fine_tuned=fine_tuned, **given)


def usage(
    of: Deployment,
    counts: Mapping[timedelta, int] | Iterable[int] = (),
    *,
    now: datetime = NOW,
    complete: bool = True,
    cause: str = "",
    length: timedelta = 2 * DAY,
    failed: bool = False,
) -> UsageReading:
    """A reading up to now - 10 minutes. `counts` maps how long ago an hour ended to its requests."""
    window = Period((now - 10 * MINUTE - length).replace(minute=0), now - 10 * MINUTE)
    given = dict(counts) if isinstance(counts, Mapping) else {}
    buckets = tuple(
        UsageBucket(now - ago - HOUR, now - ago, requests, failed_requests=requests if failed else 0)
        for ago, requests in sorted(given.items(), reverse=True)
    )
    return UsageReading(of.id, window, complete, cause, buckets)


def zeros(hours: int = 24) -> dict[timedelta, int]:
    """A number for each hour, all 0."""
    return {hour * HOUR: 0 for hour in range(hours)}


def view(
    *deployments: Deployment,
    readings: Iterable[UsageReading] = (),
    alive: bool | None = True,
    hourly: Mapping[str, Money | Unpriced] | None = None,
    spent: Mapping[str, tuple[SubjectSpend, ...]] | None = None,
    history: History | None = None,
    gaps: tuple[Gap, ...] = (),
    unread: frozenset[str] = frozenset(),
    retirements: Mapping[str, Retirement] | None = None,
    now: datetime = NOW,
) -> View:
    accounts = tuple(dict.fromkeys(one.account.resource_id for one in deployments))
    return View(
        snapshot=Snapshot(
            as_of=now,
            accounts=tuple({one.account.name: one.account for one in deployments}.values()),
            deployments=deployments,
            usage={reading.deployment.key: reading for reading in readings},
            aliveness={name.lower(): Aliveness(alive, "429 Too Many Requests") for name in accounts},
            gaps=gaps,
            unread=unread,
            retirements=retirements or {},
        ),
        hourly=hourly if hourly is not None else {one.id.key: HOSTING for one in deployments},
        spent=spent or {},
        history=history or History(),
    )


def spend(of: Deployment, amount: str, *, unpriced: tuple[str, ...] = (), low: str | None = None) -> SubjectSpend:
    return SubjectSpend(Subject.of(of), Spend(Money.of(low or amount), Money.of(amount), unpriced))


def warned(of: Deployment, at: datetime, *, rule: str = "idle", episode: str = "", delivered: bool = True) -> History:
    """A history in which policy `dev` warned about one deployment."""
    key = (of.id.key, Subject.of(of).instance, "dev", rule)
    return History(warnings={key: Warned(at, episode, delivered)})


def rules(body: str, *, match: str = "{}", mode: str = "enforce", limits: str = "{}") -> PolicySet:
    """One policy `dev` with the given rules, as people write them."""
    return language(
        f"version: 1\nmode: {mode}\nlimits: {limits}\npolicies:\n  - {{name: dev, match: {match}, {body}}}\n"
    )


def language(text: str) -> PolicySet:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "policies.yaml"
        path.write_text(text, encoding="utf-8")
        return load_policies(path)


def plan(policies: PolicySet, seen: View, now: datetime = NOW) -> Plan:
    return decide(policies, seen, now)


def told(plan: Plan) -> list[tuple[str, str]]:
    """What is to be done now, as (kind, deployment or policy)."""
    return [(str(one.kind), one.target.name if one.target else one.policy) for one in plan.actions]


def booked(plan: Plan) -> list[tuple[str, datetime]]:
    """What is due later, as (kind, instant)."""
    return [(str(one.kind), one.due) for one in plan.upcoming]
