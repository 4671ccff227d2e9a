"""The rule `retirement`: tell once, some time before the vendor retires the model behind a deployment.

Nothing is done to it: whether billing stops at retirement is said by no source, so people are told to
undeploy it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from deployer.domain.plan import Action, ActionKind
from deployer.domain.retirement import Retirement
from deployer.policy.document import Policy, RetirementRule
from deployer.policy.phrase import span
from deployer.policy.roster import Member
from deployer.policy.view import Verdict, View

RULE = "retirement"
NOT_READ = Retirement(cause="the vendor's list of models was not read")


def judge_retirement(member: Member, policy: Policy, rule: RetirementRule, view: View, now: datetime) -> Verdict:
    """An alert at the date less `warn`; a date that is not known is a finding, and noted by `undated`."""
    known = view.snapshot.retirements.get(member.key, NOT_READ)
    if known.at is None:
        return Verdict(findings=(member.finding(policy.name, RULE, f"when it retires is unknown: {known.cause}"),))
    reason = f"{_when(known.at, now)}: {_advice(member, known, known.at, now)}"
    if known.cause:
        reason += f"; another date {known.cause}, so it may be sooner"
    found = Verdict(findings=(member.finding(policy.name, RULE, reason),))
    episode = f"retirement:{member.key}:{known.at:%Y-%m-%d}"
    if (policy.name, episode) in view.history.alerts:
        return found
    due = known.at - rule.warn
    action = Action(
        kind=ActionKind.ALERT,
        policy=policy.name,
        rule=RULE,
        reason=reason,
        due=due,
        target=member.deployment,
        episode=episode,
        numbers=_numbers(known, known.at, now),
        hourly=view.hourly_of(member.deployment),
    )
    told = (action,)
    return Verdict(told, findings=found.findings) if due <= now else Verdict(upcoming=told, findings=found.findings)


def undated(policy: Policy, members: Iterable[Member], view: View) -> tuple[str, ...]:
    """A note for each reason why dates that the policy watches are not known: no missing input, and not quiet."""
    if policy.retirement is None:
        return ()
    causes: dict[str, list[Member]] = {}
    for member in members:
        known = view.snapshot.retirements.get(member.key, NOT_READ)
        if known.at is None and member.ruled_by(RULE) == policy:
            causes.setdefault(known.cause, []).append(member)
    return tuple(f"policy {policy.name}: {_unknown(found)}: {cause}" for cause, found in causes.items())


def _unknown(members: Sequence[Member]) -> str:
    first, others = members[0].deployment.id, len(members) - 1
    return f"when {first} retires is unknown" + (f", and of {others} more" if others else "")


def _when(at: datetime, now: datetime) -> str:
    if at <= now:
        return f"it has stopped answering on {at:%Y-%m-%d}, {span(now - at)} ago"
    return f"it stops answering on {at:%Y-%m-%d}, in {span(at - now)}"


def _advice(member: Member, known: Retirement, at: datetime, now: datetime) -> str:
    """What to do, from the list of models alone."""
    if member.deployment.id.provider == "openai" and member.deployment.fine_tuned:
        return _advice_at_openai(known, at, now)
    if at <= now:
        return "undeploy it, for no source says that its bill stops"
    if not member.deployment.fine_tuned:
        return f"move its callers from {known.model} to a newer model before then"
    return f"fine-tune a newer base than {known.model} and deploy it before then{_retraining(known, now)}"


def _advice_at_openai(known: Retirement, at: datetime, now: datetime) -> str:
    """There is nothing to undeploy there, and the platform takes no jobs after its last day."""
    closed = known.retrain_until is not None and known.retrain_until <= now
    where = "on another cloud, for OpenAI trains it no more," if closed else f"than {known.model}"
    if at <= now:
        return f"its calls fail, and it costs nothing; fine-tune a newer base {where} and move its callers"
    return f"fine-tune a newer base {where} and move its callers before then{_retraining(known, now)}"


def _retraining(known: Retirement, now: datetime) -> str:
    last = known.retrain_until
    if last is None:
        return ""
    word = "was" if last <= now else "is"
    return f"; the last day to train {known.model} itself {word} {last:%Y-%m-%d}"


def _numbers(known: Retirement, at: datetime, now: datetime) -> dict[str, str]:
    last = known.retrain_until
    return {
        "retires": f"{at:%Y-%m-%d}",
        "left": f"{max(0, (at - now).days)} d",
        **({"retrain until": f"{last:%Y-%m-%d}"} if last else {}),
        "source": known.source,
    }
