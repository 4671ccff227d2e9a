"""What a sweep leaves in the ledger."""

from dataclasses import replace
from pathlib import Path

from deployer.domain.deployment import Tier
from deployer.domain.period import Period
from deployer.domain.snapshot import Gap
from deployer.domain.usage import UsageBucket, UsageReading
from deployer.ports.ledger import Ledger
from tests.ledger.world import DAY, HOUR, START, deployment, hosting, rows, snapshot

ONE = deployment()


def reading(*requests: int | None, start: int = 0, complete: bool = True, cause: str = "") -> UsageReading:
    """Hourly grains from `start` hours on, with that many requests each."""
    grains = [(START + (start + index) * HOUR, count) for index, count in enumerate(requests)]
    buckets = tuple(UsageBucket(at, at + HOUR, count, 0, None, None, None) for at, count in grains)
    window = Period(grains[0][0], grains[-1][0] + HOUR)
    return UsageReading(ONE.id, window, complete, cause, buckets)


def record(ledger: Ledger, hour: int, seen: UsageReading) -> None:
    ledger.readings.record(snapshot(START + hour * HOUR, ONE, usage={ONE.id.key: seen}), [], [])


def test_deployment_that_was_seen_is_tracked_until_it_is_gone(ledger: Ledger) -> None:
    ledger.readings.record(snapshot(START + HOUR, ONE), [hosting(ONE, START, START + HOUR)], [])

    known = ledger.readings.tracked()[ONE.id.key]
    assert known.deployment == ONE
    assert known.instance == START.isoformat()
    assert (known.first_seen, known.last_seen, known.accrued_to) == (START + HOUR,) * 3
    ledger.readings.record(snapshot(START + 2 * HOUR), [], [ONE.id.key])
    assert ledger.readings.tracked() == {}


def test_deployment_that_is_merely_not_seen_stays_tracked(ledger: Ledger) -> None:
    ledger.readings.record(snapshot(START + HOUR, ONE), [], [])
    ledger.readings.record(snapshot(START + 2 * HOUR), [], [])

    assert ledger.readings.tracked()[ONE.id.key].last_seen == START + HOUR


def test_every_fact_of_a_deployment_comes_back(ledger: Ledger) -> None:
    one = replace(
        ONE,
        tags={"env": "dev", "owner": "José"},
        tier=Tier.DATA_ZONE,
        capacity=7,
        state="Succeeded",
        managed=True,
        locked=True,
        body={"properties": {"model": {"name": "x", "version": None}, "list": [1, 2.5, True]}},
    )

    ledger.readings.record(snapshot(START, one), [], [])

    assert ledger.readings.tracked()[one.id.key].deployment == one


def test_hosting_is_accrued_from_the_creation_until_it_is_charged(ledger: Ledger) -> None:
    ledger.readings.record(snapshot(START + 5 * HOUR, ONE), [], [])

    assert ledger.readings.tracked()[ONE.id.key].accrued_to == START


def test_deployment_without_a_creation_time_is_accrued_from_first_sight(ledger: Ledger) -> None:
    blurred = deployment(created=None)
    ledger.readings.record(snapshot(START + 5 * HOUR, blurred), [], [])

    assert ledger.readings.tracked()[blurred.id.key].accrued_to == START + 5 * HOUR


def test_creation_time_that_is_learnt_later_goes_on_from_the_same_record(ledger: Ledger) -> None:
    ledger.readings.record(snapshot(START + 5 * HOUR, deployment(created=None)), [], [])
    ledger.readings.record(snapshot(START + 6 * HOUR, ONE), [], [])

    known = ledger.readings.tracked()[ONE.id.key]
    assert (known.instance, known.accrued_to) == (START.isoformat(), START + 5 * HOUR)


def test_creation_time_that_is_not_shown_for_once_changes_no_instance(ledger: Ledger) -> None:
    ledger.readings.record(snapshot(START + 5 * HOUR, ONE), [], [])
    ledger.readings.record(snapshot(START + 6 * HOUR, deployment(created=None)), [], [])

    assert ledger.readings.tracked()[ONE.id.key].instance == START.isoformat()


