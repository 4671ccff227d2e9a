"""The data check: every problem at once, with its line, and nothing valid flagged."""

from pathlib import Path
from typing import Any

import pytest

from deployer.datasets.check import DatasetReport, check_dataset
from deployer.errors import InvalidUsage
from tests.datasets.files import chat, good, write


def check(tmp_path: Path, rows: list[Any], model: str = "gpt-4o-mini") -> DatasetReport:
    return check_dataset(write(tmp_path / "train.jsonl", rows), model)


def seen(report: DatasetReport) -> dict[int, str]:
    """What was seen in each line, errors only."""
    places = [(problem.where.split(":"), problem.seen) for problem in report.errors]
    return {int(place[1]): what for place, what in places if len(place) > 1}


def test_valid_data_has_no_errors_and_no_warnings(tmp_path: Path) -> None:
    report = check(tmp_path, good())
    assert (report.errors, report.warnings) == ((), ())
    assert (report.examples, report.valid, report.kind) == (12, 12, "chat")


def test_every_problem_is_reported_at_once_with_its_line(tmp_path: Path) -> None:
    rows = [
        *good(),
        {"messages": [{"content": "hello"}, {"role": "assistant", "content": "hi"}]},
        {"messages": [{"role": "bot", "content": "hello"}, {"role": "assistant", "content": "hi"}]},
        {"messages": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "  "}]},
        {"messages": [{"role": "assistant", "content": "hi"}, {"role": "user", "content": "bye"}]},
        {"messages": [{"role": "user", "content": "nobody answers"}]},
        {"messages": []},
        {"prompt": "a", "completion": "b"},
        {"question": "a"},
        ["a"],
        "{not json",
        b'{"messages": "caf\xe9"}',
    ]
    found = seen(check(tmp_path, rows))
    assert found == {
        13: "messages[0] has no role",
        14: "messages[0] has the unknown role 'bot'",
        15: "messages[1]: an empty assistant message",
        16: "the last message is from user",
        17: "no assistant message",
        18: "`messages` is empty",
        19: "a prompt/completion row",
        20: "no `messages` (found `question`)",
        21: "a JSON list",
        22: found[22],
        23: "byte 0xE9 is not UTF-8",
    }
    assert found[22].startswith("not JSON")


TOOL_CALL = {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
VALID: dict[str, dict[str, Any]] = {
    "tool calls": {
        "messages": [
            {"role": "user", "content": "weather?"},
            {"role": "assistant", "tool_calls": [TOOL_CALL]},
            {"role": "tool", "tool_call_id": "1", "content": "rain"},
            {"role": "assistant", "content": "It rains."},
        ],
        "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}],
        "parallel_tool_calls": False,
    },
    "a call as the last answer": {
        "messages": [
            {"role": "user", "content": "weather?"},
            {"role": "assistant", "content": None, "tool_calls": [TOOL_CALL]},
        ],
    },
    "weight and name": {
        "messages": [
            {"role": "user", "name": "ann", "content": "hi"},
            {"role": "assistant", "content": "no", "weight": 0},
            {"role": "user", "content": "again"},
            {"role": "assistant", "content": "yes", "weight": 1},
        ]
    },
    "multi-part content": {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "what is this?"},
                    {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}},
                ],
            },
            {"role": "assistant", "content": [{"type": "text", "text": "a cat"}]},
        ]
    },
    "the developer role": {
        "messages": [
            {"role": "developer", "content": "be brief"},
            {"role": "user", "content": "hi there"},
            {"role": "assistant", "content": "hello"},
        ]
    },
    "the older function call": {
        "messages": [
            {"role": "user", "content": "weather?"},
            {"role": "assistant", "function_call": {"name": "look", "arguments": "{}"}},
        ],
        "functions": [{"name": "look", "parameters": {}}],
    },
}


@pytest.mark.parametrize("name", VALID)
def test_what_the_services_accept_is_not_flagged(tmp_path: Path, name: str) -> None:
    assert check(tmp_path, [*good(), VALID[name]]).errors == ()


def test_preference_pairs_are_valid(tmp_path: Path) -> None:
    def pair(number: int) -> dict[str, Any]:
        return {
            "input": {"messages": [{"role": "user", "content": f"question {number}"}]},
            "preferred_output": [{"role": "assistant", "content": f"good {number}"}],
            "non_preferred_output": [{"role": "assistant", "content": f"bad {number}"}],
        }

    report = check(tmp_path, [pair(number) for number in range(10)])
    assert (report.errors, report.kind) == ((), "preference")


def test_reinforcement_rows_end_before_the_answer(tmp_path: Path) -> None:
    rows = [{"messages": [{"role": "user", "content": f"sum {n}"}], "target": n} for n in range(10)]
    report = check(tmp_path, rows)
    assert (report.errors, report.kind) == ((), "reinforcement")


def test_completion_models_take_prompt_and_completion(tmp_path: Path) -> None:
    rows = [{"prompt": f"say {number}", "completion": f" {number}"} for number in range(10)]
    assert check(tmp_path, rows, "babbage-002").errors == ()


def test_rows_of_several_kinds_in_one_file_are_an_error(tmp_path: Path) -> None:
    rows = [*good(), {"messages": [{"role": "user", "content": "sum"}], "target": 3}]
    assert [problem.seen for problem in check(tmp_path, rows).errors] == [
        "rows of several kinds: 12 chat, 1 reinforcement"
    ]


