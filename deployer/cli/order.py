"""`deployer finetune estimate` and `start`: a job as a person asks for it, before it exists."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import click

from deployer.cli.context import finish, pass_app, person
from deployer.cli.dataset import DATA_FILE, method_options
from deployer.cli.job import follow, place_options
from deployer.cli.parameter import FiniteType
from deployer.cli.render import emit, output_option, progress, warn

if TYPE_CHECKING:
    from deployer.app import App
    from deployer.domain.job import Hyperparameters
    from deployer.training.order import Order

F = TypeVar("F", bound=Callable[..., Any])


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


_EFFORTS = click.Choice(("low", "medium", "high"))
_OPTIONS: tuple[Callable[[F], F], ...] = (
    click.argument("file", type=DATA_FILE),
    click.option("--model", required=True, help="The base model to train, e.g. gpt-4.1-mini-2025-04-14."),
    click.option("--validation", type=DATA_FILE, help="Validation data: shows when to stop, its tokens are free."),
    method_options,
    click.option("--epochs", type=Epochs(), help="1 to 50; auto leaves it to the vendor (default: 3 or so)."),
    click.option("--batch-size", type=click.IntRange(1, 256), help="Examples per step (default: the vendor's)."),
    click.option("--learning-rate", type=FiniteType(0, min_open=True), help="Multiplier of the vendor's."),
    click.option("--beta", type=FiniteType(0, 2, min_open=True), help="dpo: how closely the base is kept to."),
    click.option("--reasoning-effort", type=_EFFORTS, help="reinforcement: how long the model thinks."),
    click.option(
        "--compute-multiplier", type=FiniteType(0, 10, min_open=True), help="reinforcement: how much is explored."
    ),
    click.option("--eval-interval", type=click.IntRange(1), help="reinforcement: steps between evaluations."),
    click.option("--eval-samples", type=click.IntRange(1), help="reinforcement: answers for each evaluation."),
    click.option(
        "--max-hours",
        type=FiniteType(0, min_open=True),
        help="reinforcement: pause it after so many hours of training; bounds its price.",
    ),
    click.option("--tier", default="", help="Azure: standard, globalStandard or developerTier."),
)


def _order(function: F) -> F:
    """The options that describe a job."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return place_options(function)


@click.command("estimate")
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
    from deployer.cli.estimate import estimate_document, print_estimates, tell_estimates
    from deployer.training.order import estimates
    from deployer.training.residence import judge_tiers, refuse_chosen

    order = _to_order(given)
    with progress(f"counting tokens of {order.training.name}"):
        policies = app.policies_if_any
        found = [judge_tiers(one, policies) for one in estimates(app.providers, app.book, app.clock.now(), order)]
    document = estimate_document(found)
    if output == "table":
        print_estimates(document)
    else:
        emit(document, output)
    tell_estimates(document)
    refuse_chosen(found)


@click.command("start")
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
      deployer finetune start pairs.jsonl --model gpt-4.1-mini-2025-04-14 --method dpo
      deployer finetune start prompts.jsonl --model o4-mini-2025-04-16 --validation more.jsonl
        --method reinforcement --grader grader.json --max-hours 2
    """
    from deployer.cli.estimate import print_started, started_document
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
        document |= follow(app, Followed(started.quote.provider, started.quote.account, started.job), output)
    if output != "table":
        emit(document, output)
    finish(1 if watched and document["status"] != "succeeded" else 0)


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
        method=given["method"] or "",
        grader=given["grader"],
        max_hours=None if given["max_hours"] is None else Decimal(f"{given['max_hours']:g}"),
    )


def _to_hyperparameters(given: dict[str, Any]) -> "Hyperparameters":
    from deployer.domain.job import Hyperparameters

    epochs = given["epochs"]
    return Hyperparameters(
        epochs=epochs if isinstance(epochs, int) else None,
        batch_size=given["batch_size"],
        learning_rate_multiplier=given["learning_rate"],
        beta=given["beta"],
        reasoning_effort=given["reasoning_effort"],
        compute_multiplier=given["compute_multiplier"],
        eval_interval=given["eval_interval"],
        eval_samples=given["eval_samples"],
    )
