"""`deployer dataset check` from outside: words, documents, exit codes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.datasets.files import good, write

Run = Callable[..., Any]


def test_clean_data_is_told_in_a_few_lines(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "train.jsonl", good())
    lines = run("dataset", "check", str(path), "--model", "gpt-4.1-mini").stdout.splitlines()
    assert lines[0].startswith(f"{path}: 12 examples (chat), ")
    assert lines[-1] == "no errors, no warnings"


def test_errors_are_told_with_file_and_line_and_exit_4(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "train.jsonl", [*good(), {"messages": [{"role": "user", "content": "x"}]}])
    result = run("dataset", "check", str(path), expect=4)
    assert f"error: {path}:13: no assistant message; expected at least one" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_json_is_one_document_whatever_is_wrong(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "train.jsonl", [*good(), "{"])
    report = json.loads(run("dataset", "check", str(path), "-o", "json", expect=4).stdout)
    assert (report["ok"], report["examples"], report["valid_examples"]) == (False, 13, 12)
    assert report["errors"][0]["where"] == f"{path}:13"


def test_warnings_alone_are_exit_0(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "train.jsonl", [*good(), good()[0]])
    assert "1 warning" in run("dataset", "check", str(path)).stdout


def test_a_missing_file_is_exit_2_and_says_what_to_do(run: Run, tmp_path: Path) -> None:
    result = run("dataset", "check", str(tmp_path / "nowhere.jsonl"), expect=2)
    assert "No such file" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_folder_is_exit_2(run: Run, tmp_path: Path) -> None:
    assert "is a directory" in run("dataset", "check", str(tmp_path), expect=2).stderr


def test_thousands_of_errors_are_cut_short_in_a_table_only(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "train.jsonl", [{}] * 500)
    assert "... and 400 more" in run("dataset", "check", str(path), expect=4).stdout
    assert len(json.loads(run("dataset", "check", str(path), "-o", "json", expect=4).stdout)["errors"]) == 500


@pytest.mark.parametrize("command", [["dataset"], ["dataset", "check"], ["finetune"], ["finetune", "start"]])
def test_help_has_an_example(run: Run, command: list[str]) -> None:
    assert "deployer dataset" in (text := run(*command, "--help").stdout) or "deployer finetune" in text


def test_an_estimate_needs_no_cloud(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "train.jsonl", good())
    none = {"OPENAI_API_KEY": "", "OPENAI_ADMIN_KEY": "", "AZURE_TENANT_ID": ""}
    result = run("dataset", "estimate", str(path), "--model", "gpt-4.1-mini", "-o", "json", env=none)
    assert [tier["provider"] for tier in json.loads(result.stdout)["tiers"]] == ["azure"] * 3 + ["openai"]