def test_name_that_was_made_again_is_tracked_as_another_instance(ledger: Ledger) -> None:
    again = deployment(created=START + DAY)
    ledger.readings.record(snapshot(START + HOUR, ONE), [hosting(ONE, START, START + HOUR)], [])
    ledger.readings.record(snapshot(START + DAY + HOUR, again), [], [])

    known = ledger.readings.tracked()[again.id.key]
    assert (known.instance, known.first_seen) == ((START + DAY).isoformat(), START + DAY + HOUR)
    assert known.accrued_to == START + DAY


def test_sweeps_that_see_the_same_add_no_sightings(ledger: Ledger, tmp_path: Path) -> None:
    for hour in range(1, 6):
        ledger.readings.record(snapshot(START + hour * HOUR, ONE), [], [])

    assert rows(tmp_path, "SELECT count(*) FROM sweep") == [(5,)]
    assert rows(tmp_path, "SELECT event FROM sighting") == [("seen",)]


def test_what_changes_and_what_ends_is_a_sighting(ledger: Ledger, tmp_path: Path) -> None:
    ledger.readings.record(snapshot(START + HOUR, ONE), [], [])
    ledger.readings.record(snapshot(START + 2 * HOUR, replace(ONE, tags={"env": "prod"})), [], [])
    ledger.readings.record(snapshot(START + 3 * HOUR), [], [ONE.id.key])

    assert rows(tmp_path, "SELECT event FROM sighting ORDER BY id") == [("seen",), ("changed",), ("gone",)]


def test_spend_shows_the_facts_that_were_seen_last(ledger: Ledger) -> None:
    ledger.readings.record(snapshot(START + HOUR, ONE), [hosting(ONE, START, START + HOUR)], [])
    ledger.readings.record(snapshot(START + 2 * HOUR, replace(ONE, tags={"env": "prod"})), [], [])

    (spent,) = ledger.readings.spent(Period(START, START + DAY))

    assert spent.subject.tags == {"env": "prod"}


def test_what_could_not_be_read_is_written_down(ledger: Ledger, tmp_path: Path) -> None:
    seen = replace(
        snapshot(START), gaps=(Gap("usage", "aoai-dev", "429"),), unread=frozenset({"/sub/x"}), complete=False
    )

    ledger.readings.record(seen, [], [])

    assert rows(tmp_path, "SELECT complete, gaps, unread FROM sweep") == [
        (0, '[{"what":"usage","where":"aoai-dev","cause":"429","next_step":""}]', '["/sub/x"]')
    ]


def test_only_grains_with_activity_are_stored(ledger: Ledger, tmp_path: Path) -> None:
    record(ledger, 4, reading(0, 12, None, 0))

    assert rows(tmp_path, "SELECT start / 3600000000 % 24, requests FROM grain") == [(1, 12)]


def test_grain_is_stored_again_only_when_it_shows_something_else(ledger: Ledger, tmp_path: Path) -> None:
    record(ledger, 4, reading(0, 12, 0, 0))
    record(ledger, 5, reading(0, 12, 5, 0))
    record(ledger, 6, reading(0, 15, 0, 0))

    assert rows(tmp_path, "SELECT start / 3600000000 % 24, requests FROM grain ORDER BY id") == [
        (1, 12),
        (2, 5),
        (1, 15),
        (2, 0),
    ]


def test_reading_that_becomes_incomplete_is_stored_with_its_cause(ledger: Ledger, tmp_path: Path) -> None:
    record(ledger, 1, reading(0))
    record(ledger, 2, reading(0))
    record(ledger, 3, reading(0, complete=False, cause="errorCode: InternalServerError"))
    record(ledger, 4, reading(0))

    assert rows(tmp_path, "SELECT complete, cause FROM usage ORDER BY id") == [
        (1, ""),
        (0, "errorCode: InternalServerError"),
        (1, ""),
    ]


def test_year_of_sweeps_over_an_idle_deployment_stores_next_to_nothing(ledger: Ledger, tmp_path: Path) -> None:
    for hour in range(24, 24 * 12):
        record(ledger, hour, reading(*[0] * 24, start=hour - 24))

    counts = [rows(tmp_path, f"SELECT count(*) FROM {table}")[0][0] for table in ("sighting", "usage", "grain")]  # noqa: S608 - names of ours
    assert counts == [1, 1, 0]
