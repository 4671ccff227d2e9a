"""A year of hourly sweeps with one call in twenty going wrong, through the real SDKs over TLS.

The guard's decisions are judged by the sandbox's own record of events and by the traffic that the test
made, never by what the guard says of itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from deployer.app import App
from deployer.sandbox.process import Sandbox
from deployer.settings import load_settings
from tests.simulation.year import AFTER, DAY, FAILING, GRACE, HOUR, POLICY, START, WARN, Listener, SimulatedClock, Year

DAYS = 365
FAULTS = (
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 429, "headers": {"Retry-After": "2"}},
    {"kind": "cut_before"},
    {"kind": "cut_after"},
    {"kind": "metrics_error_code"},
    {"kind": "metrics_empty"},
)
"""Each hits its share of one call in twenty; the last two change only answers that hold metrics."""


@dataclass(frozen=True)
class Played:
    """The year as it was played, with the sandbox's account of it."""

    year: Year
    events: list[dict[str, Any]]
    requests: dict[str, Any]

    def deletions(self) -> list[tuple[str, datetime]]:
        return [(event["deployment"], event["at"]) for event in self.events if event["event"] == "deleted"]

    def born(self, name: str, before: datetime) -> datetime:
        mine = [event for event in self.events if event["deployment"] == name and event["event"] == "created"]
        made: list[datetime] = [event["at"] for event in mine if event["at"] < before]
        return max(made)


@pytest.fixture(scope="module")
def played(running_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    client = running_sandbox.client
    client.reset(seed=7, start=START, frozen=True, empty=True, lro_polls=2)
    folder: Path = tmp_path_factory.mktemp("year")
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    env = {k: v for k, v in running_sandbox.env.items() if not k.startswith("OPENAI_")}
    settings = load_settings({**env, "DEPLOYER_HOME": str(folder), "DEPLOYER_POLICIES": str(policy)}, folder)
    clock = SimulatedClock(client)
    app = App.from_settings(settings, clock)
    year = Year(client, replace(app.guard_context(), notifier=Listener()), clock, DAYS)
    year.populate()
    for fault in FAULTS:
        client.fault({**fault, "rate": 0.05 / len(FAULTS)})
    year.play()
    client.clear_faults()
    yield Played(year, client.deployment_events(), client.requests())
    app.close()


def test_every_hour_was_swept_and_every_deployment_judged(played: Played) -> None:
    counted = played.year.counted
    assert counted.sweeps + counted.failed_sweeps == DAYS * 24
    assert counted.failed_sweeps < DAYS * 24 * 0.01
    assert counted.judged > DAYS * 24 * 2
    assert 0 < counted.unknown < counted.judged * 0.05


def test_one_call_in_twenty_went_wrong(played: Played) -> None:
    assert 0.03 < played.requests["faults"] / played.requests["total"] < 0.07


def test_nothing_that_was_used_is_ever_undeployed(played: Played) -> None:
    assert not {name for name, _ in played.deletions()} & {"steady", "office"}


def test_what_no_policy_matches_is_left_alone_although_it_is_idle(played: Played) -> None:
    assert "outside" not in {name for name, _ in played.deletions()}


def test_failing_calls_are_not_idleness(played: Played) -> None:
    assert [at for name, at in played.deletions() if name == "failing"] > [START + FAILING + AFTER]


def test_every_undeploy_came_after_a_whole_day_without_a_call(played: Played) -> None:
    idle_for = {(name, at): at - (played.year.truth.last_use(name, at) or START) for name, at in played.deletions()}
    assert min(idle_for.values()) >= AFTER


def test_nothing_young_is_undeployed(played: Played) -> None:
    assert all(at - played.born(name, at) >= GRACE for name, at in played.deletions())


def test_every_undeploy_was_warned_of_in_time(played: Played) -> None:
    late = [
        (name, at)
        for name, at in played.deletions()
        if not any(AFTER >= at - warned >= WARN for warned in played.year.counted.warned.get(name, ()))
    ]
    assert late == []


def test_everything_forgotten_is_undeployed_within_the_day_after_it_was_due(played: Played) -> None:
    trials = {name: at for name, at in played.deletions() if name.startswith("trial-")}
    ends = {name: spans[-1][1] for name, spans in played.year.truth.used.items() if name.startswith("trial-")}
    due = {name for name, end in ends.items() if end + AFTER + 6 * HOUR < START + DAYS * DAY}
    assert len(due) >= 36
    assert due <= trials.keys()
    assert max(trials[name] - ends[name] for name in due) <= AFTER + 6 * HOUR


def test_the_weekly_deployment_was_undeployed_and_restored_all_year(played: Played) -> None:
    weekly = [at for name, at in played.deletions() if name == "weekly"]
    assert len(weekly) >= 50
    assert played.year.counted.restored >= 49
