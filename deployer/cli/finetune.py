"""`deployer finetune`: jobs on either cloud, priced before they start and gated by budget."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from deployer.cli.context import finish, pass_app, person
from deployer.cli.dataset import DATA_FILE
from deployer.cli.parameter import FiniteType
from deployer.cli.render import emit, list_output_option, output_option, progress, say, show_gaps, tell, warn

if TYPE_CHECKING:
    from deployer.app import App
    from deployer.domain.job import Hyperparameters
    from deployer.training.follow import Followed
    from deployer.training.order import Order

F = TypeVar("F", bound=Callable[..., Any])
CLOUDS = ("azure", "openai")


class Epochs(click.ParamType[int | str]):
    """A whole number, or `auto`."""

    name = "N|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        if value == "auto":
            return "auto"
        try:
            return int(value)
        except ValueError:
            self.fail(f"{value!r} is neither a whole number nor 'auto'", param, ctx)


def _place(function: F) -> F:
    function = click.option("--account", default="", help="Azure resource or OpenAI project (default: the only one).")(
        function
    )
    return click.option("--provider", default="", help="azure or openai (default: the only configured one).")(function)


def _order(function: F) -> F:
    """The options that describe a job."""
    for option in reversed(
        (
            click.argument("file", type=DATA_FILE),
            click.option("--model", required=True, help="The base model to train, e.g. gpt-4.1-mini-2025-04-14."),
            click.option("--validation", type=DATA_FILE, help="Validation data: not billed, shows when to stop."),
            click.option("--epochs", type=Epochs(), help="1 to 50; auto leaves it to the vendor (default: 3 or so)."),
            click.option(
                "--batch-size", type=click.IntRange(1, 256), help="Examples per step (default: the vendor's)."
            ),
            click.option("--learning-rate", type=FiniteType(0, min_open=True), help="Multiplier of the vendor's."),
            click.option("--tier", default="", help="Azure: standard, globalStandard or developerTier."),
        )
    ):
        function = option(function)
    return _place(function)


@click.group()
def finetune() -> None:
    """Estimate, start and watch fine-tune jobs.

    \b
    Examples:
      deployer finetune estimate train.jsonl --model gpt-4.1-mini
      deployer finetune start train.jsonl --model gpt-4.1-mini-2025-04-14 --suffix support --watch
      deployer finetune list
    """


@finetune.command("estimate")
@_order
@output_option
@pass_app
def estimate_job(app: "App", /, output: str, **given: Any) -> None:
    """Price a job before it is started: every tier, hosting afterwards, where the data goes. No data leaves.

    Exit 3 when a policy's residency refuses the tier.

    \b
    Examples:
      deployer finetune estimate train.jsonl --model gpt-4.1-mini --epochs 3
      deployer finetune estimate train.jsonl --model gpt-4o-mini --account aoai-dev-eastus2 -o json
    """
    from deployer.cli.training import estimate_document, print_estimates
    from deployer.training.order import estimates
    from deployer.training.residence import judge_tiers, refuse_chosen

    order = _to_order(given)
    with progress(f"counting tokens of {order.training.name}"):
        policies = app.policies_if_any
        found = [judge_tiers(one, policies) for one in estimates(app.providers, app.book, app.clock.now(), order)]
    if output == "table":
        print_estimates(found)
    else:
        emit(estimate_document(found), output)
    refuse_chosen(found)


@finetune.command("start")
@_order
@click.option("--suffix", default="", help="Becomes part of the fine-tuned model's name.")
@click.option("--seed", type=int, help="Makes the run repeatable, as far as the vendor can.")
@click.option("--over-budget", default="", metavar="REASON", help="Start although a budget refuses; journalled.")
@click.option("--watch", "watched", is_flag=True, help="Stay until it ends, printing events.")
@output_option
@pass_app
def start_job(app: "App", /, over_budget: str, watched: bool, output: str, **given: Any) -> None:
    """Check the data, price the job, hold the money, start it. Exit 3 when a budget refuses: nothing is created.

    \b
    Examples:
      deployer finetune start train.jsonl --model gpt-4.1-mini-2025-04-14 --validation valid.jsonl
      deployer finetune start train.jsonl --model gpt-4o-mini --suffix support --watch
      deployer finetune start train.jsonl --model gpt-4.1 --over-budget "agreed with finance"
    """
    from deployer.cli.training import print_started, started_document
    from deployer.training.follow import Followed
    from deployer.training.start import start

    context = app.guard_context(policies_needed=False)
    with progress("starting") as now:
        started = start(context, _to_order(given), who=person(), over_budget=over_budget, say=now)
    for warning in started.warnings:
        warn(warning)
    if output == "table":
        print_started(started)
    document = started_document(started)
    if watched:
        document |= _watch(app, Followed(started.quote.provider, started.quote.account, started.job), output)
    if output != "table":
        emit(document, output)
    finish(1 if watched and document["status"] != "succeeded" else 0)


@finetune.command("list")
@_place
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
        found, gaps = list_jobs(app.guard_context(policies_needed=False), provider, account)
    columns = JOB_COLUMNS if any(each.job.error for each in found) else JOB_COLUMNS[:-1]
    emit([job_row(each) for each in found], output, columns, empty="No fine-tune jobs.")
    finish(show_gaps(gaps))


@finetune.command("show")
@click.argument("job")
@_place
@output_option
@pass_app
def show(app: "App", job: str, provider: str, account: str, output: str) -> None:
    """Show one job with its checkpoints and the figures of its result file.

    \b
    Examples:
      deployer finetune show ftjob-abc123
      deployer finetune show ftjob-abc123 -o json
    """
    from deployer.cli.training import job_document, print_job
    from deployer.training.follow import find_job, settle_jobs
    from deployer.training.metric import result_of

    context = app.guard_context(policies_needed=False)
    with progress(f"reading {job}"):
        found = find_job(context, job, provider, account)
        found = settle_jobs(context, found.provider, found.account, (found.job,))[0]
        checkpoints = found.provider.training.checkpoints(found.account, found.job.id)
        metrics = result_of(found)
    document = job_document(found, checkpoints, metrics)
    if output == "table":
        print_job(document)
    else:
        emit(document, output)


@finetune.command("watch")
@click.argument("job")
@_place
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

    document = _watch(app, find_job(app.guard_context(policies_needed=False), job, provider, account), output)
    if output != "table":
        emit(document, output)
    finish(0 if document["status"] == "succeeded" else 1)


@finetune.command("cancel")
@click.argument("job")
@_place
@click.option("--reason", default="", help="Why; written into the journal.")
@output_option
@pass_app
def cancel_job(app: "App", job: str, provider: str, account: str, reason: str, output: str) -> None:
    """Cancel a job. What was trained until then is billed.

    \b
    Examples:
      deployer finetune cancel ftjob-abc123
      deployer finetune cancel ftjob-abc123 --reason "wrong data"
    """
    from deployer.cli.training import cost_text, job_row
    from deployer.training.cancel import cancel
    from deployer.training.follow import find_job

    context = app.guard_context(policies_needed=False)
    found = cancel(context, find_job(context, job, provider, account), who=person(), reason=reason)
    if output != "table":
        emit(job_row(found), output)
    else:
        say(f"{found.job.id}: {found.job.status}, {cost_text(found.cost)}")


@finetune.command("pause")
@click.argument("job")
@_place
@click.option("--reason", default="", help="Why; written into the journal.")
@output_option
@pass_app
def pause_job(app: "App", job: str, provider: str, account: str, reason: str, output: str) -> None:
    """Pause a running job. What was trained is kept and billed; what it holds of a budget stays held.

    \b
    Examples:
      deployer finetune pause ftjob-abc123
      deployer finetune pause ftjob-abc123 --reason "look at the checkpoint first"
    """
    from deployer.training.follow import find_job
    from deployer.training.pause import pause

    context = app.guard_context(policies_needed=False)
    found = pause(context, find_job(context, job, provider, account), who=person(), reason=reason)
    _emit_turn(found, output, "go on with", "resume")


@finetune.command("resume")
@click.argument("job")
@_place
@click.option("--reason", default="", help="Why; written into the journal.")
@output_option
@pass_app
def resume_job(app: "App", job: str, provider: str, account: str, reason: str, output: str) -> None:
    """Let a paused job go on. Exit 3 when it is not paused.

    \b
    Examples:
      deployer finetune resume ftjob-abc123
      deployer finetune resume ftjob-abc123 --reason "the checkpoint is good"
    """
    from deployer.training.follow import find_job
    from deployer.training.pause import resume, warnings

    context = app.guard_context(policies_needed=False)
    found = resume(context, find_job(context, job, provider, account), who=person(), reason=reason)
    for warning in warnings(found.job):
        warn(warning)
    _emit_turn(found, output, "follow it with", "watch")


# --- between options and use cases ------------------------------------------------------------


def _to_order(given: dict[str, Any]) -> "Order":
    from deployer.training.order import Order

    return Order(
        model=given["model"],
        training=given["file"],
        validation=given["validation"],
        provider=given["provider"].lower(),
        account=given["account"],
        hyperparameters=_to_hyperparameters(given),
        auto_epochs=given["epochs"] == "auto",
        suffix=given.get("suffix", ""),
        seed=given.get("seed"),
        tier=given["tier"],
    )


def _to_hyperparameters(given: dict[str, Any]) -> "Hyperparameters":
    from deployer.domain.job import Hyperparameters

    epochs = given["epochs"]
    return Hyperparameters(
        epochs=epochs if isinstance(epochs, int) else None,
        batch_size=given["batch_size"],
        learning_rate_multiplier=given["learning_rate"],
    )


def _emit_turn(found: "Followed", output: str, then: str, command: str) -> None:
    from deployer.cli.training import job_row

    if output != "table":
        emit(job_row(found), output)
    else:
        say(f"{found.job.id}: {found.job.status}; {then} `deployer finetune {command} {found.job.id}`")


def _watch(app: "App", found: "Followed", output: str) -> dict[str, Any]:
    """Print what happens until the job ends (in a table), and return it all (for programs)."""
    from deployer.cli.training import event_document, print_end, print_event
    from deployer.guard.readiness import READY_LIMIT, await_model
    from deployer.training.follow import watch

    context, job = app.guard_context(policies_needed=False), found.job
    events: list[dict[str, Any]] = []
    with progress(f"{job.id}: {job.status}") as now:
        for look in watch(context, found):
            job = look.job
            events += [event_document(event) for event in look.events]
            now(f"{job.id}: {job.status}")
            for event in look.events if output == "table" else ():
                print_event(event)
        if job.fine_tuned_model and not await_model(
            context.clock, found.provider.training, found.account, job.fine_tuned_model, tell
        ):
            warn(f"{job.fine_tuned_model} is not ready {READY_LIMIT / 60:.0f} minutes after its job: try it later")
    if output == "table":
        print_end(found, job)
    ended = {"job": job.id, "status": job.status, "fine_tuned_model": job.fine_tuned_model or None}
    return ended | {"error": job.error or None, "events": events}
