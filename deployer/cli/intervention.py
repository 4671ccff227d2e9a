"""`deployer finetune cancel`, `pause` and `resume`: one shape, for each is a word said to a running job."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING

import click

from deployer.cli.context import pass_app, person
from deployer.cli.job import place_options
from deployer.cli.render import emit, output_option, say, warn

if TYPE_CHECKING:
    from deployer.app import App
    from deployer.guard.context import GuardContext
    from deployer.training.follow import Followed


@dataclass(frozen=True)
class Asked:
    """A job, and what is asked to be done with it by whom and why."""

    context: "GuardContext"
    found: "Followed"
    who: str
    reason: str


Said = tuple["Followed", str]
"""The job afterwards, and in words what comes next."""


def _said_to_a_job(word: str) -> Callable[[Callable[[Asked], Said]], click.Command]:
    """A command that finds a job, does something to it and shows it; the docstring is its help."""

    def decorate(work: Callable[[Asked], Said]) -> click.Command:
        @click.command(word)
        @click.argument("job")
        @place_options
        @click.option("--reason", default="", help="Why; written into the journal.")
        @output_option
        @pass_app
        @wraps(work)
        def command(app: "App", /, job: str, provider: str, account: str, reason: str, output: str) -> None:
            from deployer.cli.training import job_row
            from deployer.training.follow import find_job

            context = app.guard_context(policies_needed=False)
            found, after = work(Asked(context, find_job(context, job, provider.lower(), account), person(), reason))
            if output == "table":
                say(f"{found.job.id}: {found.job.status}{after}")
            else:
                emit(job_row(found), output)

        return command

    return decorate


@_said_to_a_job("cancel")
def cancel_job(asked: Asked) -> Said:
    """Cancel a job. What was trained until then is billed.

    \b
    Examples:
      deployer finetune cancel ftjob-abc123
      deployer finetune cancel ftjob-abc123 --reason "wrong data"
    """
    from deployer.cli.training import cost_text
    from deployer.training.cancel import cancel

    found = cancel(asked.context, asked.found, who=asked.who, reason=asked.reason)
    return found, f", {cost_text(found.cost)}"


@_said_to_a_job("pause")
def pause_job(asked: Asked) -> Said:
    """Pause a running job. What was trained is kept and billed; what it holds of a budget stays held.

    \b
    Examples:
      deployer finetune pause ftjob-abc123
      deployer finetune pause ftjob-abc123 --reason "look at the checkpoint first"
    """
    from deployer.training.pause import pause

    found = pause(asked.context, asked.found, who=asked.who, reason=asked.reason)
    return found, f"; go on with `deployer finetune resume {found.job.id}`"


@_said_to_a_job("resume")
def resume_job(asked: Asked) -> Said:
    """Let a paused job go on. Exit 3 when it is not paused.

    \b
    Examples:
      deployer finetune resume ftjob-abc123
      deployer finetune resume ftjob-abc123 --reason "the checkpoint is good"
    """
    from deployer.training.pause import resume, warnings

    found = resume(asked.context, asked.found, who=asked.who, reason=asked.reason)
    for warning in warnings(asked.context, found.job):
        warn(warning)
    return found, f"; follow it with `deployer finetune watch {found.job.id}`"
