"""What the vendor billed, as last told."""

from datetime import timedelta

from deployer.domain.charge import Bill
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.ports.ledger import Ledger
from tests.ledger.world import DAY, START


def bill(dollars: str, *, day: int = 0, told_after: int = 1, meter: str = "hosting") -> Bill:
    return Bill("aoai-dev", START + day * DAY, meter, Money.of(dollars), START + timedelta(days=told_after))


def test_the_latest_word_on_a_day_stands(ledger: Ledger) -> None:
    ledger.readings.record_bills([bill("10.00"), bill("1.00", meter="tokens")])
    ledger.readings.record_bills([bill("40.80", told_after=2), bill("40.80", day=1, told_after=2)])

    assert ledger.readings.bills(Period(START, START + DAY)) == (
        bill("40.80", told_after=2),
        bill("1.00", meter="tokens"),
    )


def test_no_bills_are_no_rows(ledger: Ledger) -> None:
    ledger.readings.record_bills([])

    assert ledger.readings.bills(Period(START, START + DAY)) == ()
