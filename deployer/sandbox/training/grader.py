"""What scores the answers of a reinforcement job, checked as the vendors check it when a job is created.

The schemas are those of OpenAI's API document; a `multi` grader's members are an object by name, as the service
takes them, although the document types one member alone.
"""

import re
from collections.abc import Mapping
from typing import Any

from deployer.sandbox.training.bad import BadOrder

_METRICS = {
    "cosine", "fuzzy_match", "bleu", "gleu", "meteor", "rouge_1", "rouge_2", "rouge_3", "rouge_4", "rouge_5", "rouge_l",
}  # fmt: skip
_NEEDED: dict[str, dict[str, type]] = {
    "string_check": {"name": str, "input": str, "reference": str, "operation": str},
    "text_similarity": {"name": str, "input": str, "reference": str, "evaluation_metric": str},
    "python": {"name": str, "source": str},
    "score_model": {"name": str, "model": str, "input": list},
    "label_model": {"name": str, "model": str, "input": list, "labels": list, "passing_labels": list},
    "multi": {"name": str, "graders": dict, "calculate_output": str},
}
_CHOICES = {"operation": {"eq", "ne", "like", "ilike"}, "evaluation_metric": _METRICS}
_PLACE = "method.reinforcement.grader"
_FIELD = re.compile(r"\{\{\s*item\.([A-Za-z_][A-Za-z0-9_]*)")


def check_grader(grader: object, place: str = _PLACE, *, inner: bool = False) -> Mapping[str, Any]:
    """The grader, when it is one; `inner` is the member of another. Raises BadOrder."""
    if not isinstance(grader, dict):
        raise BadOrder(f"Missing required parameter: '{place}'.", place)
    kind = grader.get("type")
    if kind not in _NEEDED or kind == ("multi" if inner else "label_model"):
        raise BadOrder(f"Invalid value: '{kind}' for '{place}.type'.", f"{place}.type")
    for name, wanted in _NEEDED[kind].items():
        value = grader.get(name)
        if value is None:
            raise BadOrder(f"Missing required parameter: '{place}.{name}'.", f"{place}.{name}")
        if not isinstance(value, wanted) or (name in _CHOICES and value not in _CHOICES[name]):
            raise BadOrder(f"Invalid value for '{place}.{name}': {value!r:.60}.", f"{place}.{name}")
    for name, member in grader["graders"].items() if kind == "multi" else ():
        check_grader(member, f"{place}.graders.{name}", inner=True)
    return grader


def graded_fields(grader: object) -> list[str]:
    """The fields of an example that the grader's templates name, in their order."""
    if isinstance(grader, str):
        return _FIELD.findall(grader)
    inner = grader.values() if isinstance(grader, Mapping) else grader if isinstance(grader, list) else ()
    return [field for value in inner for field in graded_fields(value)]
