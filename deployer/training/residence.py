"""Which training tiers the policies allow, for an estimate: the cheaper ones are those that give no residency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deployer.domain.deployment import Account
from deployer.domain.model import base_model
from deployer.domain.subject import Subject, SubjectKind
from deployer.errors import Refused
from deployer.policy.document import PolicySet
from deployer.policy.residency import forbidden
from deployer.training.estimate import Estimate
from deployer.training.tier import TierCost, price_tier


def judge_tiers(found: Estimate, policies: PolicySet) -> Estimate:
    """The estimate, each tier with the reason why it is refused."""
    account, azure = found.place.account, Account("azure", "", "")
    tiers = tuple(replace(tier, refused=_refusal(found.model, account, tier, policies)) for tier in found.tiers)
    instead = tuple(replace(tier, refused=_refusal(found.model, azure, tier, policies)) for tier in found.instead)
    chosen = next(tier for tier in tiers if tier.tier == found.chosen.tier)
    return replace(found, tiers=tiers, chosen=chosen, instead=instead)


def refuse_chosen(found: Sequence[Estimate]) -> None:
    """Raises Refused when none of the estimates could be started."""
    reasons = list(dict.fromkeys(each.chosen.refused for each in found))
    if reasons and all(reasons):
        allowed = [tier.tier for each in found for tier in each.tiers if tier.tier and not tier.refused]
        step = f"--tier {allowed[0]} keeps it" if allowed else "fine-tune on another cloud, or change the policy"
        raise Refused(f"would not be started: {'; '.join(reasons)}", next_step=step)


def _refusal(model: str, account: Account, tier: TierCost, policies: PolicySet) -> str:
    subject = Subject(
        kind=SubjectKind.JOB,
        key=f"job:{account.provider}:estimate",
        provider=account.provider,
        account=account.name,
        name="this job",
        model=model,
        base_model=base_model(model),
        fine_tuned=True,
        region=account.region,
        tier=price_tier(tier.tier),
    )
    return forbidden(policies, subject, tier.tier)
