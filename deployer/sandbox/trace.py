"""A recorded trace as traffic to replay: requests with their token counts, gathered by the hour.

The columns are those of the public Azure LLM inference traces (TIMESTAMP, ContextTokens,
GeneratedTokens); the first request is moved to the instant at which the replay starts.
"""

import csv
import gzip
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

COLUMNS = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")
HOUR = timedelta(hours=1)


class InvalidTrace(ValueError):
    """A trace file that cannot be replayed: `where` is its name and line, `seen` what is wrong."""

    def __init__(self, where: str, seen: str) -> None:
        super().__init__(f"{where}: {seen}")
        self.where = where
        self.seen = seen


def read_streams(path: Path, account: str, deployment: str, start: datetime) -> list[dict[str, Any]]:
    """The traffic of a file: a JSON list of streams as they are, or a CSV trace aimed at one deployment."""
    text = _text(path)
    if path.suffix.lower() == ".json":
        return _given(path, text)
    if not account or not deployment:
        raise InvalidTrace(str(path), "a CSV trace names no deployment; give --account and --deployment")
    return list(_hourly(_requests(path, text), account, deployment, start))


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix.lower() == ".gz" else data).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InvalidTrace(str(path), str(error)) from error


def _given(path: Path, text: str) -> list[dict[str, Any]]:
    try:
        streams = json.loads(text)
    except ValueError as error:
        raise InvalidTrace(str(path), f"not JSON: {error}") from error
    if not isinstance(streams, list) or not all(isinstance(stream, dict) for stream in streams):
        raise InvalidTrace(str(path), "expected a list of streams, each with account, deployment, start, end and rate")
    return streams


def _requests(path: Path, text: str) -> Iterator[tuple[datetime, int, int]]:
    reader = csv.DictReader(io.StringIO(text))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise InvalidTrace(f"{path}:1", f"column {', '.join(missing)} missing; expected {', '.join(COLUMNS)}")
    for row in reader:
        try:
            yield _instant(row["TIMESTAMP"]), int(row["ContextTokens"]), int(row["GeneratedTokens"])
        except (ValueError, TypeError) as error:
            raise InvalidTrace(f"{path}:{reader.line_num}", str(error)) from error


def _instant(text: str) -> datetime:
    """Traces carry seven decimals; what is finer than a microsecond is cut."""
    whole, _, fraction = text.strip().partition(".")
    instant = datetime.fromisoformat(whole).replace(microsecond=int(fraction[:6].ljust(6, "0")) if fraction else 0)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _hourly(
    requests: Iterable[tuple[datetime, int, int]], account: str, deployment: str, start: datetime
) -> Iterator[dict[str, Any]]:
    first: datetime | None = None
    hours: dict[int, list[tuple[int, int]]] = {}
    for at, context, generated in requests:
        first = first or at
        hours.setdefault(max(0, (at - first) // HOUR), []).append((context, generated))
    for hour, tokens in sorted(hours.items()):
        count = len(tokens)
        yield {
            "account": account,
            "deployment": deployment,
            "start": (start + hour * HOUR).isoformat(),
            "end": (start + (hour + 1) * HOUR).isoformat(),
            "requests_per_hour": count,
            "input_tokens": sum(context for context, _ in tokens) // count,
            "output_tokens": sum(generated for _, generated in tokens) // count,
        }
