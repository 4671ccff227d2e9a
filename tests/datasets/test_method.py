"""A data set is for one method; reinforcement wants prompts, and what the grader reads beside them."""

from pathlib import Path
from typing import Any

import pytest

from deployer.datasets.check import check_dataset
from tests.datasets.files import chat, write


def prompt(number: int, **beside: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": f"sum {number}"}], **beside}


def pair(number: int) -> dict[str, Any]:
    return {
        "input": {"messages": [{"role": "user", "content": f"question {number}"}]},
        "preferred_output": [{"role": "assistant", "content": f"good {number}"}],
        "non_preferred_output": [{"role": "assistant", "content": f"bad {number}"}],
    }


CHATS = [chat(f"question {number}", f"answer {number}") for number in range(10)]
PAIRS = [pair(number) for number in range(10)]
PROMPTS = [prompt(number, target=str(number)) for number in range(10)]


@pytest.mark.parametrize(
    ("rows", "method"), [(CHATS, "supervised"), (PAIRS, "dpo"), (PROMPTS, "reinforcement")], ids=str
)
def test_the_rows_say_which_method_they_are_for(tmp_path: Path, rows: list[dict[str, Any]], method: str) -> None:
    report = check_dataset(write(tmp_path / "train.jsonl", rows))
    assert (report.method, report.ok) == (method, True)
    assert check_dataset(report.path, method=method).ok


@pytest.mark.parametrize(
    ("rows", "method", "seen"),
    [
        (CHATS, "dpo", "10 chat rows, which supervised training takes"),
        (PAIRS, "supervised", "10 preference rows, which dpo training takes"),
        (PROMPTS, "supervised", "10 reinforcement rows, which reinforcement training takes"),
        (PAIRS, "reinforcement", "10 preference rows, which dpo training takes"),
    ],
    ids=str,
)
def test_rows_for_another_method_are_one_error(
    tmp_path: Path, rows: list[dict[str, Any]], method: str, seen: str
) -> None:
    report = check_dataset(write(tmp_path / "train.jsonl", rows), method=method)
    assert [problem.seen for problem in report.errors] == [seen]


def test_chats_for_reinforcement_end_with_the_wrong_message(tmp_path: Path) -> None:
    report = check_dataset(write(tmp_path / "train.jsonl", CHATS), method="reinforcement")
    assert report.errors[0].seen == "the last message is from assistant"


def test_a_prompt_without_anything_beside_it_is_enough_for_a_grader_that_reads_nothing(tmp_path: Path) -> None:
    rows = [prompt(number) for number in range(10)]
    report = check_dataset(write(tmp_path / "train.jsonl", rows), method="reinforcement")
    assert (report.errors, report.kind, report.valid) == ((), "reinforcement", 10)


def test_each_row_needs_the_fields_that_the_grader_reads(tmp_path: Path) -> None:
    rows = [*PROMPTS, prompt(11, goal="11")]
    path = write(tmp_path / "train.jsonl", rows)
    report = check_dataset(path, method="reinforcement", graded=("target",))
    assert [(problem.where, problem.seen) for problem in report.errors] == [(f"{path}:11", "no `target`")]


def test_validation_rows_are_held_to_the_same_method(tmp_path: Path) -> None:
    training = write(tmp_path / "train.jsonl", PROMPTS)
    validation = write(tmp_path / "valid.jsonl", [prompt(99)])
    report = check_dataset(training, "", validation, "reinforcement", ("target",))
    assert [problem.where for problem in report.errors] == [f"{validation}:1"]


def test_system_messages_are_noted_for_reinforcement_alone(tmp_path: Path) -> None:
    told = {"role": "system", "content": "Add."}
    rows = [{**row, "messages": [told, *row["messages"]]} for row in PROMPTS]
    report = check_dataset(write(tmp_path / "train.jsonl", rows), "o4-mini", method="reinforcement")
    assert (report.ok, report.notes[0]) == (
        True,
        "10 prompts have a system message: Azure's reinforcement takes developer ones only",
    )
    instructed = [chat(f"q {number}", f"a {number}", "Add.") for number in range(10)]
    chats = check_dataset(write(tmp_path / "chat.jsonl", instructed), "gpt-4o")
    assert not any("system message" in note for note in chats.notes)
