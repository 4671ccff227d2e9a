"""The sweep of many accounts that are far away, in small: the same calls, the same limits, the same memory."""

from benchmarks.scale import Size, sweep
from deployer.sandbox.process import Sandbox


def test_many_accounts_far_away_are_swept_in_parallel_and_without_being_throttled(sandbox: Sandbox) -> None:
    size = Size(accounts=160, subscriptions=8, latency=0.1)

    figures = sweep(sandbox, size)

    assert figures.throttled == 0
    assert figures.calls < size.accounts + 60
    one_by_one = figures.calls * size.latency
    assert figures.seconds < one_by_one / 3
