"""`price`: dated, sourced prices; what is unknown is said."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

from deployer.domain.charge import Meter

Run = Callable[..., Any]


def rows(run: Run, *arguments: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = json.loads(run("price", *arguments, "-o", "json").stdout)
    return answer


def test_every_price_has_a_date_and_a_source(run: Run) -> None:
    listed = rows(run, "list")

    assert len(listed) > 100
    assert [row for row in listed if not (row["effective_from"] and row["read_on"] and row["source"])] == []


def test_list_can_be_narrowed(run: Run) -> None:
    listed = rows(run, "list", "--provider", "Azure", "--model", "GPT-4.1*", "--meter", "hosting")

    assert {(row["provider"], row["meter"]) for row in listed} == {("azure", "hosting")}
    assert {row["model"].startswith("gpt-4.1") for row in listed} == {True}


def test_meters_of_the_command_are_those_of_the_book(run: Run) -> None:
    from deployer.cli.price import METERS

    assert set(METERS) == set(Meter)


def test_prices_are_exact_text(run: Run) -> None:
    (regional,) = [
        row
        for row in rows(run, "show", "gpt-4.1-mini")
        if (row["provider"], row["meter"], row["tier"], row["region"]) == ("azure", "training", "regional", "*")
    ]

    assert (regional["price"], regional["currency"], regional["per"]) == ("5.50", "USD", "1000000")


def test_prices_not_yet_in_force_are_left_out(run: Run) -> None:
    listed = rows(run, "list")

    assert [row for row in listed if row["effective_from"] > "2026-09-01"] == []
    assert len(rows(run, "list", "--all-dates")) >= len(listed)


def test_table_says_what_the_price_is_for(run: Run) -> None:
    result = run("price", "list", "--model", "gpt-4.1-mini", "--provider", "azure")

    assert "$1.70 / hour" in result.stdout
    assert "$5.50 / 1M tokens" in result.stdout
    assert result.stderr.startswith("Newest price read")


def test_model_may_be_spelled_as_the_vendor_spells_it(run: Run) -> None:
    assert rows(run, "show", "gpt-3.5-turbo")


def test_unknown_model_is_told_with_near_names(run: Run) -> None:
    result = run("price", "show", "gpt-4.1-minni", expect=1)

    assert "did you mean gpt-4.1-mini" in result.stderr
    assert "never taken for zero" in result.stderr


def test_nothing_that_fits_is_said(run: Run) -> None:
    result = run("price", "list", "--model", "nothing")

    assert result.stdout == ""
    assert "No price fits" in result.stderr


def test_csv_is_a_table_of_all_fields(run: Run) -> None:
    listed = list(csv.DictReader(io.StringIO(run("price", "list", "-o", "csv").stdout)))

    assert {"provider", "price", "per", "effective_from", "source"} <= listed[0].keys()
