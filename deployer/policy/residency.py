"""The rule `residency`: what is deployed where its data may not go is told, and never touched.

What is not deployed yet is refused by the guard's gate; taking down what people use would break them
without bringing any data back.
"""

from datetime import datetime

from deployer.domain.plan import Action, ActionKind
from deployer.domain.residency import Residency, breach, processed
from deployer.policy.document import Policy
from deployer.policy.roster import Member
from deployer.policy.view import NOTHING, Verdict, View

RULE = "residency"


def judge_residency(member: Member, policy: Policy, asked: Residency, view: View, now: datetime) -> Verdict:
    """An alert, once for each deployment and level, about a tier that does not keep what is asked."""
    one = member.deployment
    broken = breach(asked, one.tier, one.sku)
    if not broken:
        return NOTHING
    where = processed(one.id.provider, one.tier, one.account.region, one.sku)
    reason = f"{broken}: its data is processed in {where}; deploy it on a tier that keeps it, then delete this one"
    findings = (member.finding(policy.name, RULE, reason),)
    episode = f"residency:{member.key}:{member.subject.instance}:{asked}"
    if (policy.name, episode) in view.history.alerts:
        return Verdict(findings=findings)
    alert = Action(
        kind=ActionKind.ALERT,
        policy=policy.name,
        rule=RULE,
        reason=reason,
        due=now,
        target=one,
        episode=episode,
        numbers={"asked": asked, "sku": one.sku, "processed": where},
        hourly=view.hourly_of(one),
    )
    return Verdict(actions=(alert,), findings=findings)
