"""Appends usage readings, sparingly.

Kept: whether a deployment's reading was complete, and why not, when that changes; and the counts of each
grain that shows activity, or shows something else than it did before. Grains of zeros are not stored:
a complete reading without a stored grain is zeros.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from deployer.domain.usage import UsageBucket, UsageReading
from deployer.ledger.codec import DAY, to_micros
from deployer.ledger.schema import grain, tracked, usage
from deployer.ledger.sighting import COMPLETE, INCOMPLETE, Known
from deployer.ledger.statement import Connection, Rows, Statement

FINAL_AFTER = DAY // 4
"""How long a grain that was read once may still be corrected by the vendor."""

_USAGE = Statement(insert(usage))
_STATE = Statement(
    update(tracked)
    .where(tracked.c.subject_id == bindparam("row"))
    .values(usage_state=bindparam("state"), usage_to=bindparam("to"))
)
_COUNTS = ("requests", "failed_requests", "input_tokens", "cached_tokens", "output_tokens")
_GRAIN = Rows(grain, ("subject_id", "start", "end", *_COUNTS, "as_of"))
_STORED = Statement(
    select(grain.c.subject_id, grain.c.start, *(grain.c[name] for name in _COUNTS))
    .where(grain.c.start >= bindparam("since"))
    .order_by(grain.c.start, grain.c.id)
)
Counts = tuple[int | None, ...]
Stored = Mapping[tuple[int, int], Counts]


def append_usage(
    connection: Connection,
    sweep_id: int,
    readings: Mapping[int, UsageReading],
    known: Mapping[int, Known],
    at: int,
    settled: Collection[int],
) -> None:
    """Append what the readings add to what is stored; `readings` and `known` are by subject row.

    `settled` are the rows of which nothing is left to be read up to the end of their window.
    """
    recent = {row: list(_recent(reading, known.get(row))) for row, reading in readings.items()}
    starts = [start for grains in recent.values() for start, _ in grains]
    stored = _stored(connection, min(starts)) if starts else {}
    rows = (
        (row, start, to_micros(bucket.end), *_counts(bucket), at)
        for row, grains in recent.items()
        for start, bucket in grains
        if _news(bucket, stored.get((row, start)))
    )
    connection.append_all(_GRAIN, rows)
    _append_states(connection, sweep_id, readings, known, settled)


def _recent(reading: UsageReading, known: Known | None) -> Iterator[tuple[int, UsageBucket]]:
    since = known.usage_to - FINAL_AFTER if known and known.usage_to is not None else None
    for bucket in reading.buckets:
        start = to_micros(bucket.start)
        if since is None or start >= since:
            yield start, bucket


def _stored(connection: Connection, since: int) -> Stored:
    return {(row[0], row[1]): tuple(row[2:]) for row in connection.rows(_STORED, {"since": since})}


def _news(bucket: UsageBucket, before: Counts | None) -> bool:
    return bucket.active if before is None else _counts(bucket) != before


def _counts(bucket: UsageBucket) -> Counts:
    return (
        bucket.requests,
        bucket.failed_requests,
        bucket.input_tokens,
        bucket.cached_tokens,
        bucket.output_tokens,
    )


def _append_states(
    connection: Connection,
    sweep_id: int,
    readings: Mapping[int, UsageReading],
    known: Mapping[int, Known],
    settled: Collection[int],
) -> None:
    states = {row: _state(reading) for row, reading in readings.items()}
    news = [row for row, state in states.items() if row not in known or known[row].usage_state != state]
    connection.for_each(_USAGE, [_usage(sweep_id, row, readings[row]) for row in news])
    ends = {row: to_micros(readings[row].window.end) for row in settled}
    connection.for_each(_STATE, [_moved(row, states[row], ends.get(row), known.get(row)) for row in states])


def _state(reading: UsageReading) -> str:
    return COMPLETE if reading.complete else f"{INCOMPLETE}: {reading.cause}"


def _moved(row: int, state: str, end: int | None, known: Known | None) -> dict[str, Any]:
    """Only a reading that proves something settles its window."""
    before = known.usage_to if known else None
    return {"row": row, "state": state, "to": before if end is None else end}


def _usage(sweep_id: int, row: int, reading: UsageReading) -> dict[str, Any]:
    return {"sweep_id": sweep_id, "subject_id": row, "complete": reading.complete, "cause": reading.cause}
