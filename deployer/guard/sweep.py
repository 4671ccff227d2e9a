"""One sweep: observe, account, decide, and for `apply_sweep` also act. Command line and scheduler take this path."""

from deployer.guard.context import GuardContext
from deployer.guard.outcome import Outcome


def plan_sweep(context: GuardContext) -> Outcome:
    """Observe, account and decide; acts on nothing and stores only readings and charges."""
    raise NotImplementedError


def apply_sweep(context: GuardContext) -> Outcome:
    """Finish what a crash left, then plan, tell and act."""
    raise NotImplementedError
