"""`deployer guard`: one sweep of the policies, planned or applied, and what the last one came to."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from deployer.cli.context import finish, pass_app, person
from deployer.cli.render import emit, output_option, progress, tell, warn

if TYPE_CHECKING:
    from deployer.app import App
    from deployer.guard.context import GuardContext
    from deployer.guard.outcome import Outcome


@click.group()
def guard() -> None:
    """Plan or apply one sweep of the policies.

    \b
    Examples:
      deployer guard plan
      deployer guard apply
      deployer guard status
    """


@guard.command("plan")
@click.option("--exit-code", "want_code", is_flag=True, help="Exit 10 when acts are pending.")
@output_option
@pass_app
def plan_guard(app: "App", want_code: bool, output: str) -> None:
    """Show what the policies would do now, with reasons and numbers. Acts on nothing and tells nobody.

    \b
    Examples:
      deployer guard plan
      deployer guard plan --exit-code -o json
    """
    from deployer.cli.sweep import emit_outcome
    from deployer.guard.outcome import exit_code
    from deployer.guard.sweep import plan_sweep

    context = app.guard_context()
    with progress("looking at what is deployed and used"):
        outcome = plan_sweep(context)
    code = exit_code(outcome, pending=want_code)
    emit_outcome(outcome, output, code)
    finish(code)


@guard.command("apply")
@output_option
@pass_app
def apply_guard(app: "App", output: str) -> None:
    """Sweep once and act: warn, undeploy, prove that it is gone, journal. For cron and CI; `deployer serve` repeats it.

    \b
    Examples:
      deployer guard apply
      deployer guard apply -o json
    """
    from deployer.cli.sweep import emit_outcome
    from deployer.guard.outcome import exit_code

    context = app.guard_context()
    with progress("sweeping; an undeploy is watched until it is really gone"):
        outcome = sweep_once(context)
    code = exit_code(outcome)
    emit_outcome(outcome, output, code)
    finish(code)


def sweep_once(context: "GuardContext") -> "Outcome":
    """What `guard apply` and `serve` do: charge fine-tunes that have ended, so that budgets know of them, and sweep."""
    from deployer.errors import DeployerError
    from deployer.guard.sweep import apply_sweep
    from deployer.training.upkeep import settle_open

    try:
        settle_open(context, tell)
    except DeployerError as error:  # a sweep does not wait for a job's charge
        warn(f"ended fine-tunes were not charged: {error.message}")
    return apply_sweep(context)


@guard.command("status")
@output_option
@pass_app
def show_status(app: "App", output: str) -> None:
    """Show what the last sweep came to and what is open, from the ledger alone.

    \b
    Examples:
      deployer guard status
      deployer guard status -o json
    """
    ledger, now = app.ledger, app.clock.now()
    last = ledger.decisions.last_sweep()
    history = ledger.decisions.history(now)
    status = {
        "last_sweep": last[0] if last else None,
        "age": now - last[0] if last else None,
        "paused": history.paused,
        "acts_today": history.acts_today,
        "protected": sorted(history.protected),
        "unfinished": [
            {"act": act.id, "kind": act.kind, "subject": act.subject} for act in ledger.journal.unfinished()
        ],
    }
    emit(status | ({f"last_{name}": value for name, value in _readable(last[1]).items()} if last else {}), output)
    if last is None:
        tell("No sweep has ended yet: `deployer guard apply` or `deployer serve`.")


def _readable(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The summary with its instant as one, so that it is shown like any other."""
    due = summary.get("next_due")
    return dict(summary) | {"next_due": datetime.fromisoformat(due) if due else None}


@guard.command("pause")
@pass_app
def pause_guard(app: "App") -> None:
    """Stop all acts at once, everywhere on this ledger; observing goes on.

    \b
    Examples:
      deployer guard pause
    """
    app.ledger.decisions.pause(True, person(), app.clock.now())
    tell("Paused: nothing is undeployed until `deployer guard resume`.")


@guard.command("resume")
@pass_app
def resume_guard(app: "App") -> None:
    """Allow acts again.

    \b
    Examples:
      deployer guard resume
    """
    app.ledger.decisions.pause(False, person(), app.clock.now())
    tell("Resumed: the next sweep acts again.")
