"""The quota of Cost Management is counted here, so that it is never used up by us."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.domain.period import Period
from deployer.ports.cloud import Provider
from deployer.providers.azure.costquota import LIMITS, CostQuota, units
from deployer.sandbox.process import Sandbox
from tests.conftest import BEGINNING
from tests.fakes import FakeClock

DAY = timedelta(days=1)


def taken(quota: CostQuota, clock: FakeClock, scope: str, number: int) -> float:
    before = clock.monotonic()
    quota.take(scope, number)
    return clock.monotonic() - before


@pytest.mark.parametrize(("days", "number"), [(1, 1), (31, 1), (32, 2), (365, 12)])
def test_each_month_of_data_that_is_begun_costs_a_unit(days: int, number: int) -> None:
    assert units(Period(BEGINNING, BEGINNING + days * DAY)) == number


def test_twelve_units_in_ten_seconds() -> None:
    clock = FakeClock()
    quota = CostQuota(clock)

    waits = [taken(quota, clock, f"scope {number}", 4) for number in range(5)]

    assert waits == [0, 0, 0, 10, 0]


def test_four_calls_a_minute_for_one_scope_and_pages_are_none() -> None:
    clock = FakeClock()
    quota = CostQuota(clock)
    quota.take("here", 1)
    quota.take("here", 1, follows=True)

    waits = [taken(quota, clock, "HERE", 1) for _ in range(4)]

    assert waits == [0, 0, 0, 60]
    assert taken(quota, clock, "elsewhere", 1) == 0


@given(st.lists(st.tuples(st.integers(1, 12), st.floats(0, 40)), max_size=60))
def test_no_limit_is_ever_passed(calls: list[tuple[int, float]]) -> None:
    clock = FakeClock()
    quota = CostQuota(clock)
    used: list[tuple[float, int]] = []
    for number, (cost, pause) in enumerate(calls):
        clock.advance(timedelta(seconds=pause))
        quota.take(f"scope {number}", cost)
        used.append((clock.monotonic(), cost))

    for seconds, limit in LIMITS:
        for at, _ in used:
            assert sum(cost for then, cost in used if at - seconds + 1e-6 < then <= at) <= limit


def test_the_service_never_has_to_refuse(sandbox: Sandbox, azure: Provider) -> None:
    accounts = azure.inventory.observe().accounts
    year = Period(BEGINNING - timedelta(days=300), BEGINNING)

    gaps = [azure.billing.billed(accounts, year)[1] for _ in range(6)]

    assert gaps == [()] * 6
    assert 429 not in {line["status"] for line in sandbox.client.log()}
