"""The decision: from what was seen, spent and told before to a plan. Pure: `now` is an argument.

Each rule has its own module and answers with a `Verdict`; here they are asked and put together.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from deployer.domain.period import Period
from deployer.domain.plan import Action, ActionKind, Deferred, Mode, Plan
from deployer.domain.snapshot import Gap, Snapshot
from deployer.domain.usage import Activity
from deployer.policy.alert import judge_alerts
from deployer.policy.document import Policy, PolicySet
from deployer.policy.evidence import LATENCY
from deployer.policy.idle import judge_idle
from deployer.policy.limit import dearest_first
from deployer.policy.match import Conflict
from deployer.policy.observe import without_promise
from deployer.policy.overspend import judge_overspend
from deployer.policy.purse import purse_of
from deployer.policy.residency import judge_residency
from deployer.policy.retirement import judge_retirement, undated
from deployer.policy.roster import Member, enrol
from deployer.policy.ttl import judge_ttl
from deployer.policy.unmetered import unmetered
from deployer.policy.view import Verdict, View, merge

__all__ = ["View", "decide", "usage_window"]

LOOK_BACK = timedelta(hours=6)
"""Read this much more than the longest `idle.after`, so that the last request can be named."""


def usage_window(policies: PolicySet, now: datetime) -> Period:
    """What usage must be read for `decide` at `now`: enough for the longest `idle.after`, from a full hour on."""
    longest = max((policy.idle.after for policy in policies.policies if policy.idle), default=timedelta(0))
    start = now - LATENCY - longest - LOOK_BACK
    return Period(start.replace(minute=0, second=0, microsecond=0), now - LATENCY)


def decide(policies: PolicySet, view: View, now: datetime) -> Plan:
    """What was found, what is to be done now, and what will be due when."""
    members = enrol(view.snapshot.deployments, policies.policies, view.history, now)
    verdict = merge((*_by_deployment(members, view, now), *_by_policy(policies, members, view, now)))
    acts, deferred = _acts(verdict, view)
    told = tuple(action for action in verdict.actions if action.kind is not ActionKind.UNDEPLOY)
    return Plan(
        as_of=view.snapshot.as_of,
        mode=policies.mode,
        actions=(*(told if policies.mode is Mode.ENFORCE else map(without_promise, told)), *acts),
        upcoming=tuple(sorted(verdict.upcoming, key=lambda action: action.due)),
        deferred=deferred,
        findings=verdict.findings,
        unguarded=tuple(member.deployment for member in members if not member.matched),
        gaps=tuple(dict.fromkeys(view.snapshot.gaps + _unlisted(view.snapshot) + verdict.gaps)),
        errors=tuple(dict.fromkeys(str(conflict) for member in members for conflict in _conflicts(member))),
        notes=verdict.notes,
    )


def _by_deployment(members: Iterable[Member], view: View, now: datetime) -> Iterable[Verdict]:
    for member in members:
        if not member.matched:
            continue
        if not member.deployment.serving:
            state = member.deployment.state
            yield _shown(member, "state", f"its state is {state}: nothing to do")
            continue
        yield _judge_member(member, view, now)
        yield from _told(member, view, now)


def _judge_member(member: Member, view: View, now: datetime) -> Verdict:
    verdicts = []
    idle, ttl = member.ruled_by("idle"), member.ruled_by("ttl")
    if isinstance(idle, Policy) and idle.idle:
        verdicts.append(judge_idle(member, idle, idle.idle, view, now))
    if isinstance(ttl, Policy) and ttl.ttl:
        verdicts.append(judge_ttl(member, ttl, ttl.ttl, view, now))
    conflicts = [_shown(member, conflict.rule, str(conflict), Activity.UNKNOWN) for conflict in _conflicts(member)]
    if not verdicts and not conflicts and member.ruled_by("over_budget") is None:
        return _shown(member, "match", "no rule acts on it")
    return merge((*verdicts, *conflicts))


def _told(member: Member, view: View, now: datetime) -> Iterable[Verdict]:
    """The rules that only tell, whatever the others do."""
    retirement, residency = member.ruled_by("retirement"), member.ruled_by("residency")
    if isinstance(retirement, Policy) and retirement.retirement:
        yield judge_retirement(member, retirement, retirement.retirement, view, now)
    if isinstance(residency, Policy) and residency.residency:
        yield judge_residency(member, residency, residency.residency, view, now)


def _shown(member: Member, rule: str, reason: str, state: Activity = Activity.ACTIVE) -> Verdict:
    return Verdict(findings=(member.finding(member.matched[0].name, rule, reason, state=state),))


def _by_policy(policies: PolicySet, members: tuple[Member, ...], view: View, now: datetime) -> Iterable[Verdict]:
    matched: dict[str, list[Member]] = {policy.name: [] for policy in policies.policies}
    for member in members:
        if member.deployment.serving:
            for policy in member.matched:
                matched[policy.name].append(member)
    for policy in policies.policies:
        about = tuple(matched[policy.name])
        yield judge_alerts(policy, about, view, now)
        yield judge_overspend(policy, about, view, now)
        notes = _notes(policy, about, view, now) + undated(policy, about, view)
        yield Verdict(notes=notes, gaps=unmetered(policy, about, view))


def _notes(policy: Policy, members: tuple[Member, ...], view: View, now: datetime) -> tuple[str, ...]:
    """What a reader of the plan must know of one policy, whatever its rules did."""
    if policy.budget is None:
        return ()
    purse = purse_of(policy.budget, policy.name, members, view, now)
    return (f"policy {policy.name}: {purse.told()}",) if purse and purse.unpriced else ()


def _conflicts(member: Member) -> list[Conflict]:
    rulers = (member.ruled_by(rule) for rule in ("idle", "ttl", "over_budget", "retirement", "residency"))
    return [ruler for ruler in rulers if isinstance(ruler, Conflict)]


def _acts(verdict: Verdict, view: View) -> tuple[tuple[Action, ...], tuple[Deferred, ...]]:
    """The acts that are due, dearest first and one for each deployment; all deferred while acts are paused."""
    acts = _one_act_each(verdict.actions)
    if not view.history.paused:
        return acts, verdict.deferred
    return (), verdict.deferred + tuple(
        Deferred(act, "the guard is paused; `deployer guard resume` ends that") for act in acts
    )


def _one_act_each(actions: Iterable[Action]) -> tuple[Action, ...]:
    """A deployment is undeployed once, by the rule that was due first."""
    chosen: dict[str, Action] = {}
    for action in actions:
        if action.kind is ActionKind.UNDEPLOY and action.target is not None:
            other = chosen.setdefault(action.target.id.key, action)
            chosen[action.target.id.key] = min(other, action, key=lambda act: act.due)
    return tuple(sorted(chosen.values(), key=dearest_first))


def _unlisted(snapshot: Snapshot) -> tuple[Gap, ...]:
    """What is known to be missing without a gap that says so."""
    told = {gap.where.lower() for gap in snapshot.gaps}
    names = {account.resource_id.lower(): account.name for account in snapshot.accounts}
    missing = [names.get(unread, unread.rpartition("/")[2]) for unread in sorted(snapshot.unread)]
    gaps = [Gap("deployments", name, "not listed to the end") for name in missing if name.lower() not in told]
    if not snapshot.complete and not any(gap.what == "accounts" for gap in snapshot.gaps):
        gaps.append(Gap("accounts", "all", "not listed to the end"))
    return tuple(gaps)
