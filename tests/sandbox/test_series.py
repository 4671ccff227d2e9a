"""Metric series and the sum of calls are two ways to count the same."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from deployer.sandbox.azure.series import Grains, tally_account
from deployer.sandbox.clock import seconds_of
from deployer.sandbox.credential import Credentials
from deployer.sandbox.genesis import Beginning, begin
from deployer.sandbox.naming import Naming
from deployer.sandbox.order import make_deployments
from deployer.sandbox.usage import Traffic
from deployer.sandbox.world import World

DEV = "aoai-dev-eastus2"
BEGIN = seconds_of(datetime(2026, 9, 1, tzinfo=UTC))
HOUR = 3600


def make_world() -> World:
    world = begin(Beginning(), "https://localhost", Credentials(Naming(0)))
    make_deployments(world, [{"account": DEV, "name": "base", "model": "gpt-4.1-mini"}])
    return world


@given(
    start=st.integers(0, 30 * HOUR),
    length=st.integers(1, 40 * HOUR),
    rate=st.one_of(st.floats(0.01, 200), st.integers(1, 50).map(float)),
    first=st.integers(0, 20),
    number=st.integers(1, 30),
    step=st.sampled_from([300, HOUR, 6 * HOUR]),
)
def test_each_grain_holds_the_requests_of_its_time(
    start: int, length: int, rate: float, first: int, number: int, step: int
) -> None:
    world = make_world()
    traffic = Traffic(BEGIN + start, BEGIN + start + length, rate, 10, 3)
    world.record_traffic(DEV, "base", traffic)
    window = BEGIN + first * step
    grains = Grains(window, window + number * step, step, oldest=0, visible=BEGIN + 10**9)
    found = tally_account(world, DEV, grains)
    expected = [traffic.counts(window + index * step, window + (index + 1) * step) for index in range(number)]
    if not found:
        assert sum(counts.requests for counts in expected) == 0
        return
    assert found[0].requests == [counts.requests for counts in expected]
    assert found[0].input_tokens == [counts.input_tokens for counts in expected]
    assert found[0].output_tokens == [counts.output_tokens for counts in expected]
