"""The rule `alerts`: tell once per period when a share of the budget is spent, or forecast to be."""

from collections.abc import Iterable
from datetime import datetime

from deployer.domain.plan import Action, ActionKind
from deployer.policy.document import Alert, Policy, Share
from deployer.policy.phrase import instant
from deployer.policy.purse import Purse, purse_of, purse_of_one
from deployer.policy.roster import Member
from deployer.policy.view import NOTHING, Verdict, View, merge

RULE = "alerts"


def judge_alerts(policy: Policy, members: tuple[Member, ...], view: View, now: datetime) -> Verdict:
    """All thresholds of one policy; with `share: each` for every deployment that it rules."""
    purses = _purses(policy, members, view, now)
    return merge(_judge(policy, alert, purse, member, view, now) for member, purse in purses for alert in policy.alerts)


def _purses(
    policy: Policy, members: tuple[Member, ...], view: View, now: datetime
) -> Iterable[tuple[Member | None, Purse]]:
    if policy.budget is None or not policy.alerts:
        return []
    if policy.budget.share is Share.TOGETHER:
        purse = purse_of(policy.budget, policy.name, members, view, now)
        return [(None, purse)] if purse else []
    ruled = [member for member in members if _may_tell(policy, member)]
    found = [(member, purse_of_one(policy.budget, policy.name, member, view, now)) for member in ruled]
    return [(member, purse) for member, purse in found if purse]


def _may_tell(policy: Policy, member: Member) -> bool:
    """Where two policies disagree both tell: that harms nobody."""
    ruler = member.ruled_by(RULE)
    return not isinstance(ruler, Policy) or ruler.name == policy.name


def _judge(policy: Policy, alert: Alert, purse: Purse, member: Member | None, view: View, now: datetime) -> Verdict:
    due = _forecast_due(alert, purse, now) if alert.forecast else purse.reached(alert.at, now)
    if due is None:
        return NOTHING
    about = f":{member.key}" if member else ""
    episode = f"alert:{purse.period.start.isoformat()}:{alert}{about}"
    if (policy.name, episode) in view.history.alerts:
        return NOTHING
    action = Action(
        kind=ActionKind.ALERT,
        policy=policy.name,
        rule=RULE,
        reason=_reason(alert, purse, due, now),
        due=due,
        target=member.deployment if member else None,
        episode=episode,
        numbers={"spent": str(purse.spent.high), "budget": str(purse.budget.amount), "threshold": str(alert)},
        hourly=purse.burn,
    )
    return Verdict(actions=(action,)) if due <= now else Verdict(upcoming=(action,))


def _forecast_due(alert: Alert, purse: Purse, now: datetime) -> datetime | None:
    return now if purse.projected(now) >= purse.budget.amount * alert.at else None


def _reason(alert: Alert, purse: Purse, due: datetime, now: datetime) -> str:
    if alert.forecast:
        least = "at least " if purse.unpriced else ""
        forecast = f"forecast {least}{purse.projected(now)} by {instant(purse.period.end)}"
        return f"{forecast}, over {purse.budget.amount * alert.at} ({alert}): {purse.told()}"
    when = "reached" if due <= now else f"will be reached at {instant(due)}"
    return f"{alert} of the budget ({purse.budget.amount * alert.at}) {when}: {purse.told()}"
