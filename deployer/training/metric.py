"""What a result file says: how losses ended, and where validation was best."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import Any

from deployer.errors import CloudError
from deployer.training.follow import Followed

_VALIDATION = ("full_valid_loss", "valid_loss")


def parse_metrics(content: bytes) -> tuple[Mapping[str, float], ...]:
    """The rows of a result file, each with the columns that hold a number; rubbish is no row."""
    text = content.decode("utf-8", errors="replace").removeprefix("\ufeff")
    rows = [_numbers(row) for row in csv.DictReader(text.splitlines())]
    return tuple(row for row in rows if "step" in row)


def summarise(rows: Sequence[Mapping[str, float]]) -> Mapping[str, Any]:
    """The last number of each column, and the step at which validation was best."""
    last: dict[str, Any] = {}
    for row in rows:
        last.update(row)
    summary: dict[str, Any] = {"steps": int(last.pop("step")) if "step" in last else 0, **last}
    for name in _VALIDATION:
        measured = [row for row in rows if name in row]
        if measured:
            best = min(measured, key=lambda row: row[name])
            summary[f"best_{name}"] = best[name]
            summary[f"best_{name}_step"] = int(best["step"])
            break
    return summary


def result_of(found: Followed) -> Mapping[str, Any] | None:
    """The summary of a job's result file; None when there is none. Raises CloudError when none can be read now."""
    unread: CloudError | None = None
    for file_id in found.job.result_files:
        try:
            rows = parse_metrics(found.provider.training.result(found.account, file_id))
        except CloudError as error:
            unread = error
            continue
        if rows:
            return summarise(rows)
    if unread is not None:
        raise unread
    return None


def _numbers(row: Mapping[str | None, Any]) -> dict[str, float]:
    numbers = {}
    for name, value in row.items():
        try:
            numbers[str(name).strip()] = float(value)
        except (TypeError, ValueError):
            continue
    return numbers
