"""The rule `ttl`: a deployment ends a fixed time after the cloud created it."""

from datetime import datetime, timedelta

from deployer.domain.snapshot import Gap
from deployer.domain.usage import Activity
from deployer.policy.document import Policy
from deployer.policy.phrase import burn, instant, span
from deployer.policy.roster import Member
from deployer.policy.schedule import Due, schedule
from deployer.policy.view import Verdict, View

RULE = "ttl"
WARN = timedelta(hours=2)
"""The language has no warning time for `ttl`; this is the default of `idle`."""


def judge_ttl(member: Member, policy: Policy, ttl: timedelta, view: View, now: datetime) -> Verdict:
    """Warn and undeploy at creation + ttl, whatever the use."""
    created = member.deployment.created_at
    if created is None:
        cause = "the cloud does not say when it was created"
        gap = Gap("creation instant", str(member.deployment.id), cause)
        return Verdict(findings=(member.finding(policy.name, RULE, cause, state=Activity.UNKNOWN),), gaps=(gap,))
    due = _due(member, policy, ttl, created, view, now)
    finding = member.finding(policy.name, RULE, due.reason, since=created, due=None if member.barred else due.at)
    verdict = Verdict() if member.barred else schedule(due, now)
    return Verdict(verdict.actions, verdict.upcoming, verdict.deferred, findings=(finding,))


def _due(member: Member, policy: Policy, ttl: timedelta, created: datetime, view: View, now: datetime) -> Due:
    cost = burn(view.burn(member.deployment))
    age = span(now - created)
    return Due(
        deployment=member.deployment,
        policy=policy,
        rule=RULE,
        reason=f"{age} old (ttl {span(ttl)}): created {instant(created)}; {cost}",
        at=member.not_before(created + ttl),
        warn=min(WARN, ttl),
        warned=view.history.warnings.get((member.key, member.subject.instance, policy.name, RULE)),
        episode=f"ttl:{member.key}:{member.subject.instance}",
        hourly=view.hourly_of(member.deployment),
        numbers={"age": age, "limit": span(ttl), "created": instant(created), "cost": cost},
    )
