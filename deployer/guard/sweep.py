"""One sweep: observe, account, decide, and for `apply_sweep` also act. Command line and scheduler take this path."""

from dataclasses import dataclass, replace
from typing import Any

from deployer.domain.plan import Plan
from deployer.domain.usage import Activity
from deployer.errors import InvalidFile, Problem
from deployer.guard.accounting import account
from deployer.guard.apply import BUSY, SWEEP, CheckedPlan, apply_held, held_back
from deployer.guard.bulk import uncollected
from deployer.guard.context import GuardContext
from deployer.guard.departure import charge_late_usage, record_removed
from deployer.guard.hosting import with_hosting
from deployer.guard.lock import exclusive
from deployer.guard.observation import observe
from deployer.guard.outcome import Outcome, exit_code
from deployer.guard.recovery import recover
from deployer.guard.retirement import with_retirements
from deployer.guard.telling import unheard
from deployer.guard.view import build_view
from deployer.policy.decide import decide
from deployer.policy.limit import bound
from deployer.policy.view import View


@dataclass(frozen=True)
class Sight:
    """What one look at the world came to."""

    view: View
    plan: Plan

    @property
    def blind(self) -> bool:
        """Whether not a single account could be read, so that the sweep saw nothing at all."""
        return self.view.snapshot.blind


def plan_sweep(context: GuardContext) -> Outcome:
    """Observe, account and decide; acts on nothing and stores only readings and charges."""
    sight = look(context)
    return Outcome(sight.plan, view=sight.view, blind=sight.blind)


def apply_sweep(context: GuardContext) -> Outcome:
    """Plan, finish what a crash left, tell and act; one guard at a time."""
    sight = look(context)
    if sight.plan.actions or context.ledger.journal.unfinished():
        outcome = _apply(context, sight)
    else:
        outcome = Outcome(sight.plan, applied=True)
    outcome = replace(outcome, removed=record_removed(context), view=sight.view, blind=sight.blind)
    silent = unheard((*outcome.recovered, *outcome.results, *outcome.removed))
    outcome = replace(outcome, failures=outcome.failures + silent)
    context.ledger.decisions.record_sweep(context.clock.now(), summary(outcome))
    return outcome


@uncollected()
def look(context: GuardContext) -> Sight:
    """Observe, account and decide, within the blast radius."""
    if not context.providers:
        raise InvalidFile(
            (Problem("settings", "no cloud is configured", "AZURE_SUBSCRIPTION_ID or OPENAI_ADMIN_KEY, for example"),),
            next_step="`deployer init` writes a commented .env, `deployer doctor` checks it",
        )
    now = context.clock.now()
    tracked = context.ledger.readings.tracked()
    seen = with_hosting(context, with_retirements(context, observe(context, now, tracked)))
    accounted = account(context, seen, tracked)
    charge_late_usage(context)
    view = build_view(context, accounted.snapshot, accounted.unrecorded)
    return Sight(view, bound(decide(context.policies, view, now), context.policies, view.history))


def _apply(context: GuardContext, sight: Sight) -> Outcome:
    with exclusive(context, SWEEP) as hold:
        if hold is None:
            return Outcome(held_back(sight.plan, BUSY))
        recovered = recover(context, sight.view.snapshot)
        outcome = apply_held(context, CheckedPlan(sight.plan, sight.view.snapshot), hold)
    return replace(outcome, recovered=recovered)


def summary(outcome: Outcome) -> dict[str, Any]:
    """One line about a sweep, for `guard status`: counts, and when something is due next."""
    plan = outcome.plan
    due = plan.next_due
    return {
        "mode": plan.mode.value,
        "deployments": len(outcome.view.snapshot.deployments) if outcome.view else 0,
        "acts": len(outcome.results),
        "failed": sum(result.failed for result in outcome.results + outcome.recovered) + len(outcome.failures),
        "recovered": len(outcome.recovered),
        "removed": len(outcome.removed),
        "told": len(outcome.told),
        "deferred": len(plan.deferred),
        "unknown": sum(finding.state is Activity.UNKNOWN for finding in plan.findings),
        "unguarded": len(plan.unguarded),
        "gaps": [str(gap) for gap in plan.gaps],
        "next_due": due.isoformat() if due else None,
        "exit_code": exit_code(outcome),
    }
