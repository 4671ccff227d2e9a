"""Resource Manager's limits are kept to, whoever else uses them, instead of being run into."""

import pytest

from deployer.providers.azure.discovery import by_turns
from deployer.providers.azure.pace import Pace
from deployer.sandbox.process import Sandbox
from tests.fakes import FakeClock
from tests.providers.azure.place import account_of
from tests.providers.opening import Connect

ARM = "https://management.azure.com"
HERE = f"{ARM}/subscriptions/0A/providers/x?api-version=1"
LEFT = "x-ms-ratelimit-remaining-subscription-{}"


def call(pace: Pace, method: str = "GET", left: int | None = None, url: str = HERE) -> None:
    lane = pace.enter(method, url)
    assert lane is not None
    pace.leave(lane, {} if left is None else {LEFT.format(lane[0]): str(left)})


def waited(clock: FakeClock, pace: Pace, method: str = "GET", url: str = HERE) -> float:
    before = clock.monotonic()
    call(pace, method, url=url)
    return clock.monotonic() - before


def test_nothing_is_waited_for_before_an_answer_says_what_is_left() -> None:
    clock = FakeClock()
    pace = Pace(clock, ARM)

    assert [waited(clock, pace) for _ in range(1000)] == [0.0] * 1000


@pytest.mark.parametrize(("method", "rate"), [("GET", 25), ("PUT", 10), ("DELETE", 10)])
def test_what_is_left_is_used_up_and_then_its_refill(method: str, rate: int) -> None:
    clock = FakeClock()
    pace = Pace(clock, ARM)
    call(pace, method, left=3)

    waits = [waited(clock, pace, method) for _ in range(5)]

    assert waits == pytest.approx([0, 0, 0, 1 / rate, 1 / rate])


def test_time_that_passed_while_short_counts() -> None:
    clock = FakeClock()
    pace = Pace(clock, ARM)
    call(pace, left=0)
    waited(clock, pace)
    clock.sleep(2)

    assert [waited(clock, pace) for _ in range(50)][:49] == [0.0] * 49


def test_calls_under_way_are_not_left_any_more() -> None:
    clock = FakeClock()
    pace = Pace(clock, ARM)
    lanes = [pace.enter("GET", HERE) for _ in range(4)]
    assert lanes[0]
    pace.leave(lanes[0], {LEFT.format("reads"): "3"})

    assert waited(clock, pace) == pytest.approx(1 / 25)


def test_another_subscription_and_another_kind_of_call_do_not_wait() -> None:
    clock = FakeClock()
    pace = Pace(clock, ARM)
    call(pace, left=0)

    assert waited(clock, pace, url=HERE.replace("0A", "0B")) == 0
    assert waited(clock, pace, "DELETE") == 0
    assert waited(clock, pace, url=HERE.replace("0A", "0a")) > 0


def test_other_services_have_limits_of_their_own() -> None:
    pace = Pace(FakeClock(), ARM)

    assert pace.enter("GET", "https://eastus2.metrics.monitor.azure.com/subscriptions/0A/metrics:getBatch") is None
    assert pace.enter("POST", f"{ARM}/providers/Microsoft.ResourceGraph/resources") is None


def test_more_accounts_than_a_burst_of_reads_are_listed_without_being_throttled(
    sandbox: Sandbox, connect_azure: Connect
) -> None:
    sandbox.client.create_accounts([{"name": f"more-{index}", "region": "eastus2"} for index in range(300)])

    reading = connect_azure(retries=0).inventory.observe()

    assert len(reading.accounts) == 302
    assert reading.gaps == ()
    assert 429 not in {line["status"] for line in sandbox.client.log()}


def test_a_subscription_that_is_short_holds_up_no_other() -> None:
    accounts = [account_of(subscription, name) for subscription, name in ("Ax", "Ay", "Az", "Bx", "Cx", "Cy")]

    assert [one.subscription + one.name for one in by_turns(accounts)] == ["Ax", "Bx", "Cx", "Ay", "Cy", "Az"]
