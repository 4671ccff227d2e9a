"""The rule `residency`: what is deployed where its data may not go is told, and never touched.

What is not deployed yet is `forbidden` and refused; taking down what people use would break them without
bringing any data back.
"""

from datetime import datetime

from deployer.domain.plan import Action, ActionKind
from deployer.domain.residency import Residency, breach, processed
from deployer.domain.subject import Subject
from deployer.policy.document import Policy, PolicySet
from deployer.policy.match import Conflict, governing
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


def forbidden(policies: PolicySet, subject: Subject, sku: str = "") -> str:
    """Why the policies do not let `subject` be served or trained on its tier; "" when they do.

    `sku` is the tier's own name, for people. Two equally specific policies that disagree allow nothing new.
    """
    policy = governing(policies.policies, subject, RULE)
    if isinstance(policy, Conflict):
        return f"policies {' and '.join(policy.policies)} match it equally and differ in residency"
    if policy is None or policy.residency is None:
        return ""
    name = sku or ("OpenAI" if subject.provider == "openai" else "")
    broken = breach(policy.residency, subject.tier, name)
    where = processed(subject.provider, subject.tier, subject.region, sku)
    return f"policy {policy.name}: {broken} (data would be processed in: {where})" if broken else ""
