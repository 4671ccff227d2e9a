"""Cancel a job, journalled; the work done until then is billed."""

from __future__ import annotations

from deployer.guard.context import GuardContext
from deployer.training.follow import Followed, settle_jobs
from deployer.training.intervention import CANCEL, intervene


def cancel(context: GuardContext, found: Followed, *, who: str, reason: str = "") -> Followed:
    """Ask the vendor to cancel. Raises Refused when the job has ended, or CloudError."""
    after = intervene(context, found, CANCEL, who=who, reason=reason)
    return settle_jobs(context, found.provider, found.account, (after,))[0]
