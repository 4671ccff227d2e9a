"""`deployer journal`: what was done, why, by whom, and how to undo it."""

from typing import TYPE_CHECKING, Any

import click

from deployer.cli.context import pass_app
from deployer.cli.render import Column, emit, list_output_option, moment, output_option, say

if TYPE_CHECKING:
    from deployer.app import App
    from deployer.domain.act import Act

LONGEST_DETAIL = 200
EVERYTHING = 1_000_000
COLUMNS = (
    Column("act", right=True),
    Column("at", show=moment),
    Column("kind"),
    Column("subject"),
    Column("phase"),
    Column("who", spare=True),
    Column("reason"),
)


@click.group()
def journal() -> None:
    """Read what was done, why, and how to undo it.

    \b
    Examples:
      deployer journal list
      deployer journal show 7
    """


@journal.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many, the newest first.")
@click.option("--subject", default="", help="Only acts on this deployment (name or account/name).")
@list_output_option
@pass_app
def list_journal(app: "App", limit: int, subject: str, output: str) -> None:
    """List acts, the newest first.

    \b
    Examples:
      deployer journal list
      deployer journal list --subject support-bot -o json
    """
    acts = app.ledger.journal.acts(limit=EVERYTHING if subject else limit)
    about = [act for act in acts if subject.lower() in act.subject][:limit]
    emit([_row(act) for act in about], output, COLUMNS, empty="Nothing has been done yet.")


@journal.command("show")
@click.argument("act", type=int)
@output_option
@pass_app
def show_journal(app: "App", act: int, output: str) -> None:
    """Show one act: every step, its numbers, what is kept for a restore, and how to undo it.

    \b
    Examples:
      deployer journal show 7
    """
    from deployer.errors import InvalidUsage

    found = app.ledger.journal.act(act)
    if found is None:
        raise InvalidUsage(f"there is no journal entry {act}", next_step="`deployer journal list` shows all")
    if output == "table":
        _print(found)
    else:
        emit(_document(found), output)


def undo(act: "Act") -> str | None:
    """The command that takes an act back, None when there is nothing to take back."""
    from deployer.domain.act import ActKind, Phase

    if act.phase is not Phase.DONE:
        return None
    if act.kind in {ActKind.UNDEPLOY, ActKind.REMOVED}:
        return f"deployer deployment restore {act.subject}"
    if act.kind is ActKind.CAP:
        return f"deployer cap restore {act.id}"
    if act.kind in {ActKind.CREATE, ActKind.RESTORE}:
        return f"deployer deployment delete {act.subject}"
    if act.kind in {ActKind.PAUSE, ActKind.RESUME}:
        verb = "resume" if act.kind is ActKind.PAUSE else "pause"
        return f"deployer deployment {verb} {act.subject}"
    if act.kind is ActKind.SCALE and (before := act.numbers.get("capacity before", "")).isdigit():
        return f"deployer deployment scale {act.subject} --capacity {before}"
    return None


def _row(act: "Act") -> dict[str, Any]:
    return {
        "act": act.id,
        "at": act.at,
        "kind": act.kind,
        "subject": act.subject,
        "phase": act.phase,
        "detail": act.steps[-1].detail if act.steps else "",
        "who": act.who,
        "reason": act.reason,
        "undo": undo(act),
    }


def _document(act: "Act") -> dict[str, Any]:
    steps = [{"phase": step.phase, "at": step.at, "detail": step.detail} for step in act.steps]
    return _row(act) | {"instance": act.instance, "numbers": act.numbers, "steps": steps, "body": act.body}


def _short(detail: str) -> str:
    """Continuation tokens are pages long; `-o json` has them whole."""
    return detail if len(detail) <= LONGEST_DETAIL else f"{detail[:LONGEST_DETAIL]}…"


def _print(act: "Act") -> None:
    say(f"{act.id}: {act.kind} {act.subject}")
    say(f"  who: {act.who}")
    say(f"  why: {act.reason}")
    for name, value in act.numbers.items():
        say(f"  {name}: {value}")
    for step in act.steps:
        say(f"  {moment(step.at)}  {step.phase}{'  ' + _short(step.detail) if step.detail else ''}")
    if undo(act):
        say(f"  undo: {undo(act)}")
