"""A grader is read whole before anything is sent: everything wrong with it, and what it will read and cost."""

import json
from pathlib import Path
from typing import Any

import pytest

from deployer.errors import InvalidFile, InvalidUsage
from deployer.training.grader import load_grader

EXACT = {
    "type": "string_check",
    "name": "exact",
    "input": "{{sample.output_text}}",
    "reference": "{{item.answer}}",
    "operation": "eq",
}
SIMILAR = {
    "type": "text_similarity",
    "name": "near",
    "input": "{{ sample.output_text }}",
    "reference": "{{ item.long_answer }}",
    "evaluation_metric": "fuzzy_match",
}
JUDGE = {
    "type": "score_model",
    "name": "judge",
    "model": "gpt-4.1",
    "input": [{"role": "user", "content": "Grade {{sample.output_text}} by {{item.rubric.text}}"}],
}
CODE = {"type": "python", "name": "code", "source": "def grade(sample, item):\n    return 1.0 if {{1}} else 0.0\n"}


def file(tmp_path: Path, document: Any) -> Path:
    path = tmp_path / "grader.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


@pytest.mark.parametrize(
    ("document", "fields", "models"),
    [
        (EXACT, ("answer",), ()),
        (SIMILAR, ("long_answer",), ()),
        (JUDGE, ("rubric",), ("gpt-4.1",)),
        (CODE, (), ()),
        (
            {"type": "multi", "name": "both", "graders": {"a": EXACT, "b": JUDGE}, "calculate_output": "0.5*a+0.5*b"},
            ("answer", "rubric"),
            ("gpt-4.1",),
        ),
    ],
)
def test_each_type_is_read_with_the_fields_it_reads_and_the_models_it_asks(
    tmp_path: Path, document: dict[str, Any], fields: tuple[str, ...], models: tuple[str, ...]
) -> None:
    found = load_grader(file(tmp_path, document))
    assert (found.document, found.fields, found.models) == (document, fields, models)


@pytest.mark.parametrize(
    ("document", "seen"),
    [
        ("{", "no JSON"),
        ([EXACT], "list; expected a grader as a JSON object"),
        ({"name": "x"}, "type: None; expected one of string_check"),
        (EXACT | {"type": "magic"}, "type: 'magic'"),
        (EXACT | {"operation": "equals"}, "operation: 'equals'; expected one of eq, ne, like, ilike"),
        ({**EXACT, "reference": ""}, "reference: ''; expected text"),
        (SIMILAR | {"evaluation_metric": "rouge_9"}, "evaluation_metric: 'rouge_9'"),
        (JUDGE | {"input": "grade it"}, "input: 'grade it'; expected a list"),
        (EXACT | {"reference": "{{answer}}"}, "{{answer}}; expected {{item.FIELD}} or {{sample.output_text}}"),
        (
            {"type": "multi", "name": "m", "graders": [EXACT], "calculate_output": "a"},
            'graders: a list; expected an object: {"name": grader, ...}',
        ),
        (
            {"type": "multi", "name": "m", "graders": {"a": EXACT | {"name": 3}}, "calculate_output": "a"},
            "graders.a.name: 3; expected text",
        ),
        (
            {"type": "multi", "name": "m", "graders": {"a": {"type": "multi"}}, "calculate_output": "a"},
            "graders.a.type: 'multi'",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, document: Any, seen: str) -> None:
    with pytest.raises(InvalidFile) as refused:
        load_grader(file(tmp_path, document))
    assert seen in refused.value.message


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile) as refused:
        load_grader(file(tmp_path, {"type": "string_check"}))
    assert len(refused.value.problems) == 4


def test_a_grader_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidUsage, match="No such file"):
        load_grader(tmp_path / "nowhere.json")