def test_fewer_than_ten_examples_are_refused_by_the_services(tmp_path: Path) -> None:
    assert [problem.seen for problem in check(tmp_path, good(9)).errors] == ["9 examples"]


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    assert [problem.seen for problem in check(tmp_path, []).errors] == ["no examples"]


def test_an_example_longer_than_the_models_context_is_an_error(tmp_path: Path) -> None:
    rows = [*good(), chat("Repeat", "word " * 17_000)]
    assert [problem.where for problem in check(tmp_path, rows, "gpt-3.5-turbo-0125").errors] == [
        f"{tmp_path}/train.jsonl:13"
    ]
    assert check(tmp_path, rows, "gpt-4o-mini").errors == ()


def test_a_byte_order_mark_is_told_and_the_first_line_still_read(tmp_path: Path) -> None:
    path = write(tmp_path / "train.jsonl", good())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    report = check_dataset(path, "gpt-4o-mini")
    assert report.errors == ()
    assert [str(problem.where) for problem in report.warnings] == [f"{path}:1:1"]
    assert report.valid == 12


def test_another_encoding_is_one_error_not_thousands(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes("\n".join(str(row) for row in good()).encode("utf-16"))
    assert [problem.seen for problem in check_dataset(path).errors][:1] == ["the file is UTF-16"]


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidUsage, match=r"cannot read .*nowhere\.jsonl: No such file"):
        check_dataset(tmp_path / "nowhere.jsonl")


def test_duplicate_rows_are_warned_of(tmp_path: Path) -> None:
    report = check(tmp_path, [*good(), chat("What is the 3th  THING", "it is thing 21!")])
    assert [str(problem) for problem in report.warnings] == [f"{tmp_path}/train.jsonl:13: repeats line 4"]


def test_numbers_and_signs_that_differ_are_no_duplicates(tmp_path: Path) -> None:
    asked = ["What is 1.5 and 2?", "What is 15 and 2?", "?", "!"]
    assert check(tmp_path, [*good(), *(chat(text, "Let me see.") for text in asked)]).warnings == ()


def test_interactions_cut_out_of_a_conversation_are_warned_of(tmp_path: Path) -> None:
    talk = [
        {"role": "user", "content": "I sleep badly."},
        {"role": "assistant", "content": "Since when do you sleep badly?"},
        {"role": "user", "content": "Since I changed jobs."},
        {"role": "assistant", "content": "What changed for you then?"},
    ]
    rows = [*good(), {"messages": talk}, {"messages": talk[:2]}, {"messages": talk[2:]}]
    assert [str(problem) for problem in check(tmp_path, rows).warnings] == [
        f"{tmp_path}/train.jsonl:14: lies within the conversation of line 13",
        f"{tmp_path}/train.jsonl:15: lies within the conversation of line 13",
    ]


def test_windows_that_slide_over_a_conversation_are_warned_of(tmp_path: Path) -> None:
    turns = [{"role": ("user", "assistant")[n % 2], "content": f"turn number {n}"} for n in range(8)]
    rows = [*good(), {"messages": turns[0:4]}, {"messages": turns[2:6]}, {"messages": turns[4:8]}]
    assert len(check(tmp_path, rows).warnings) == 2


def test_different_answers_to_a_greeting_are_no_windows(tmp_path: Path) -> None:
    rows = [*good(), chat("Hi", "Hello!"), chat("Hi", "Good day to you."), chat("Hi", "Welcome.")]
    assert check(tmp_path, rows).warnings == ()


def test_label_imbalance_is_warned_of(tmp_path: Path) -> None:
    rows = [chat(f"ticket {n}", "billing" if n else "other") for n in range(40)]
    report = check(tmp_path, rows)
    assert report.labels == {"billing": 39, "other": 1}
    assert "out of balance: 39 of 'billing' (98%)" in str(report.warnings[-1])


def test_free_text_has_no_labels(tmp_path: Path) -> None:
    assert check(tmp_path, good(40)).labels == {}


def test_a_validation_row_that_was_trained_on_is_warned_of(tmp_path: Path) -> None:
    training = write(tmp_path / "train.jsonl", good())
    validation = write(
        tmp_path / "valid.jsonl", [good()[3], chat("What is the 5th thing?", "Something else."), *good(30)[20:]]
    )
    report = check_dataset(training, "gpt-4o-mini", validation)
    assert report.errors == ()
    assert [problem.seen for problem in report.warnings] == [
        "is also in the training file, at line 4",
        "asks what is asked in the training file, at line 6",
    ]


def test_a_validation_file_that_leaks_for_the_most_part_is_an_error(tmp_path: Path) -> None:
    training, validation = write(tmp_path / "train.jsonl", good()), write(tmp_path / "valid.jsonl", good(4))
    report = check_dataset(training, "gpt-4o-mini", validation)
    assert [problem.seen for problem in report.errors] == ["4 of 4 validation examples leak from the training file"]


def test_errors_of_the_validation_file_count(tmp_path: Path) -> None:
    training, validation = write(tmp_path / "train.jsonl", good()), write(tmp_path / "valid.jsonl", [{}])
    assert [problem.where for problem in check_dataset(training, "", validation).errors] == [f"{validation}:1"]


def test_an_unknown_model_says_which_encoding_was_assumed(tmp_path: Path) -> None:
    report = check(tmp_path, good(), "grand-model-9")
    assert report.assumed
    assert "grand-model-9 is not known here: o200k_base was assumed" in report.notes[0]


def test_deeply_nested_json_is_an_error_of_its_line(tmp_path: Path) -> None:
    assert 13 in seen(check(tmp_path, [*good(), "[" * 100_000 + "]" * 100_000]))
