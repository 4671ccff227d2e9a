"""`deployer finetune list`, `show` and `watch`: jobs as they are."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from deployer.cli.context import finish, pass_app
from deployer.cli.render import emit, list_output_option, output_option, progress, show_gaps, tell, warn

if TYPE_CHECKING:
    from deployer.app import App
    from deployer.training.follow import Followed

F = TypeVar("F", bound=Callable[..., Any])


def place_options(function: F) -> F:
    """Where a job is, or shall be."""
    account = click.option("--account", default="", help="Azure resource or OpenAI project (default: the only one).")
    provider = click.option("--provider", default="", help="azure or openai (default: the one with that account).")
    return provider(account(function))


@click.command("list")
@place_options
@list_output_option
@pass_app
def list_all(app: "App", provider: str, account: str, output: str) -> None:
    """List jobs, newest first, whoever started them; what ended ones cost is written down.

    \b
    Examples:
      deployer finetune list
      deployer finetune list --provider azure -o csv
    """
    from deployer.cli.training import JOB_COLUMNS, job_row
    from deployer.training.follow import list_jobs

    with progress("listing jobs"):
        found, gaps = list_jobs(app.guard_context(policies_needed=False), provider.lower(), account)
    columns = JOB_COLUMNS if any(each.job.error for each in found) else JOB_COLUMNS[:-1]
    emit([job_row(each) for each in found], output, columns, empty="No fine-tune jobs.")
    finish(show_gaps(gaps))


@click.command("show")
@click.argument("job")
@place_options
@output_option
@pass_app
def show(app: "App", job: str, provider: str, account: str, output: str) -> None:
    """Show one job with its events, its checkpoints and the figures of its result file.

    \b
    Examples:
      deployer finetune show ftjob-abc123
      deployer finetune show ftjob-abc123 -o json
    """
    from deployer.cli.training import job_document, print_job
    from deployer.training.follow import find_job
    from deployer.training.portrait import portray

    context = app.guard_context(policies_needed=False)
    with progress(f"reading {job}"):
        portrait = portray(context, find_job(context, job, provider.lower(), account))
    if output == "table":
        print_job(portrait)
    else:
        emit(job_document(portrait), output)
    finish(show_gaps(portrait.gaps))


@click.command("watch")
@click.argument("job")
@place_options
@output_option
@pass_app
def watch_job(app: "App", job: str, provider: str, account: str, output: str) -> None:
    """Print a job's events as they come, with losses, until it ends.

    \b
    Examples:
      deployer finetune watch ftjob-abc123
      deployer finetune watch ftjob-abc123 -o json
    """
    from deployer.training.follow import find_job

    document = follow(app, find_job(app.guard_context(policies_needed=False), job, provider.lower(), account), output)
    if output != "table":
        emit(document, output)
    finish(0 if document["status"] == "succeeded" else 1)


def follow(app: "App", found: "Followed", output: str) -> dict[str, Any]:
    """Print what happens until the job ends (in a table), and return it all (for programs)."""
    from deployer.cli.training import event_document, print_end, print_event
    from deployer.training.follow import watch

    context, job = app.guard_context(policies_needed=False), found.job
    events: list[dict[str, Any]] = []
    with progress(f"{job.id}: {job.status}") as now:
        for look in watch(context, found):
            job = look.job
            events += [event_document(event) for event in look.events]
            now(f"{job.id}: {job.status}")
            if look.warning:
                warn(look.warning)
            for event in look.events if output == "table" else ():
                print_event(event)
        ready = _await_model(app, found, job.fine_tuned_model) if job.fine_tuned_model else None
    if output == "table":
        print_end(found, job)
    ended = {"id": job.id, "job": job.id, "status": job.status, "fine_tuned_model": job.fine_tuned_model or None}
    return ended | {"ready": ready, "error": job.error or None, "events": events}


def _await_model(app: "App", found: "Followed", model: str) -> bool | None:
    """Whether it can be used by now; None when that cannot be told. The job has ended well, whatever the model does."""
    from deployer.errors import CloudError
    from deployer.guard.readiness import READY_LIMIT, await_model

    try:
        ready = await_model(app.clock, found.provider.training, found.account, model, tell)
    except CloudError as error:
        warn(f"whether {model} is ready is not known: {error.message}")
        return None
    if not ready:
        warn(f"{model} is not ready {READY_LIMIT / 60:.0f} minutes after its job: try it later")
    return ready
