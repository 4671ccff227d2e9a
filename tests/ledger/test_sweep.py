"""What a sweep leaves in the ledger."""

from pathlib import Path

from deployer.domain.money import Money
from deployer.domain.period import Period
from tests.ledger.world import DAY, HOUR, START, deployment, hosting, opened, snapshot


def test_deployment_that_was_seen_is_tracked_until_it_is_gone(tmp_path: Path) -> None:
    ledger, one = opened(tmp_path), deployment()

    ledger.readings.record(snapshot(START + HOUR, one), [hosting(one, START, START + HOUR)], [])

    known = ledger.readings.tracked()[one.id.key]
    assert known.deployment == one
    assert (known.first_seen, known.last_seen, known.accrued_to) == (START + HOUR,) * 3
    ledger.readings.record(snapshot(START + 2 * HOUR), [], [one.id.key])
    assert ledger.readings.tracked() == {}


def test_spend_of_a_period_counts_charges_across_its_edges_in_proportion(tmp_path: Path) -> None:
    ledger, one = opened(tmp_path), deployment()
    charges = [hosting(one, START + h * HOUR, START + (h + 1) * HOUR) for h in range(72)]
    ledger.readings.record(snapshot(START + 3 * DAY, one), charges, [])

    (spent,) = ledger.readings.spent(Period(START + HOUR / 2, START + 2 * DAY + HOUR / 2))

    assert spent.subject.key == one.id.key
    assert spent.spend.high == spent.spend.low == Money.of("81.60")
