"""`deployer dataset`: is this file fit to train on, before it costs anything."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from deployer.cli.context import finish, pass_app
from deployer.cli.render import emit, output_option, progress, say, styled
from deployer.datasets.method import METHODS

if TYPE_CHECKING:
    from deployer.app import App
    from deployer.datasets.check import DatasetReport
    from deployer.errors import Problem

F = TypeVar("F", bound=Callable[..., Any])
DATA_FILE = click.Path(path_type=Path, dir_okay=False)
_METHOD = click.Choice(METHODS, case_sensitive=False)
_SHOWN = 100


def method_options(function: F) -> F:
    """How the data shall be trained on."""
    function = click.option("--grader", type=DATA_FILE, help="reinforcement: what scores an answer, as JSON.")(function)
    return click.option("--method", type=_METHOD, help="Default: what the rows of the data are for.")(function)


@click.group()
def dataset() -> None:
    """Check fine-tuning data, and what training on it costs.

    \b
    Examples:
      deployer dataset check train.jsonl
      deployer dataset estimate train.jsonl --model gpt-4.1-mini
      deployer dataset check train.jsonl --validation valid.jsonl --model gpt-4.1-mini
    """


@dataset.command("check")
@click.argument("file", type=DATA_FILE)
@click.option("--model", default="", metavar="NAME", help="Count with this model's tokenizer and check its context.")
@click.option("--validation", type=DATA_FILE, help="The validation file: checked too, and for leaks between both.")
@method_options
@output_option
def check(
    file: Path, model: str, validation: Path | None, method: str | None, grader: Path | None, output: str
) -> None:
    """Check a JSONL file for fine-tuning: every problem at once, with its line. Exit 4 when there are errors.

    \b
    Examples:
      deployer dataset check train.jsonl --model gpt-4o-mini
      deployer dataset check train.jsonl --validation valid.jsonl -o json
      deployer dataset check prompts.jsonl --method reinforcement --grader grader.json
    """
    from deployer.datasets.check import check_dataset
    from deployer.training.grader import load_grader

    fields = load_grader(grader).fields if grader else ()
    with progress(f"checking {file.name}"):
        report = check_dataset(file, model, validation, method or ("reinforcement" if grader else ""), fields)
    if output == "table":
        _print(report)
    else:
        emit(document(report), output)
    finish(0 if report.ok else 4)


@dataset.command("estimate")
@click.argument("file", type=DATA_FILE)
@click.option("--model", required=True, metavar="NAME", help="The model to train, e.g. gpt-4.1-mini.")
@click.option("--epochs", type=click.IntRange(1, 50), help="Default: what the vendors are expected to choose.")
@output_option
@pass_app
def estimate_file(app: "App", file: Path, model: str, epochs: int | None, output: str) -> None:
    """Count tokens and price training at list prices on every cloud; `finetune estimate` prices one account.

    \b
    Examples:
      deployer dataset estimate train.jsonl --model gpt-4.1-mini
      deployer dataset estimate train.jsonl --model gpt-4o-mini --epochs 2 -o json
    """
    from deployer.cli.estimate import estimate_document, print_estimates, tell_estimates
    from deployer.domain.job import Hyperparameters
    from deployer.training.order import Order, estimates

    order = Order(model, file, hyperparameters=Hyperparameters(epochs))
    with progress(f"counting tokens of {file.name}"):
        found = estimates({}, app.book, app.clock.now(), order)
    document = estimate_document(found)
    if output == "table":
        print_estimates(document)
    else:
        emit(document, output)
    tell_estimates(document)


def document(report: "DatasetReport") -> dict[str, Any]:
    """The report for programs."""
    return {
        "file": report.path,
        "ok": report.ok,
        "kind": report.kind,
        "method": report.method,
        "model": report.model or None,
        "encoding": report.encoding,
        "encoding_assumed": report.assumed,
        "examples": report.examples,
        "valid_examples": report.valid,
        "tokens": report.tokens,
        "longest_example_tokens": report.longest,
        "labels": report.labels,
        "personal_data_hints": report.personal,
        "errors": [_problem(problem) for problem in report.errors],
        "warnings": [_problem(problem) for problem in report.warnings],
        "notes": report.notes,
    }


def _problem(problem: "Problem") -> dict[str, str]:
    given = {"where": problem.where, "seen": problem.seen, "expected": problem.expected, "advice": problem.suggestion}
    return {name: value for name, value in given.items() if value}


def _print(report: "DatasetReport") -> None:
    counted = f"{report.tokens:,} tokens an epoch with {report.encoding}{' (assumed)' if report.assumed else ''}"
    noun = "example" if report.examples == 1 else "examples"
    say(f"{report.path}: {report.examples:,} {noun} ({report.kind}), {counted}, the longest has {report.longest:,}")
    if report.labels:
        say("labels: " + ", ".join(f"{label} {count:,}" for label, count in report.labels.items()))
    _print_problems("error", "red", report.errors)
    _print_problems("warning", "yellow", report.warnings)
    for note in report.notes:
        say(f"note: {note}")
    say(f"{_count(report.errors, 'error')}, {_count(report.warnings, 'warning')}")


def _print_problems(word: str, colour: str, problems: "tuple[Problem, ...]") -> None:
    for problem in problems[:_SHOWN]:
        say(f"{styled(word, colour)}: {problem}")
    if len(problems) > _SHOWN:
        say(f"... and {len(problems) - _SHOWN:,} more; -o json lists them all")


def _count(things: "tuple[Problem, ...]", word: str) -> str:
    return f"{len(things):,} {word}{'' if len(things) == 1 else 's'}" if things else f"no {word}s"
