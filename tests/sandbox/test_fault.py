"""Ordered faults: each happens as ordered, to what was ordered, as often as ordered."""

import http.client
import time
from typing import Any

import pytest

from deployer.sandbox.client import SandboxError
from deployer.sandbox.fault import Faults
from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, TUNED, Wire


def deploy(sandbox: Sandbox) -> None:
    sandbox.client.create_deployments([{"account": DEV, "name": "support", "model": TUNED}])


def test_a_status_comes_with_any_headers_and_body(sandbox: Sandbox) -> None:
    headers = {"x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after": "5"}
    sandbox.client.fault({"kind": "status", "status": 429, "headers": headers, "body": {"why": "so"}})
    answer = Wire(sandbox).send("GET", "/subscriptions?api-version=2022-12-01", token="x")
    assert (answer.status, answer.body) == (429, {"why": "so"})
    assert answer.headers.items() >= headers.items()


def test_a_fault_ends_after_its_times_and_only_strikes_what_it_names(sandbox: Sandbox) -> None:
    deploy(sandbox)
    wire = Wire(sandbox)
    sandbox.client.fault({"kind": "status", "status": 503, "method": "get", "path": "/support\\b", "times": 2})
    statuses = [wire.deployment("GET", name).status for name in ("other", "support", "support", "support")]
    assert statuses == [404, 503, 503, 200]
    assert sandbox.client.requests()["faults"] == 2


def test_a_connection_is_cut_before_the_work(sandbox: Sandbox) -> None:
    deploy(sandbox)
    wire = Wire(sandbox)
    assert wire.token
    sandbox.client.fault({"kind": "cut_before", "operation": "deployments.delete", "times": 1})
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        wire.deployment("DELETE", "support")
    assert wire.deployment("GET", "support").body["properties"]["provisioningState"] == "Succeeded"


def test_a_connection_is_cut_after_the_work_was_done(sandbox: Sandbox) -> None:
    deploy(sandbox)
    wire = Wire(sandbox)
    assert wire.token
    sandbox.client.fault({"kind": "cut_after", "operation": "deployments.delete", "times": 1})
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        wire.deployment("DELETE", "support")
    assert wire.deployment("GET", "support").body["properties"]["provisioningState"] == "Deleting"
    assert sandbox.client.log()[-2]["fault"] == "cut_after"


def test_a_token_expires_on_order(sandbox: Sandbox) -> None:
    sandbox.client.fault({"kind": "expired_token", "operation": "subscriptions.list", "times": 1})
    wire = Wire(sandbox)
    answers = [wire.send("GET", "/subscriptions?api-version=2022-12-01") for _ in range(2)]
    assert [answer.status for answer in answers] == [401, 200]
    assert answers[0].code == "ExpiredAuthenticationToken"


def test_a_slow_answer_comes_late_and_whole(sandbox: Sandbox) -> None:
    wire = Wire(sandbox)
    assert wire.token
    sandbox.client.fault({"kind": "slow", "seconds": 0.05, "times": 1})
    begin = time.perf_counter()
    assert wire.send("GET", "/subscriptions?api-version=2022-12-01").status == 200
    assert time.perf_counter() - begin >= 0.05


def test_a_request_may_take_virtual_time(sandbox: Sandbox) -> None:
    wire, before = Wire(sandbox), sandbox.client.now()
    assert wire.token
    sandbox.client.fault({"kind": "status", "status": 500, "takes": 25, "times": 2})
    answers = [wire.send("GET", "/subscriptions?api-version=2022-12-01").status for _ in range(3)]
    assert answers == [500, 500, 200]
    assert (sandbox.client.now() - before).total_seconds() == 50


def test_the_first_requests_may_pass_a_fault(sandbox: Sandbox) -> None:
    wire = Wire(sandbox)
    assert wire.token
    sandbox.client.fault({"kind": "status", "status": 500, "after": 2, "times": 1})
    answers = [wire.send("GET", "/subscriptions?api-version=2022-12-01").status for _ in range(4)]
    assert answers == [200, 200, 500, 200]


def test_faults_can_be_cleared(sandbox: Sandbox) -> None:
    sandbox.client.fault({"kind": "status", "status": 500, "operation": "subscriptions.list"})
    sandbox.client.clear_faults()
    assert Wire(sandbox).send("GET", "/subscriptions?api-version=2022-12-01").status == 200


@pytest.mark.parametrize(
    "order", [{"kind": "magic"}, {}, {"kind": "slow", "colour": "red"}, {"kind": "slow", "path": "("}]
)
def test_a_fault_that_cannot_be_is_refused_with_the_reason(sandbox: Sandbox, order: dict[str, Any]) -> None:
    with pytest.raises(SandboxError, match="InvalidFault"):
        sandbox.client.fault(order)


def struck(seed: int, paths: list[str]) -> list[bool]:
    faults = Faults(seed)
    faults.order({"kind": "status", "rate": 0.2})
    return [faults.strike("GET", path, "any") is not None for path in paths]


def test_a_rate_is_kept_and_the_same_under_one_seed() -> None:
    paths = ["/a"] * 2000
    assert struck(1, paths) == struck(1, paths)
    assert struck(1, paths) != struck(2, paths)
    assert sum(struck(1, paths)) == pytest.approx(400, abs=60)


def test_a_rate_does_not_depend_on_the_order_of_parallel_requests() -> None:
    one = struck(3, ["/a"] * 50 + ["/b"] * 50)
    mixed = struck(3, ["/a", "/b"] * 50)
    assert one[:50] == mixed[::2]
    assert one[50:] == mixed[1::2]


def test_an_answer_comes_in_another_shape(sandbox: Sandbox) -> None:
    deploy(sandbox)
    wire = Wire(sandbox)
    order = {"kind": "reshaped", "operation": "deployments.get", "drop": ["etag"], "add": {"new": 1}, "lower": True}
    sandbox.client.fault(order)
    body = wire.deployment("GET", "support").body
    assert body["new"] == body["sku"]["new"] == body["properties"]["model"]["new"] == 1
    assert "provisioningstate" in body["properties"]
    assert "etag" not in body
    sandbox.client.clear_faults()
    assert "etag" in wire.deployment("GET", "support").body


def test_an_error_keeps_its_shape(sandbox: Sandbox) -> None:
    wire = Wire(sandbox)
    sandbox.client.fault({"kind": "reshaped", "drop": ["error"]})
    assert wire.deployment("GET", "nobody").code
