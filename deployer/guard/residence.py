"""Nothing new is started where its data may not go: asked before money is held and before anything is sent."""

from deployer.domain.subject import Subject
from deployer.errors import Refused
from deployer.guard.context import GuardContext
from deployer.policy.residency import forbidden


def keep_residency(context: GuardContext, subject: Subject, sku: str = "") -> None:
    """Raises Refused with the rule and the tier."""
    if reason := forbidden(context.policies, subject, sku):
        raise Refused(
            f"{subject.name} is not started: {reason}",
            next_step="take a tier that keeps it (Standard: region, DataZoneStandard: zone), or change the policy",
        )
