"""How a sweep looks: every act with its reason and numbers, what was put off, what nobody could see."""

from collections.abc import Iterable, Sequence
from typing import Any

from deployer.cli.render import emit, folded, moment, say, show_gaps, tell, warn
from deployer.domain.act import ActKind, Phase
from deployer.domain.deployment import Deployment
from deployer.domain.money import Money
from deployer.domain.plan import Action, ActionKind, Finding, Mode, Plan
from deployer.domain.usage import Activity
from deployer.guard.outcome import ActResult, Outcome
from deployer.spend.price import Unpriced

HOURS_A_MONTH = 730


def emit_outcome(outcome: Outcome, output: str, code: int) -> None:
    """Print a sweep; what could not be observed, failed or disagrees goes to stderr as well."""
    for failure in outcome.failures:
        warn(failure)
    for error in outcome.plan.errors:
        warn(error)
    for result in (*outcome.recovered, *outcome.results):
        if result.failed:
            tell(f"Failed: {result.kind} {result.subject}: {result.detail}")
    show_gaps(outcome.plan.gaps)
    if output == "table":
        _print(outcome)
    else:
        emit(document(outcome) | {"exit_code": code}, output)


# --- for programs -----------------------------------------------------------------------------


def document(outcome: Outcome) -> dict[str, Any]:
    """The whole outcome as one document."""
    plan = outcome.plan
    return {
        "as_of": plan.as_of,
        "mode": plan.mode,
        "applied": outcome.applied,
        "acts": [_action(action) for action in plan.acts],
        "warnings": [_action(action) for action in plan.actions if action.kind is ActionKind.WARN],
        "alerts": [_action(action) for action in plan.actions if action.kind is ActionKind.ALERT],
        "upcoming": [_action(action) for action in plan.upcoming],
        "next_due": plan.next_due,
        "deferred": [_action(late.action) | {"deferred": late.reason} for late in plan.deferred],
        "unknown": [_finding(finding) for finding in unknown(plan)],
        "findings": [_finding(finding) for finding in plan.findings],
        "unguarded": [_unguarded(outcome, deployment) for deployment in plan.unguarded],
        "gaps": [{"what": gap.what, "where": gap.where, "cause": gap.cause} for gap in plan.gaps],
        "errors": plan.errors,
        "notes": plan.notes,
        "results": [_result(result) for result in outcome.results],
        "recovered": [_result(result) for result in outcome.recovered],
        "removed": [_result(result) for result in outcome.removed],
        "told": [_action(told.action) | {"delivered": told.delivered} for told in outcome.told],
        "failures": outcome.failures,
    }


def unknown(plan: Plan) -> list[Finding]:
    """Findings for which the evidence was not enough."""
    return [finding for finding in plan.findings if finding.state is Activity.UNKNOWN]


def _action(action: Action) -> dict[str, Any]:
    return {
        "kind": action.kind,
        "deployment": str(action.target.id) if action.target else None,
        "policy": action.policy,
        "rule": action.rule,
        "reason": action.reason,
        "numbers": action.numbers,
        "due": action.due,
        "hourly": action.hourly,
        "monthly": action.hourly * HOURS_A_MONTH if action.hourly else None,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "deployment": str(finding.deployment.id),
        "policy": finding.policy,
        "rule": finding.rule,
        "state": finding.state,
        "reason": finding.reason,
        "since": finding.since,
        "due": finding.due,
    }


def _unguarded(outcome: Outcome, deployment: Deployment) -> dict[str, Any]:
    hourly = _hourly(outcome, deployment)
    known = hourly if isinstance(hourly, Money) else None
    return {
        "deployment": str(deployment.id),
        "model": deployment.model,
        "sku": deployment.sku,
        "created_at": deployment.created_at,
        "hourly": known,
        "monthly": known * HOURS_A_MONTH if known else None,
        "unpriced": hourly.what if isinstance(hourly, Unpriced) else None,
    }


def _result(result: ActResult) -> dict[str, Any]:
    return {
        "act": result.act_id,
        "kind": result.kind,
        "subject": result.subject,
        "phase": result.phase,
        "detail": result.detail,
        "policy": result.action.policy if result.action else None,
        "rule": result.action.rule if result.action else None,
        "reason": result.action.reason if result.action else None,
        "restore": _restore(result) or None,
    }


def _hourly(outcome: Outcome, deployment: Deployment) -> Money | Unpriced:
    found = outcome.view.hourly.get(deployment.id.key) if outcome.view else None
    return Unpriced(f"{deployment.model} ({deployment.sku})") if found is None else found


