"""The rule `idle`: warn about and undeploy what nobody has called for `after`."""

from collections.abc import Mapping
from datetime import datetime

from deployer.domain.plan import Action, ActionKind, Warned
from deployer.domain.snapshot import Gap
from deployer.domain.usage import Activity
from deployer.policy.document import Idle, Policy, Then
from deployer.policy.evidence import Evidence, judge
from deployer.policy.observe import untold
from deployer.policy.phrase import burn, instant, span
from deployer.policy.roster import Member
from deployer.policy.schedule import Due, schedule
from deployer.policy.view import Verdict, View

RULE = "idle"


def judge_idle(member: Member, policy: Policy, rule: Idle, view: View, now: datetime) -> Verdict:
    """What the rule says of one deployment now, and what it books for when."""
    evidence = judge(member.deployment, view.snapshot, rule, now, _resumed(member, view))
    if evidence.state is Activity.UNKNOWN or evidence.since is None:
        return _unknown(member, policy, rule, evidence, view, now)
    due = _due(member, rule, evidence, evidence.since, view, now, policy)
    finding = member.finding(
        policy.name, RULE, due.reason, state=evidence.state, since=evidence.since, due=None if member.barred else due.at
    )
    verdict = _answer(due, rule, evidence, view, now) if not member.barred else Verdict()
    return Verdict(verdict.actions, verdict.upcoming, verdict.deferred, findings=(finding,))


def _due(
    member: Member, rule: Idle, evidence: Evidence, since: datetime, view: View, now: datetime, policy: Policy
) -> Due:
    """Last activity + `after`, never within the grace or an exemption, and once that hour's metrics are visible."""
    at = since + rule.after
    began = [at for at in (member.deployment.created_at, _resumed(member, view)) if at is not None]
    at = max((at, *(start + rule.grace for start in began)))
    return Due(
        deployment=member.deployment,
        policy=policy,
        rule=RULE,
        reason=_reason(member, rule, evidence, since, view, now),
        at=member.not_before(at + evidence.lag),
        warn=rule.warn,
        warned=_standing_warning(member, policy, view),
        episode=f"idle:{member.key}:{member.subject.instance}:{since.isoformat() if evidence.exact else 'before'}",
        hourly=view.hourly_of(member.deployment),
        unless="it is resumed" if member.deployment.paused else "it is called",
        numbers=_numbers(member, rule, since, view, now),
    )


def _answer(due: Due, rule: Idle, evidence: Evidence, view: View, now: datetime) -> Verdict:
    if rule.then is Then.NOTIFY:
        return _tell_once(due, view, now)
    verdict = schedule(due, now)
    return verdict if evidence.proven else Verdict(upcoming=verdict.upcoming)


def _tell_once(due: Due, view: View, now: datetime) -> Verdict:
    alert = due.action(ActionKind.ALERT, due.at, due.reason)
    if now < due.at:
        return Verdict(upcoming=(alert,))
    return Verdict(actions=untold((alert,), view.history))


def _standing_warning(member: Member, policy: Policy, view: View) -> Warned | None:
    """The last warning, unless there was activity or a resume after it or what happened since then was not read."""
    warned = view.history.warnings.get((member.key, member.subject.instance, policy.name, RULE))
    reading = view.snapshot.usage.get(member.key)
    if warned is None or reading is None or warned.at < reading.window.start:
        return None
    later = (reading.last_activity, _resumed(member, view))
    return None if any(at is not None and at > warned.at for at in later) else warned


def _resumed(member: Member, view: View) -> datetime | None:
    """When it last began to take calls again: a person wants it, so it is as young as one just made."""
    return view.history.resumed.get((member.key, member.subject.instance))


def _unknown(member: Member, policy: Policy, rule: Idle, evidence: Evidence, view: View, now: datetime) -> Verdict:
    """Unknown is shown and never acted on; when it lasts longer than `after` it is an alert with the exposure."""
    finding = member.finding(policy.name, RULE, evidence.reason, state=Activity.UNKNOWN)
    gap = Gap("usage", str(member.deployment.id), evidence.reason)
    since = view.history.unknown_since.get(member.key, evidence.unproven_since)
    alerts: tuple[Action, ...] = ()
    if since is not None and now - since > rule.after:
        alerts = _alert_unknown(member, policy, evidence, since, view, now)
    return Verdict(actions=alerts, findings=(finding,), gaps=(gap,))


def _alert_unknown(
    member: Member, policy: Policy, evidence: Evidence, since: datetime, view: View, now: datetime
) -> tuple[Action, ...]:
    episode = f"unknown:{member.key}:{member.subject.instance}:{now:%Y-%m}"
    if (policy.name, episode) in view.history.alerts:
        return ()
    cost = burn(view.burn(member.deployment))
    reason = f"nobody knows whether it is used, for {span(now - since)}: {evidence.reason}; {cost} if nobody acts"
    hourly = view.hourly_of(member.deployment)
    return (Action(ActionKind.ALERT, policy.name, RULE, reason, now, member.deployment, episode, {}, hourly),)


def _reason(member: Member, rule: Idle, evidence: Evidence, since: datetime, view: View, now: datetime) -> str:
    cost = burn(view.burn(member.deployment))
    if evidence.state is Activity.ACTIVE:
        return f"active: {evidence.reason}; idle after {span(rule.after)} without a request; {cost}"
    least = "" if evidence.exact else "at least "
    return f"idle for {least}{span(now - since)} (limit {span(rule.after)}): {evidence.reason}; {cost}"


def _numbers(member: Member, rule: Idle, since: datetime, view: View, now: datetime) -> Mapping[str, str]:
    return {
        "idle_for": span(now - since),
        "limit": span(rule.after),
        "since": instant(since),
        "cost": burn(view.burn(member.deployment)),
    }
