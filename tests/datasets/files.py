"""Small data files for the tests of the data check."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).resolve().parents[2].parent / "shared" / "data"
"""The reference data folder beside the project; tests that read it skip where it is absent."""

ABSENT = f"the reference data folder {REFERENCE} is absent"


def chat(question: str, answer: str, system: str = "") -> dict[str, Any]:
    """One valid example."""
    first = [{"role": "system", "content": system}] if system else []
    return {
        "messages": [*first, {"role": "user", "content": question}, {"role": "assistant", "content": answer}],
    }


def good(count: int = 12) -> list[dict[str, Any]]:
    """Valid examples that have nothing in common."""
    return [chat(f"What is the {number}th thing?", f"It is thing {number * 7}.") for number in range(count)]


def even_or_not(count: int = 20) -> list[dict[str, Any]]:
    """Labelled examples, from which a model can learn something."""
    return [chat(f"is {number} even?", ("yes", "no")[number % 2]) for number in range(count)]


def write(path: Path, rows: Sequence[Any]) -> Path:
    """The rows as JSONL; a row that is bytes or text is written as it is."""
    lines = []
    for row in rows:
        text = row if isinstance(row, bytes | str) else json.dumps(row, ensure_ascii=False)
        lines.append(text if isinstance(text, bytes) else text.encode())
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path