# --- for people -------------------------------------------------------------------------------


def _print(outcome: Outcome) -> None:
    plan = outcome.plan
    say(_heading(outcome))
    _section("Gone, and not by us", [f"{result.subject}: {result.detail}" for result in outcome.removed])
    ends = (*outcome.recovered, *outcome.results)
    _section("Done", [told_result(end) for end in ends if end.phase is Phase.DONE])
    _section("Failed", [told_result(end) for end in ends if end.failed])
    _section("Not done after all", [told_result(end) for end in ends if end.phase is Phase.WITHDRAWN])
    observed = plan.mode is Mode.OBSERVE
    if not outcome.applied or observed:
        _section("Would undeploy" if observed else "Undeploy", map(_act, plan.acts))
    warnings = [_line(action) for action in plan.actions if action.kind is ActionKind.WARN]
    _section("Would warn" if observed else "Warn", warnings)
    _section("Alert", [_line(action) for action in plan.actions if action.kind is ActionKind.ALERT])
    _section("Deferred", [f"{_act(late.action)}\n    put off: {late.reason}" for late in plan.deferred])
    _section("Unknown", [f"{finding.deployment.id}: {finding.reason}" for finding in unknown(plan)])
    _section(_unguarded_title(outcome), [_unguarded_line(outcome, one) for one in plan.unguarded])
    _section("Next, in mode enforce" if observed else "Next", [_next(action) for action in plan.upcoming[:3]])
    for note in plan.notes:
        say(note)


def _heading(outcome: Outcome) -> str:
    plan, seen = outcome.plan, "nothing seen"
    if outcome.view:
        snapshot = outcome.view.snapshot
        seen = f"{_count(snapshot.deployments, 'deployment')} in {_count(snapshot.accounts, 'account')}"
    return f"{moment(plan.as_of)}, mode {plan.mode}: {seen}, {_count(plan.acts, 'act')} due."


def _count(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _section(title: str, lines: Iterable[str]) -> None:
    shown = list(lines)
    if shown:
        say(f"{title}:")
        for line in "\n".join(shown).split("\n"):
            say(folded(f"  {line}"))


def _line(action: Action) -> str:
    subject = str(action.target.id) if action.target else f"policy {action.policy}"
    cost = f" ({action.hourly}/h)" if action.hourly else ""
    return f"{subject}{cost}: {action.reason} [{action.policy}, {action.rule}]"


def _act(action: Action) -> str:
    """An act is shown with all the figures behind it."""
    numbers = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in action.numbers.items())
    return _line(action) + (f"\n    {numbers}" if numbers else "")


def _restore(result: ActResult) -> str:
    """How what went away comes back; nothing for acts of other kinds."""
    went = result.kind in {ActKind.UNDEPLOY, ActKind.REMOVED} and result.phase is Phase.DONE
    return f"deployer deployment restore {result.subject}" if went else ""


def _undo(result: ActResult) -> str:
    """As the journal says it; of what a crash had left open, it knows more."""
    if result.phase is not Phase.DONE or result.act_id is None:
        return ""
    return _restore(result) or f"`deployer journal show {result.act_id}` says how"


def told_result(result: ActResult) -> str:
    why = f"\n    why: {result.action.reason}" if result.action else ""
    undo = f"\n    undo: {_undo(result)}" if _undo(result) else ""
    entry = f" (journal {result.act_id})" if result.act_id is not None else ""
    return f"{result.kind} {result.subject}: {result.phase}, {result.detail}{entry}{why}{undo}"


def _unguarded_title(outcome: Outcome) -> str:
    rates = [_hourly(outcome, deployment) for deployment in outcome.plan.unguarded]
    known = Money.total(rate for rate in rates if isinstance(rate, Money))
    least = "at least " if any(isinstance(rate, Unpriced) for rate in rates) else ""
    return f"Unguarded, no policy matches ({least}{known} an hour, {least}{known * HOURS_A_MONTH} a month)"


def _unguarded_line(outcome: Outcome, deployment: Deployment) -> str:
    hourly = _hourly(outcome, deployment)
    cost = str(hourly) if isinstance(hourly, Unpriced) else f"{hourly}/h, {hourly * HOURS_A_MONTH} a month"
    return f"{deployment.id} ({deployment.model}): {cost}"


def _next(action: Action) -> str:
    subject = str(action.target.id) if action.target else f"policy {action.policy}"
    return f"{moment(action.due)} {action.kind} {subject} [{action.policy}, {action.rule}]"
