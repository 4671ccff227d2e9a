"""What must hold for every world, tried on worlds made at random."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployer.domain.deployment import Deployment
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.plan import ActionKind, History, Warned
from deployer.domain.residency import Residency
from deployer.domain.retirement import Retirement
from deployer.domain.subject import Subject
from deployer.domain.usage import Activity, UsageBucket, UsageReading
from deployer.policy.decide import View, decide
from deployer.policy.document import Budget, Idle, Limits, Match, OverBudget, Policy, PolicySet, RetirementRule, Then
from deployer.policy.evidence import LATENCY
from deployer.policy.limit import bound
from tests.policy.world import DAY, HOUR, NOW, deployment, spend, view

HOURS = st.sampled_from([0, 1, 2, 5, 12, 24, 48]).map(lambda hours: hours * HOUR)
EPISODES = st.sampled_from(["", *["over_budget:2026-09-01T00:00:00+00:00:100%"] * 3])
RARELY = st.integers(0, 9).map(lambda number: number == 9)
MOSTLY = st.integers(0, 9).map(lambda number: number != 9)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[PolicySet, View]:
    """Up to four deployments with any usage, history and spend under one policy."""
    policy = Policy(
        "dev",
        Match(),
        budget=Budget(Money.of(100)),
        over_budget=OverBudget(then=Then.UNDEPLOY, warn=draw(HOURS)) if draw(MOSTLY) else None,
        idle=Idle(draw(HOURS) + HOUR, draw(HOURS), Then.UNDEPLOY, draw(HOURS)),
        ttl=draw(HOURS) + 100 * HOUR if draw(st.booleans()) else None,
    )
    bots = [draw(deployments(index)) for index in range(draw(st.integers(1, 4)))]
    told = {
        (bot.id.key, Subject.of(bot).instance, "dev", rule): Warned(NOW - draw(HOURS), draw(EPISODES), draw(MOSTLY))
        for bot in bots
        for rule in ("idle", "ttl", "over_budget")
        if draw(MOSTLY)
    }
    seen = view(
        *bots,
        readings=[draw(readings(bot)) for bot in bots if draw(MOSTLY)],
        alive=draw(st.sampled_from([True, True, True, False, None])),
        hourly={bot.id.key: Money.of(draw(st.integers(0, 9))) for bot in bots if draw(MOSTLY)},
        spent={"dev": (spend(bots[0], draw(st.sampled_from(["0", "99", "100", "150"]))),)} if draw(MOSTLY) else {},
        history=History(
            told,
            protected=frozenset(bot.id.key for bot in bots if draw(RARELY)),
            acts_today=draw(st.integers(0, 12)),
        ),
    )
    limits = Limits(draw(st.integers(0, 3)), draw(st.sampled_from([Decimal("0.01"), Decimal("0.5"), Decimal(1)])))
    return PolicySet(limits=limits, policies=(policy,)), seen


@st.composite
def deployments(draw: st.DrawFn, index: int) -> Deployment:
    age = None if draw(RARELY) else draw(st.sampled_from([1, 10, 100, 200, 200])) * HOUR
    return deployment(f"bot-{index}", age=age, locked=draw(RARELY))


@st.composite
def readings(draw: st.DrawFn, of: Deployment) -> UsageReading:
    end = NOW - LATENCY - draw(st.sampled_from([timedelta(0), timedelta(0), timedelta(minutes=7), 5 * HOUR]))
    window = Period(end - draw(st.sampled_from([10, 100, 150, 150])) * HOUR, end)
    counts = draw(st.dictionaries(st.integers(0, 60), st.sampled_from([0, 0, 0, 3]), max_size=4))
    buckets = tuple(_bucket(NOW - hours * HOUR, count) for hours, count in sorted(counts.items(), reverse=True))
    return UsageReading(of.id, window, draw(MOSTLY), "429", buckets)


def _bucket(end: datetime, count: int) -> UsageBucket:
    return UsageBucket(end - HOUR, end, count, input_tokens=count * 100)


def rules_of(policies: PolicySet) -> tuple[Policy, Idle]:
    (policy,) = policies.policies
    assert policy.idle is not None
    return policy, policy.idle


EXAMPLES = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)


@EXAMPLES
@given(worlds())
def test_nothing_that_was_used_within_the_limit_is_undeployed_for_being_idle(world: tuple[PolicySet, View]) -> None:
    policies, seen = world
    _, idle = rules_of(policies)

    for act in decide(policies, seen, NOW).acts:
        if act.rule == "idle" and act.target:
            active = [bucket for bucket in seen.snapshot.usage[act.target.id.key].buckets if bucket.active]
            assert all(bucket.end <= NOW - LATENCY - idle.after for bucket in active)


@EXAMPLES
@given(worlds(), st.sampled_from(Residency), st.none() | st.integers(-90, 400))
def test_rules_that_only_tell_change_nothing_that_is_done_or_missed(
    world: tuple[PolicySet, View], residency: Residency, days: int | None
) -> None:
    policies, seen = world
    policy, _ = rules_of(policies)
    telling = replace(policy, retirement=RetirementRule(), residency=residency)
    end = Retirement(NOW + days * DAY) if days is not None else Retirement(cause="403")
    dated = replace(seen.snapshot, retirements={one.id.key: end for one in seen.snapshot.deployments})

    without = decide(policies, seen, NOW)
    beside = decide(replace(policies, policies=(telling,)), replace(seen, snapshot=dated), NOW)

    assert [act.target for act in beside.acts] == [act.target for act in without.acts]
    assert beside.gaps == without.gaps
    unknown = [[one for one in plan.findings if one.state is Activity.UNKNOWN] for plan in (without, beside)]
    assert unknown[0] == unknown[1]


@EXAMPLES
@given(worlds())
def test_unknown_never_acts(world: tuple[PolicySet, View]) -> None:
    policies, seen = world
    decided = decide(policies, seen, NOW)
    unknown = {
        (finding.deployment.id.key, finding.rule) for finding in decided.findings if finding.state is Activity.UNKNOWN
    }

    assert all((act.target.id.key, act.rule) not in unknown for act in decided.acts if act.target)
    for act in decided.acts:
        if act.rule == "idle" and act.target:
            assert seen.snapshot.usage[act.target.id.key].complete
            assert act.target.created_at is not None


@EXAMPLES
@given(worlds())
def test_nothing_is_undeployed_sooner_than_its_warning_allows(world: tuple[PolicySet, View]) -> None:
    policies, seen = world
    policy, idle = rules_of(policies)
    lead = {
        "idle": idle.warn,
        "over_budget": policy.over_budget.warn if policy.over_budget else DAY,
        "ttl": min(2 * HOUR, policy.ttl or DAY),
    }

    for act in decide(policies, seen, NOW).acts:
        if act.target and lead[act.rule]:
            told = seen.history.warnings[act.target.id.key, Subject.of(act.target).instance, "dev", act.rule]
            assert told.delivered
            assert told.at + lead[act.rule] <= NOW


@EXAMPLES
@given(worlds())
def test_what_is_protected_or_locked_is_neither_undeployed_nor_booked(world: tuple[PolicySet, View]) -> None:
    policies, seen = world
    decided = decide(policies, seen, NOW)

    for action in (*decided.acts, *decided.upcoming):
        if action.target and action.kind is not ActionKind.ALERT:
            assert not action.target.locked
            assert action.target.id.key not in seen.history.protected


@EXAMPLES
@given(worlds())
def test_the_blast_radius_holds_and_nothing_is_lost(world: tuple[PolicySet, View]) -> None:
    policies, seen = world
    decided = decide(policies, seen, NOW)

    limited = bound(decided, policies, seen.history)

    share = max(1, int(policies.limits.max_share * len(seen.snapshot.deployments)))
    left = max(0, policies.limits.per_day - seen.history.acts_today)
    assert len(limited.acts) <= min(policies.limits.max_actions, share, left)
    before = {act.target.id.key for act in decided.acts if act.target}
    after = {act.target.id.key for act in limited.acts if act.target}
    deferred = {entry.action.target.id.key for entry in limited.deferred if entry.action.target}
    assert before <= after | deferred


@EXAMPLES
@given(worlds())
def test_every_deployment_is_accounted_for_and_undeployed_at_most_once(world: tuple[PolicySet, View]) -> None:
    policies, seen = world
    decided = decide(policies, seen, NOW)

    assert {finding.deployment.id.key for finding in decided.findings} == {
        one.id.key for one in seen.snapshot.deployments
    }
    keys = [act.target.id.key for act in decided.acts if act.target]
    assert len(keys) == len(set(keys))


@EXAMPLES
@given(worlds())
def test_what_is_booked_lies_ahead_and_what_is_due_does_not(world: tuple[PolicySet, View]) -> None:
    policies, seen = world
    decided = decide(policies, seen, NOW)

    assert all(action.due > NOW for action in decided.upcoming)
    assert all(action.due <= NOW for action in decided.actions)


def test_the_worlds_are_not_all_quiet() -> None:
    """The properties above would hold for a guard that never acts."""
    acts: Counter[str] = Counter()

    @settings(EXAMPLES, max_examples=150)
    @given(worlds())
    def count(world: tuple[PolicySet, View]) -> None:
        acts.update(act.rule for act in decide(*world, NOW).acts)

    count()

    assert min(acts[rule] for rule in ("idle", "ttl", "over_budget")) >= 3
