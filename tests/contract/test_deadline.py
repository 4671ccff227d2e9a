"""No call outlasts its deadline: not on the clock, whatever a service asks for, and not on a silent socket."""

import time
from collections.abc import Callable, Iterator

import pytest

from deployer.deadline import CALL, deadline, handed_on, left
from deployer.errors import CloudError
from deployer.ports.cloud import DeploymentRequest
from deployer.sandbox.process import Sandbox
from tests.contract.stage import Stage, open_stage
from tests.fakes import FakeClock


@pytest.fixture(scope="module")
def stage_of(running_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Stage]]:
    opened: list[Stage] = []

    def open_one(cloud: str) -> Stage:
        if not opened or opened[-1].cloud != cloud:
            opened.append(open_stage(cloud, running_sandbox, tmp_path_factory.mktemp("stage")))
        return opened[-1]

    yield open_one
    running_sandbox.client.clear_faults()
    for stage in opened:
        stage.close()


def test_wait_of_a_week_between_two_looks_at_a_creation_is_cut_short(stage_of: Callable[[str], Stage]) -> None:
    stage, clock = stage_of("azure"), stage_of("azure").clock
    body = {"status": "Running"}
    order = {"operation": "operations.get", "kind": "status", "status": 200, "body": body}
    stage.sandbox.client.fault({**order, "headers": {"Retry-After": "604800"}})
    began = clock.monotonic()

    with pytest.raises(CloudError, match="not done after 60 minutes") as caught:
        stage.open().deployments.create(
            DeploymentRequest(stage.account, "endless", "gpt-4o-mini", sku="GlobalStandard")
        )

    assert caught.value.maybe_done
    assert clock.monotonic() - began <= 3600


@pytest.mark.parametrize("cloud", ["azure", "openai"])
def test_socket_gives_up_in_real_time(stage_of: Callable[[str], Stage], cloud: str) -> None:
    stage = stage_of(cloud)
    stage.sandbox.client.fault({"kind": "slow", "seconds": 0.2})
    began = time.monotonic()

    reading = stage.open(timeout=0.05, retries=0).inventory.observe()

    stage.sandbox.client.clear_faults()
    assert reading.gaps
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("cloud", ["azure", "openai"])
def test_socket_waits_no_longer_than_is_left(stage_of: Callable[[str], Stage], cloud: str) -> None:
    stage = stage_of(cloud)
    provider = stage.open(timeout=30.0, retries=0)
    stage.sandbox.client.fault({"kind": "slow", "seconds": 0.2})
    with deadline(stage.clock, 0.05), pytest.raises(CloudError):
        provider.inventory.read(stage.account, stage.standing.name)
    stage.sandbox.client.clear_faults()


@pytest.mark.parametrize("cloud", ["azure", "openai"])
def test_nothing_is_sent_after_the_deadline(stage_of: Callable[[str], Stage], cloud: str) -> None:
    stage = stage_of(cloud)
    before = stage.sandbox.client.requests()["total"]
    with deadline(stage.clock, 0), pytest.raises(CloudError, match="out of time"):
        stage.open().inventory.read(stage.account, stage.standing.name)
    assert stage.sandbox.client.requests()["total"] == before


def test_inner_deadline_is_never_longer_than_the_outer_one() -> None:
    clock = FakeClock()
    with deadline(clock, 10):
        clock.sleep(4)
        with deadline(clock, CALL) as seconds:
            assert (seconds, left()) == (6, 6)
        assert handed_on(lambda _: left())(None) == 6
    assert left() == float("inf")
