"""Real public data sets: what is wrong with them is found, what is right is not flagged."""

from pathlib import Path

import pytest

from deployer.datasets.check import check_dataset
from tests.datasets.files import ABSENT, REFERENCE

SHIPPED = Path(__file__).resolve().parents[2] / "deployer" / "demo" / "data"
needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason=ABSENT)


def test_the_shipped_data_set_is_without_fault() -> None:
    report = check_dataset(SHIPPED / "support.jsonl", "gpt-4.1-mini", SHIPPED / "validation.jsonl")
    assert (report.errors, report.warnings, report.personal) == ((), (), {})
    assert set(report.labels.values()) == {12}


@needs_reference
def test_the_toy_set_is_too_small_and_one_example_has_no_question() -> None:
    report = check_dataset(REFERENCE / "cookbook" / "toy_chat_fine_tuning.jsonl", "gpt-3.5-turbo")
    assert [problem.seen for problem in report.errors] == ["5 examples"]
    assert [(problem.where.rpartition(":")[2], problem.seen) for problem in report.warnings] == [
        ("4", "no user message")
    ]


@needs_reference
def test_its_long_example_is_too_long_for_the_first_gpt_35() -> None:
    report = check_dataset(REFERENCE / "cookbook" / "toy_chat_fine_tuning.jsonl", "gpt-3.5-turbo-0613")
    assert [problem.where.rpartition(":")[2] for problem in report.errors][:1] == ["5"]


@needs_reference
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cookbook/drone_training.jsonl", "chat"),
        ("azure/stock_toolcall_training.jsonl", "chat"),
        ("azure/chat_train.jsonl", "chat"),
        ("azure/rft_countdown_train_100.jsonl", "reinforcement"),
        ("azure/orca_dpo_first200.jsonl", "preference"),
    ],
)
def test_valid_public_sets_have_no_errors(name: str, kind: str) -> None:
    report = check_dataset(REFERENCE / name, "gpt-4o-mini")
    assert (report.errors, report.kind) == ((), kind)


@needs_reference
def test_duplicates_of_a_public_set_are_found() -> None:
    report = check_dataset(REFERENCE / "nlbse" / "conversational_data_bitcoin.jsonl", "gpt-4o-mini")
    assert "repeats line 1" in [problem.seen for problem in report.warnings]


@needs_reference
def test_rows_that_are_no_chat_are_each_an_error() -> None:
    report = check_dataset(REFERENCE / "azure" / "sarcasm_qa.jsonl", "gpt-4o-mini")
    assert len(report.errors) == 500
