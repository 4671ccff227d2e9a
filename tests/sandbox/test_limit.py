"""Resource Manager's limits, and a network that takes its time."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from deployer.sandbox.limit import Limits
from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import Wire


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


ACCOUNTS = "/providers/Microsoft.CognitiveServices/accounts"
SUBSCRIPTION = "/subscriptions/0a/resourceGroups"


@pytest.mark.parametrize(
    ("method", "burst", "rate"), [("GET", 250, 25), ("PUT", 200, 10), ("POST", 200, 10), ("DELETE", 200, 10)]
)
def test_each_kind_of_call_has_its_burst_and_refill(method: str, burst: int, rate: int) -> None:
    seconds = Seconds()
    limits = Limits(seconds)

    taken = [limits.take(method, SUBSCRIPTION) for _ in range(burst + 1)]
    seconds.now += 1
    later = [limits.take(method, SUBSCRIPTION) for _ in range(rate + 1)]

    assert [one.wait for one in taken if one] == [0] * burst + [1]
    assert [one.wait for one in later if one] == [0] * rate + [1]


def test_subscriptions_and_the_tenant_do_not_share_a_bucket() -> None:
    limits = Limits(Seconds())
    for _ in range(260):
        limits.take("GET", SUBSCRIPTION)

    others = [limits.take("GET", path) for path in ("/subscriptions/0B/x", "/subscriptions", "/tenants")]

    assert [one.left for one in others if one] == [249, 249, 248]


def test_services_that_count_for_themselves_are_not_counted() -> None:
    limits = Limits(Seconds())

    assert limits.take("POST", "/subscriptions/0a/providers/Microsoft.CostManagement/query") is None
    assert limits.take("POST", "/metrics/eastus2/subscriptions/0a/metrics:getBatch") is None
    assert limits.take("POST", "/providers/Microsoft.ResourceGraph/resources") is None


def test_answers_tell_what_is_left_and_refusals_when_to_come_again(sandbox: Sandbox) -> None:
    wire = Wire(sandbox)
    first = wire.arm("GET", ACCOUNTS)
    while (answer := wire.arm("GET", ACCOUNTS)).status == 200:
        pass

    assert int(first.headers["x-ms-ratelimit-remaining-subscription-reads"]) == 249
    assert (answer.status, answer.headers["retry-after"]) == (429, "1")
    assert answer.code == "SubscriptionRequestsThrottled"
    sandbox.client.advance(seconds=1)
    assert wire.arm("GET", ACCOUNTS).status == 200


def test_limits_can_be_switched_off(sandbox: Sandbox) -> None:
    sandbox.client.reset(arm_limits=False)

    assert "x-ms-ratelimit-remaining-subscription-reads" not in Wire(sandbox).arm("GET", ACCOUNTS).headers


def test_requests_under_way_do_not_wait_for_each_other(sandbox: Sandbox) -> None:
    wire = Wire(sandbox)
    wire.arm("GET", ACCOUNTS)
    sandbox.client.reset(latency=0.2)
    begin = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: wire.arm("GET", ACCOUNTS).status, range(8)))
    seconds = time.perf_counter() - begin

    assert statuses == [200] * 8
    assert 0.2 <= seconds < 1.2
