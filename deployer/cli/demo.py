"""`deployer demo`: the whole story on the embedded sandbox, without an account."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployer.cli.context import finish
from deployer.cli.render import say, tell

if TYPE_CHECKING:
    from deployer.demo.story import Told


@click.command()
@click.option("--days", type=click.IntRange(4, 90), default=20, show_default=True, help="Days until the bill is read.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write the story as one HTML file.")
def demo(days: int, report: Path | None) -> None:
    """Play the story of a forgotten deployment, without and with the guard, on emulated clouds.

    Needs no account, no key and no network. A small data set is checked, priced and fine-tuned; the
    model is deployed beside its base model, called for two days and forgotten. Run A shows the bill;
    run B has policies in force: warning, undeploy, the bill, and one command that restores it.

    \b
    Examples:
      deployer demo
      deployer demo --days 30 --report forgotten.html
    """
    from tempfile import TemporaryDirectory

    from deployer.demo.story import START, play
    from deployer.sandbox.process import start

    if report is not None:
        _require_writable(report)
    with TemporaryDirectory(prefix="deployer-demo-") as folder, start(start=START) as sandbox:
        told = play(sandbox.client, sandbox.env, Path(folder), days, say)
    _print_comparison(told)
    if report is not None:
        _write(report, told, days)
    finish(0 if told.comparison.agrees else 1)


def _require_writable(report: Path) -> None:
    """Said before the story, not after it."""
    from deployer.errors import InvalidUsage

    if not report.absolute().parent.is_dir():
        raise InvalidUsage(
            f"--report {report}: the folder {report.absolute().parent} does not exist", next_step="create it first"
        )


def _print_comparison(told: "Told") -> None:
    both = told.comparison
    say("\nBoth bills, to the cent")
    say(f"  {'':<24}{'deployer accrued':>18}{'sandbox invoiced':>18}")
    for bill in (both.unguarded, both.guarded):
        verdict = "equal" if bill.agrees else "DIFFERENT"
        say(f"  {bill.title:<24}{bill.accrued!s:>18}{bill.invoiced!s:>18}  {verdict}")
    say(f"  {'saved by the guard':<24}{both.saved!s:>18}")


def _write(report: Path, told: "Told", days: int) -> None:
    from deployer.demo.report import render

    marks = [(told.undeployed, "undeployed")] if told.undeployed else []
    lead = (
        "A team deploys a fine-tuned model beside its base model, uses both for two days and forgets them. "
        f"The bill is read {days} days after the start. The same weeks, played twice."
    )
    report.write_text(render(told.comparison, told.beats, marks, lead), encoding="utf-8")
    tell(f"Wrote {report}.")
