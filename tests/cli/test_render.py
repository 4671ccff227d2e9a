"""Output: exact for programs, readable for people, nothing on stdout but the result."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner, Result

from deployer.cli.gap import gathered
from deployer.cli.render import Column, confirm, emit, list_output_option, progress, say, show_gaps, warn
from deployer.cli.value import days_ago, decimal_text, duration, plain, price_text, text_of
from deployer.domain.charge import Meter, Spend
from deployer.domain.money import Money
from deployer.domain.snapshot import Gap

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
ROWS: list[dict[str, Any]] = [
    {"name": "support-bot", "hourly": Money.of("1.70"), "since": NOW, "tags": {"env": "dev"}, "note": None},
    {"name": "=cmd()", "hourly": None, "since": NOW, "tags": {}, "note": "a, b"},
]
COLUMNS = (Column("name", "deployment"), Column("hourly", "$/h", right=True), Column("since"))


def shown(output: str, rows: Any = ROWS, **env: str) -> Result:
    @click.command()
    @list_output_option
    def show(output: str) -> None:
        emit(rows, output, COLUMNS, empty="Nothing is deployed.")

    return CliRunner().invoke(show, ["-o", output], env=env)


def test_table_is_aligned_with_numbers_to_the_right() -> None:
    assert shown("table").stdout.splitlines() == [
        "DEPLOYMENT     $/H  SINCE",
        "support-bot  $1.70  2026-09-01 12:00 UTC",
        "=cmd()           -  2026-09-01 12:00 UTC",
    ]


def test_json_is_one_document_with_exact_money_and_iso_times() -> None:
    assert json.loads(shown("json").stdout)[0] == {
        "name": "support-bot",
        "hourly": {"amount": "1.70", "currency": "USD"},
        "since": "2026-09-01T12:00:00Z",
        "tags": {"env": "dev"},
        "note": None,
    }


def test_yaml_says_the_same_as_json() -> None:
    assert yaml.safe_load(shown("yaml").stdout) == json.loads(shown("json").stdout)


def test_csv_has_a_column_for_each_value() -> None:
    first = next(csv.DictReader(io.StringIO(shown("csv").stdout)))

    assert first["hourly.amount"] == "1.70"
    assert first["hourly.currency"] == "USD"
    assert first["tags.env"] == "dev"
    assert first["note"] == ""


def test_csv_has_the_same_columns_whether_an_amount_is_known_or_not() -> None:
    known, unknown = (shown("csv", [{"name": "a", "hourly": rate}]).stdout for rate in (Money.of("1.70"), None))

    assert known.splitlines()[0] == unknown.splitlines()[0] == "name,hourly.amount,hourly.currency"


def test_csv_holds_a_list_of_things_as_json() -> None:
    (row,) = csv.DictReader(io.StringIO(shown("csv", [{"alerts": [{"amount": "80", "to": "a@b.example"}]}]).stdout))

    assert json.loads(row["alerts"]) == [{"amount": "80", "to": "a@b.example"}]


def test_csv_never_starts_a_spreadsheet_formula() -> None:
    assert list(csv.DictReader(io.StringIO(shown("csv").stdout)))[1]["name"] == "'=cmd()"


def test_no_rows_are_said_beside_the_table() -> None:
    result = shown("table", [])

    assert result.stdout == ""
    assert result.stderr == "Nothing is deployed.\n"


@pytest.mark.parametrize(("output", "expected"), [("json", "[]\n"), ("yaml", "[]\n"), ("csv", "\n")])
def test_no_rows_are_an_empty_document(output: str, expected: str) -> None:
    assert shown(output, []).stdout == expected


def test_document_is_shown_line_by_line() -> None:
    assert shown("table", {"name": "a", "created_at": NOW, "tags": {}}).stdout.splitlines() == [
        "name        a",
        "created at  2026-09-01 12:00 UTC",
        "tags        -",
    ]


def test_no_colour_where_there_is_no_terminal() -> None:
    assert "\x1b" not in shown("table").output


# --- messages ---------------------------------------------------------------------------------


def test_messages_go_to_stderr_and_secrets_stay_here() -> None:
    @click.command()
    def speak() -> None:
        say("key canary-4711")
        warn("key canary-4711")

    result = CliRunner().invoke(speak, env={"OPENAI_API_KEY": "canary-4711"})

    assert result.stdout == "key ********\n"
    assert result.stderr == "Warning: key ********\n"


def test_secrets_are_removed_from_every_kind_of_output() -> None:
    rows = [{"name": "canary-4711"}]
    outputs = [shown(kind, rows, OPENAI_API_KEY="canary-4711").output for kind in ("table", "json", "yaml", "csv")]

    assert [output for output in outputs if "canary" in output] == []


def test_gaps_are_told_on_stderr_and_end_with_5() -> None:
    @click.command()
    def look() -> None:
        click.get_current_context().exit(show_gaps([Gap("usage", "aoai-dev", "429")]))

    result = CliRunner().invoke(look)

    assert result.exit_code == 5
    assert result.stderr == "Not observed: usage of aoai-dev: 429\n"


def test_gaps_of_one_cause_are_told_in_one_line() -> None:
    dead = "the metric has never shown a number here"
    gaps = [Gap("usage", f"azure:dev/d{number}", dead) for number in range(7)]

    assert gathered([*gaps, Gap("deployments", "prod", "403")]) == [
        f"usage of azure:dev/d0, azure:dev/d1, azure:dev/d2, azure:dev/d3, azure:dev/d4 and 2 more: {dead}",
        "deployments of prod: 403",
    ]


def test_csv_writes_truth_as_json_does() -> None:
    assert shown("csv", [{"name": "bot", "locked": False}]).stdout.splitlines()[1] == "bot,false"


def test_progress_is_silent_without_a_terminal() -> None:
    @click.command()
    def work() -> None:
        with progress("working") as update:
            update("still working")

    assert CliRunner().invoke(work).output == ""


def test_question_that_nobody_can_answer_asks_for_yes() -> None:
    @click.command()
    @click.option("--yes", is_flag=True)
    def remove(yes: bool) -> None:
        confirm("Delete it?", yes=yes)

    assert CliRunner().invoke(remove, ["--yes"]).exit_code == 0
    refused = CliRunner().invoke(remove, standalone_mode=False)
    assert str(refused.exception) == "nobody can answer here: Delete it?"


# --- values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1E+3"), "1000"),
        (Decimal("0.50"), "0.5"),
        (datetime(2026, 9, 1, 14, tzinfo=timezone(timedelta(hours=2))), "2026-09-01T12:00:00Z"),
        (date(2026, 9, 1), "2026-09-01"),
        (Meter.CACHED_INPUT, "cached-input"),
        (timedelta(minutes=1.5), 90.0),
        (True, True),
        (("a", Decimal("0.1")), ["a", "0.1"]),
        pytest.param(frozenset({"b", "a"}), ["a", "b"], id="a set, in order"),
        (
            Gap("usage", "here", "why", "wait"),
            {"what": "usage", "where": "here", "cause": "why", "next_step": "wait"},
        ),
    ],
    ids=str,
)
def test_value_as_programs_read_it(value: object, expected: object) -> None:
    assert plain(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "-"),
        ("", "-"),
        (False, "no"),
        (Money.of("1387.2"), "$1,387.20"),
        (Spend(Money.of("1"), Money.of("2")), "$1.00 to $2.00"),
        (timedelta(days=15, hours=4, minutes=3), "15d 4h"),
        (Meter.HOSTING, "hosting"),
        ({"env": "dev", "team": None}, "env=dev, team=-"),
        ((), "-"),
        (("a", "b"), "a, b"),
    ],
    ids=str,
)
def test_value_as_people_read_it(value: object, expected: str) -> None:
    assert text_of(value) == expected


@pytest.mark.parametrize(
    ("amount", "expected"), [("1.7", "1.70"), ("0.0000004", "0.0000004"), ("1387", "1387.00"), ("1.700000", "1.70")]
)
def test_price_keeps_all_digits_that_count(amount: str, expected: str) -> None:
    assert price_text(Decimal(amount)) == expected


def test_zero_is_written_as_zero() -> None:
    assert decimal_text(Decimal("0.00")) == "0"


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (timedelta(), "0s"),
        (timedelta(seconds=45), "45s"),
        (timedelta(hours=3, minutes=20, seconds=5), "3h 20m"),
        (timedelta(hours=-2), "-2h"),
        (timedelta(days=1, minutes=5), "1d"),
    ],
    ids=str,
)
def test_duration_shows_its_two_largest_units(span: timedelta, expected: str) -> None:
    assert duration(span) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 9, 1), "today (2026-09-01)"),
        (date(2026, 8, 31), "1 day ago (2026-08-31)"),
        (date(2026, 11, 20), "on 2026-11-20"),
    ],
    ids=str,
)
def test_age_of_a_day(day: date, expected: str) -> None:
    assert days_ago(day, NOW) == expected
