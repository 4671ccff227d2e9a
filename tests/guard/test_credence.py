"""An answer that forgets what was counted is not believed, and nothing is decided from it."""

from collections.abc import Sequence
from dataclasses import replace

from deployer.domain.deployment import Deployment
from deployer.domain.period import Period
from deployer.domain.usage import UsageObservation
from deployer.guard.outcome import exit_code
from tests.fakes import HOUR
from tests.guard.world import World


class Forgetful:
    """A metrics service in trouble: it answers completely, and shows nothing."""

    def __init__(self, world: World) -> None:
        self._usage = world.cloud.usage

    def observe(self, deployments: Sequence[Deployment], window: Period) -> UsageObservation:
        seen = self._usage.observe(deployments, window)
        return UsageObservation({key: replace(one, buckets=()) for key, one in seen.readings.items()}, seen.aliveness)


def busy_and_quiet(world: World) -> None:
    """One deployment is called every hour, the other has been quiet for a day and was warned about."""
    busy, _ = world.cloud.deploy("busy"), world.cloud.deploy("quiet")
    for _ in range(30):
        world.clock.advance(HOUR)
        world.cloud.use(busy)
    world.sweep()


def test_an_active_deployment_is_not_idle_because_its_numbers_are_gone(world: World) -> None:
    busy_and_quiet(world)
    world.cloud.usage = Forgetful(world)
    outcomes = world.sweep_for(30)
    assert world.standing == {"busy", "quiet"}
    assert exit_code(outcomes[3]) == 5
    reasons = {finding.deployment.name: finding.reason for finding in outcomes[3].plan.findings}
    assert "the answer shows nothing of busy" in reasons["busy"]
    assert "the answer shows nothing of busy" in reasons["quiet"]


def test_a_new_process_knows_it_from_the_ledger(world: World) -> None:
    busy_and_quiet(world)
    world.reopen()
    world.cloud.usage = Forgetful(world)
    world.clock.advance(3 * HOUR)
    assert world.sweep().results == ()
    assert {finding.state.value for finding in world.sweep().plan.findings} == {"unknown"}


def test_when_the_numbers_are_back_the_guard_goes_on(world: World) -> None:
    busy_and_quiet(world)
    sound, world.cloud.usage = world.cloud.usage, Forgetful(world)
    world.clock.advance(3 * HOUR)
    world.sweep()
    world.cloud.usage = sound
    assert [result.subject for result in world.sweep().results] == ["azure:aoai-dev/quiet"]


def test_numbers_that_came_back_are_charged_once(world: World) -> None:
    busy_and_quiet(world)
    world.sweep_for(5)
    tokens = [charge for charge in world.charges() if charge.meter.value == "input"]
    assert sum(charge.quantity for charge in tokens) == 30 * 100


def test_hours_that_a_failed_reading_missed_are_charged_later(world: World) -> None:
    from deployer.errors import CloudError

    [busy] = [world.cloud.deploy("busy")]
    world.sweep()
    for _ in range(20):
        world.clock.advance(HOUR)
        world.cloud.use(busy)
        world.cloud.fail("usage", CloudError("503", status=503))
        world.sweep()
    world.clock.advance(HOUR)
    world.sweep()
    tokens = [charge for charge in world.charges() if charge.meter.value == "output"]
    assert sum(charge.quantity for charge in tokens) == 20 * 100
