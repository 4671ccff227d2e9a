"""The rule `over_budget`: what to do at the instant at which the budget will be used up.

What is billed by the hour burns at a known rate, so that instant is known ahead and booked.
"""

from datetime import datetime

from deployer.domain.deployment import Tier
from deployer.domain.money import Money
from deployer.domain.plan import Action, ActionKind, Warned
from deployer.domain.snapshot import Gap
from deployer.domain.usage import Activity
from deployer.policy.document import OverBudget, Policy, Share, Then
from deployer.policy.phrase import burn, instant, percent
from deployer.policy.purse import Purse, purse_of, purse_of_one
from deployer.policy.roster import Member
from deployer.policy.schedule import Due, schedule
from deployer.policy.view import NOTHING, Verdict, View, merge

RULE = "over_budget"
_RESERVED = frozenset({Tier.PROVISIONED, Tier.GLOBAL_PROVISIONED, Tier.DATA_ZONE_PROVISIONED})


def judge_overspend(policy: Policy, members: tuple[Member, ...], view: View, now: datetime) -> Verdict:
    """One policy over all `members` that it matches; it acts only where it is the most specific."""
    budget, rule = policy.budget, policy.over_budget
    if budget is None or rule is None:
        return NOTHING
    ruled = [member for member in members if _rules(policy, member)]
    if budget.share is Share.EACH:
        purses = [(member, purse_of_one(budget, policy.name, member, view, now)) for member in ruled]
        told = [_tell(policy, rule, purse, member, now, view) for member, purse in purses if purse]
        return merge([*told, *(_judge_one(member, policy, rule, purse, view, now) for member, purse in purses)])
    purse = purse_of(budget, policy.name, members, view, now)
    told = [_tell(policy, rule, purse, None, now, view)] if purse else []
    return merge([*told, *(_judge_one(member, policy, rule, purse, view, now) for member in ruled)])


def _rules(policy: Policy, member: Member) -> bool:
    ruler = member.ruled_by(RULE)
    return isinstance(ruler, Policy) and ruler.name == policy.name


def _judge_one(
    member: Member, policy: Policy, rule: OverBudget, purse: Purse | None, view: View, now: datetime
) -> Verdict:
    if purse is None:
        cause = "what it spent in this period is not known"
        finding = member.finding(policy.name, RULE, cause, state=Activity.UNKNOWN)
        return Verdict(findings=(finding,), gaps=(Gap("spend", f"policy {policy.name}", cause),))
    reached = purse.reached(rule.at, now)
    stays = _why_it_stays(member, rule, view)
    due = None if stays or reached is None else _due(member, policy, rule, purse, reached, view, now)
    reason = _reason(rule, purse, reached, now) + (f"; {stays}" if stays else "")
    finding = member.finding(policy.name, RULE, reason, due=due.at if due else None)
    return merge([schedule(due, now) if due else NOTHING, Verdict(findings=(finding,))])


def _why_it_stays(member: Member, rule: OverBudget, view: View) -> str:
    """Why the rule does not undeploy this one, "" when it does."""
    if rule.then is Then.NOTIFY:
        return "the policy only tells"
    if member.barred:
        return "nothing is done to it"
    hourly = view.burn(member.deployment)
    if isinstance(hourly, Money):
        return "" if hourly.amount > 0 else "it is not billed by the hour, so it stays"
    if member.deployment.fine_tuned or member.deployment.tier in _RESERVED:
        return ""
    return f"whether it is billed by the hour is not known ({hourly}), so it stays"


def _due(
    member: Member, policy: Policy, rule: OverBudget, purse: Purse, reached: datetime, view: View, now: datetime
) -> Due:
    episode = f"{RULE}:{purse.period.start.isoformat()}:{percent(rule.at)}"
    return Due(
        deployment=member.deployment,
        policy=policy,
        rule=RULE,
        reason=f"{_reason(rule, purse, reached, now)}; this one costs {burn(view.burn(member.deployment))}",
        at=member.not_before(reached),
        warn=rule.warn,
        warned=_standing_warning(member, policy, episode, view),
        episode=episode,
        hourly=view.hourly_of(member.deployment),
        unless="the budget is raised",
        numbers={
            "spent": str(purse.spent.high),
            "budget": str(purse.budget.amount),
            "at": percent(rule.at),
            "burn": f"{purse.burn}/h",
            "cost": burn(view.burn(member.deployment)),
        },
    )


def _standing_warning(member: Member, policy: Policy, episode: str, view: View) -> Warned | None:
    """The last warning, if it was about this period and this limit."""
    warned = view.history.warnings.get((member.key, member.subject.instance, policy.name, RULE))
    return warned if warned and warned.episode == episode else None


def _tell(policy: Policy, rule: OverBudget, purse: Purse, member: Member | None, now: datetime, view: View) -> Verdict:
    """With `then: notify` the limit is told once per period."""
    reached = purse.reached(rule.at, now)
    if rule.then is not Then.NOTIFY or reached is None:
        return NOTHING
    target = member.deployment if member else None
    about = f":{member.key}" if member else ""
    episode = f"{RULE}:{purse.period.start.isoformat()}:{percent(rule.at)}{about}"
    reason = _reason(rule, purse, reached, now)
    alert = Action(ActionKind.ALERT, policy.name, RULE, reason, reached, target, episode, {"spent": purse.told()})
    if reached > now:
        return Verdict(upcoming=(alert,))
    return NOTHING if (policy.name, episode) in view.history.alerts else Verdict(actions=(alert,))


def _reason(rule: OverBudget, purse: Purse, reached: datetime | None, now: datetime) -> str:
    limit = f"{percent(rule.at)} is {purse.budget.amount * rule.at}"
    if reached is None:
        when = f"not reached before the period ends at {instant(purse.period.end)}"
    elif reached <= now:
        when = "reached"
    else:
        when = f"to be reached at {instant(reached)}"
    return f"{purse.told()}; {limit}, {when}"
