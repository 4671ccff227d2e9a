"""Replayed traffic: whole requests, evenly spaced, never counted twice or lost."""

from hypothesis import given
from hypothesis import strategies as st

from deployer.sandbox.usage import Call, Series, Traffic

HOUR = 3600.0


@given(
    start=st.integers(0, 10_000),
    length=st.integers(1, 50_000),
    rate=st.floats(0.01, 500),
    cuts=st.lists(st.integers(0, 70_000), min_size=1, max_size=20),
)
def test_parts_of_a_window_add_up_to_the_whole(start: int, length: int, rate: float, cuts: list[int]) -> None:
    traffic = Traffic(start, start + length, rate, 7, 2)
    edges = [0, *sorted(cuts), 80_000]
    parts = [traffic.counts(edges[number], edges[number + 1]) for number in range(len(edges) - 1)]
    whole = traffic.counts(0, 80_000)
    assert sum(part.requests for part in parts) == whole.requests
    assert sum(part.input_tokens for part in parts) == whole.requests * 7


def test_the_first_request_is_at_the_start_and_none_at_the_end() -> None:
    traffic = Traffic(HOUR, 3 * HOUR, 1, 0, 0)
    assert [traffic.counts(at, at + 1).requests for at in (0, HOUR, 2 * HOUR, 3 * HOUR)] == [0, 1, 1, 0]


def test_the_last_request_is_found() -> None:
    traffic = Traffic(0, 10 * HOUR, 1, 0, 0)
    assert [traffic.last_before(at) for at in (0, 1, 2.5 * HOUR, 99 * HOUR)] == [None, 0, 2 * HOUR, 9 * HOUR]


def test_many_streams_and_calls_are_counted_together() -> None:
    series = Series()
    for number in range(100):
        series.add_traffic(Traffic(number * HOUR, (number + 2) * HOUR, 1, 10, 1))
    series.add_call(Call(50.5 * HOUR, 200, 5, 5, 0))
    series.add_call(Call(50.2 * HOUR, 404, 0, 0, 0))
    found = series.by_status(50 * HOUR, 51 * HOUR)
    assert (found[200].requests, found[200].input_tokens, found[404].requests) == (3, 25, 1)
    assert series.last_activity(50.3 * HOUR) == 50.2 * HOUR
