"""How results reach people and programs.

With `-o json|yaml|csv` stdout is one document and nothing else; what is said beside it goes to
stderr. Colour and progress appear only on a terminal. Everything printed passes the scrub of
secret values, so a careless server cannot make us print a key.

    @output_option                       # adds `output: str`
    emit(rows, output, columns=[Column("name"), Column("hourly", "$/h", right=True)])
    emit(document, output)               # one mapping
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from deployer.cli.value import NONE, days_ago, decimal_text, duration, iso, moment, money, plain, price_text, text_of

if TYPE_CHECKING:
    from deployer.domain.snapshot import Gap

__all__ = [
    "NONE",
    "Column",
    "confirm",
    "days_ago",
    "decimal_text",
    "duration",
    "emit",
    "folded",
    "iso",
    "list_output_option",
    "moment",
    "money",
    "output_option",
    "plain",
    "price_text",
    "print_table",
    "progress",
    "say",
    "scrub",
    "show_gaps",
    "styled",
    "tell",
    "text_of",
    "warn",
]

F = TypeVar("F", bound=Callable[..., Any])
Rows = Sequence[Mapping[str, Any]]
_AMOUNTS = frozenset({"hourly", "monthly", "billed", "gap", "budget", "vendor", "spend_limit"})
"""Keys of rows whose values are money, or null."""
_UNKNOWN_SUM = {"low": {"amount": None, "currency": None}, "high": {"amount": None, "currency": None}, "unpriced": []}
"""What stands in place of a job's `cost` that is not known."""


def output_option(function: F) -> F:
    """`-o table|json|yaml`, for one document."""
    return _output(("table", "json", "yaml"))(function)


def list_output_option(function: F) -> F:
    """`-o table|json|yaml|csv`, for lists."""
    return _output(("table", "json", "yaml", "csv"))(function)


def _output(choices: tuple[str, ...]) -> Callable[[F], F]:
    return click.option("-o", "--output", type=click.Choice(choices), default="table", help="How to print the result.")


# --- saying -----------------------------------------------------------------------------------


def scrub(text: str) -> str:
    """The text without secret values."""
    from deployer.settings import scrub_environment

    return scrub_environment(text)


def say(text: str = "") -> None:
    """Print a result on stdout."""
    click.echo(scrub(text))


