"""The decision: from what was seen, spent and told before to a plan. Pure: `now` is an argument.

Each rule has its own module and answers with a `Verdict`; here they are asked and put together.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from deployer.domain.period import Period
from deployer.domain.plan import Action, ActionKind, Deferred, Finding, Mode, Plan
from deployer.domain.snapshot import Gap, Snapshot
from deployer.domain.usage import Activity
from deployer.policy.document import PolicySet
from deployer.policy.evidence import LATENCY
from deployer.policy.idle import judge_idle
from deployer.policy.match import Conflict
from deployer.policy.roster import Member, enrol
from deployer.policy.ttl import judge_ttl
from deployer.policy.view import Verdict, View

__all__ = ["View", "decide", "usage_window"]

LOOK_BACK = timedelta(days=1)
"""Read this much more than the longest `idle.after`, so that the last request can be named."""


def usage_window(policies: PolicySet, now: datetime) -> Period:
    """What usage must be read for `decide` at `now`: enough for the longest `idle.after`, from a full hour on."""
    longest = max((policy.idle.after for policy in policies.policies if policy.idle), default=timedelta(0))
    start = now - LATENCY - longest - LOOK_BACK
    return Period(start.replace(minute=0, second=0, microsecond=0), now - LATENCY)


def decide(policies: PolicySet, view: View, now: datetime) -> Plan:
    """What was found, what is to be done now, and what will be due when."""
    members = enrol(view.snapshot.deployments, policies.policies, view.history, now)
    matched = tuple(member for member in members if member.matched)
    verdicts = [verdict for member in matched for verdict in _verdicts(member, view, now)]
    actions = _one_act_each(action for verdict in verdicts for action in verdict.actions)
    deferred = tuple(entry for verdict in verdicts for entry in verdict.deferred)
    if view.history.paused:
        actions, deferred = _pause(actions, deferred)
    findings = tuple(finding for verdict in verdicts for finding in verdict.findings)
    gaps = view.snapshot.gaps + _unlisted(view.snapshot) + tuple(gap for verdict in verdicts for gap in verdict.gaps)
    return Plan(
        as_of=view.snapshot.as_of,
        mode=policies.mode,
        actions=actions,
        upcoming=tuple(sorted((a for v in verdicts for a in v.upcoming), key=lambda action: action.due)),
        deferred=deferred,
        findings=findings,
        unguarded=tuple(member.deployment for member in members if not member.matched),
        gaps=tuple(dict.fromkeys(gaps)),
        errors=tuple(dict.fromkeys(str(conflict) for member in matched for conflict in _conflicts(member))),
        notes=(),
    )


def _verdicts(member: Member, view: View, now: datetime) -> tuple[Verdict, ...]:
    idle, ttl = member.ruled_by("idle"), member.ruled_by("ttl")
    verdicts = []
    if idle and not isinstance(idle, Conflict) and idle.idle:
        verdicts.append(judge_idle(member, idle, idle.idle, view, now))
    if ttl and not isinstance(ttl, Conflict) and ttl.ttl:
        verdicts.append(judge_ttl(member, ttl, ttl.ttl, view, now))
    return tuple(verdicts)


def _conflicts(member: Member) -> Iterable[Conflict]:
    rulers = (member.ruled_by(rule) for rule in ("idle", "ttl", "over_budget"))
    return [ruler for ruler in rulers if isinstance(ruler, Conflict)]


def _one_act_each(actions: Iterable[Action]) -> tuple[Action, ...]:
    """A deployment is undeployed once, by the rule that was due first; warnings and alerts all stay."""
    chosen: dict[str, Action] = {}
    others = []
    for action in actions:
        if action.kind is not ActionKind.UNDEPLOY or action.target is None:
            others.append(action)
            continue
        key = action.target.id.key
        if key not in chosen or action.due < chosen[key].due:
            chosen[key] = action
    return (*others, *chosen.values())


def _pause(
    actions: tuple[Action, ...], deferred: tuple[Deferred, ...]
) -> tuple[tuple[Action, ...], tuple[Deferred, ...]]:
    held = [action for action in actions if action.kind is ActionKind.UNDEPLOY]
    rest = tuple(action for action in actions if action.kind is not ActionKind.UNDEPLOY)
    return rest, (*deferred, *(Deferred(action, "acts are paused: guard resume") for action in held))


def _unlisted(snapshot: Snapshot) -> tuple[Gap, ...]:
    """What is known to be missing without a gap that says so."""
    told = {gap.where.lower() for gap in snapshot.gaps}
    names = {account.resource_id.lower(): account.name for account in snapshot.accounts}
    missing = [names.get(unread, unread) for unread in sorted(snapshot.unread)]
    gaps = [Gap("deployments", name, "not listed to the end") for name in missing if name.lower() not in told]
    if not snapshot.complete and not any(gap.what == "accounts" for gap in snapshot.gaps):
        gaps.append(Gap("accounts", "all", "not listed to the end"))
    return tuple(gaps)


def _nothing(member: Member) -> Finding:
    return member.finding(member.matched[0].name, "none", "no rule is about it", state=Activity.ACTIVE)


def _notes(policies: PolicySet) -> tuple[str, ...]:
    return ("mode is observe: nothing is undeployed",) if policies.mode is Mode.OBSERVE else ()