def folded(line: str) -> str:
    """A long line broken between words on a terminal, further lines set in; as it is elsewhere."""
    if not sys.stdout.isatty():
        return line
    import shutil
    import textwrap

    indent = " " * (len(line) - len(line.lstrip()) + 4)
    width = shutil.get_terminal_size().columns
    return textwrap.fill(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def tell(text: str) -> None:
    """Print a message beside the result, on stderr."""
    click.echo(scrub(text), err=True)


def warn(text: str) -> None:
    """Print a warning on stderr."""
    tell(f"{styled('Warning:', 'yellow')} {text}")


def styled(text: str, colour: str) -> str:
    """Coloured for stderr when it is a terminal and NO_COLOR is not set."""
    from deployer.settings import colour_wanted

    return click.style(text, fg=colour) if sys.stderr.isatty() and colour_wanted() else text


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something that cannot simply be taken back; without a terminal `--yes` is needed."""
    from deployer.errors import InvalidUsage

    if yes:
        return
    if not sys.stdin.isatty():
        raise InvalidUsage(f"nobody can answer here: {question}", next_step="repeat with --yes")
    if not click.confirm(question, err=True):
        raise click.Abort


@contextmanager
def progress(text: str) -> Iterator[Callable[[str], None]]:
    """Show `text` on stderr while something long runs; yields a function that changes it. Silent without a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status(scrub(text)) as status:
        yield lambda now: status.update(scrub(now))


# --- results ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """One column of a table: the key in each row, its title, its alignment and how a value is shown.

    A `spare` column is left out where the terminal is too narrow for all; documents always hold it.
    """

    key: str
    title: str = ""
    right: bool = False
    show: Callable[[Any], str] | None = None
    spare: bool = False

    @property
    def heading(self) -> str:
        return self.title or self.key.replace("_", " ")

    def cell(self, row: Mapping[str, Any]) -> str:
        value = row.get(self.key)
        return self.show(value) if self.show and value is not None else text_of(value)


def emit(data: Rows | Mapping[str, Any], output: str, columns: Sequence[Column] = (), *, empty: str = "") -> None:
    """Print rows or one document as `output` asks; a table shows `columns` (default: all keys).

    `empty` is said on stderr when a table has no rows.
    """
    if output == "json":
        say(json.dumps(plain(data), indent=2, ensure_ascii=False))
    elif output == "yaml":
        say(_yaml(plain(data)))
    elif isinstance(data, Mapping):
        _emit_document(data, output)
    else:
        _emit_rows(data, output, columns or _all_columns(data), empty)


def _yaml(data: Any) -> str:
    import yaml

    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True)).rstrip("\n")


def _emit_document(document: Mapping[str, Any], output: str) -> None:
    rows = [{"key": key.replace("_", " "), "value": value} for key, value in document.items()]
    width = max((len(row["key"]) for row in rows), default=0)
    for row in rows:
        say(f"{row['key'].ljust(width)}  {text_of(row['value'])}".rstrip())


def _emit_rows(rows: Rows, output: str, columns: Sequence[Column], empty: str) -> None:
    if output == "csv":
        say(_csv(rows))
    elif not rows:
        tell(empty or "Nothing to show.")
    else:
        columns = _fitting(rows, columns) if sys.stdout.isatty() else columns
        print_table([column.heading for column in columns], _cells(rows, columns), [column.right for column in columns])


def _fitting(rows: Rows, columns: Sequence[Column]) -> Sequence[Column]:
    """As many columns as the terminal is wide for; spare ones go first, the last before the others."""
    from rich.console import Console

    chosen, room = list(columns), Console().width
    for column in reversed(columns):
        if column.spare and _width(rows, chosen) > room:
            chosen.remove(column)
    hidden = [column.heading for column in columns if column not in chosen]
    if hidden:
        tell(f"Too narrow for {', '.join(hidden)}: widen the terminal, or use -o json.")
    return chosen


def _width(rows: Rows, columns: Sequence[Column]) -> int:
    longest = [max(len(column.heading), *(len(column.cell(row)) for row in rows)) for column in columns]
    return sum(longest) + 3 * len(columns)


def _all_columns(rows: Rows) -> list[Column]:
    return [Column(key) for key in dict.fromkeys(key for row in rows for key in row)]


def _cells(rows: Rows, columns: Sequence[Column]) -> list[list[str]]:
    return [[column.cell(row) for column in columns] for row in rows]


def print_table(headings: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[bool]) -> None:
    """Print a table: with rules and colour on a terminal, plain and aligned otherwise."""
    if sys.stdout.isatty():
        _print_rich(headings, cells, right)
        return
    lines = [[heading.upper() for heading in headings], *cells]
    widths = [max(len(line[index]) for line in lines) for index in range(len(headings))]
    say("\n".join(_aligned(line, widths, right) for line in lines))


def _aligned(line: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    cells = [
        cell.rjust(width) if flush else cell.ljust(width)
        for cell, width, flush in zip(line, widths, right, strict=True)
    ]
    return "  ".join(cells).rstrip()


def _print_rich(headings: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[bool]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, is_right in zip(headings, right, strict=True):
        table.add_column(heading, justify="right" if is_right else "left", overflow="fold")
    for line in cells:
        table.add_row(*(Text(scrub(cell)) for cell in line))
    Console().print(table)


def _csv(rows: Rows) -> str:
    import csv
    import io

    flat = [_flatten(plain(row)) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    target = io.StringIO()
    writer = csv.DictWriter(target, names, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(flat)
    return target.getvalue().rstrip("\n")


def _flatten(value: Any, prefix: str = "") -> dict[str, str]:
    """Nested mappings as `outer.inner` columns, lists joined by spaces; a cell never starts a spreadsheet formula.

    An amount that is not known has its two columns too: a header must not hang on what the rows hold.
    """
    if value is None and prefix.rpartition(".")[2] in _AMOUNTS:
        value = {"amount": None, "currency": None}
    if value is None and prefix == "cost":
        value = _UNKNOWN_SUM
    if isinstance(value, dict) and value:
        flat: dict[str, str] = {}
        for key, inner in value.items():
            flat |= _flatten(inner, f"{prefix}.{key}" if prefix else str(key))
        return flat
    if isinstance(value, list):
        value = json.dumps(value) if any(isinstance(item, dict) for item in value) else " ".join(map(str, value))
    if isinstance(value, bool):
        value = str(value).lower()
    text = "" if value is None or value == {} else str(value)
    return {prefix: f"'{text}" if text[:1] in ("=", "+", "@") else text}


def show_gaps(gaps: "Sequence[Gap]") -> int:
    """Tell on stderr what could not be observed; the exit code that says so (5, or 0 for none)."""
    from deployer.cli.gap import gathered

    for line in gathered(gaps):
        tell(f"{styled('Not observed:', 'yellow')} {line}")
    return 5 if gaps else 0
