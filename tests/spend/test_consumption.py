"""Token costs: what each grain shows beyond what was charged for it."""

from datetime import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from deployer.domain.charge import Charge, Known, Meter
from deployer.domain.deployment import Deployment, Tier
from deployer.domain.period import Period
from deployer.domain.usage import UsageReading
from deployer.spend.accrual import accrue
from deployer.spend.price import PriceBook
from tests.spend.world import BOOK, HOUR, START, bucket, deployment, rate, reading, snapshot, steady, total, tracked

NOW = START + 5 * HOUR
BASE = deployment(tuned=False)
Charged = dict[tuple[str, str, Meter, datetime], Decimal]


def token_charges(
    one: Deployment, seen: UsageReading, charged: Charged | None = None, book: PriceBook = BOOK
) -> tuple[Charge, ...]:
    charges = accrue({}, snapshot(NOW, one, usage=[seen]), book, charged or {}, NOW).charges
    return tuple(charge for charge in charges if charge.known is Known.METERED)


def add_up(charges: tuple[Charge, ...], before: Charged | None = None) -> Charged:
    """What the ledger would tell after these charges."""
    charged = dict(before or {})
    for charge in charges:
        key = (charge.subject, charge.instance, charge.meter, charge.period.start)
        charged[key] = charged.get(key, Decimal(0)) + charge.quantity
    return charged


def test_tokens_are_charged_by_meter_and_grain() -> None:
    seen = reading(BASE, bucket(START, tokens_in=1_000_000, out=500_000), bucket(START + HOUR, tokens_in=10, out=0))

    charges = token_charges(BASE, seen)

    assert [(charge.meter, charge.period.start, charge.quantity) for charge in charges] == [
        (Meter.INPUT, START, Decimal(1_000_000)),
        (Meter.OUTPUT, START, Decimal(500_000)),
        (Meter.INPUT, START + HOUR, Decimal(10)),
    ]
    assert total(charges) == Decimal("1.200004")


def test_cached_tokens_are_part_of_the_input_and_cheaper() -> None:
    charges = token_charges(BASE, reading(BASE, bucket(START, tokens_in=1_000_000, cached=600_000)))

    assert {charge.meter: charge.quantity for charge in charges} == {Meter.INPUT: 400_000, Meter.CACHED_INPUT: 600_000}
    assert total(charges) == Decimal("0.22")


def test_cached_tokens_without_a_price_of_their_own_cost_as_much_as_input() -> None:
    book = PriceBook([rate(Meter.INPUT, "0.40", per=1_000_000)])

    charges = token_charges(BASE, reading(BASE, bucket(START, tokens_in=1_000_000, cached=600_000)), None, book)

    assert total(charges) == Decimal("0.40")


def test_the_same_reading_again_charges_nothing() -> None:
    seen = reading(BASE, bucket(START, tokens_in=1000, out=100))

    assert token_charges(BASE, seen, add_up(token_charges(BASE, seen))) == ()


def test_late_data_is_charged_as_the_difference() -> None:
    first = add_up(token_charges(BASE, reading(BASE, bucket(START, tokens_in=1000))))

    (late,) = token_charges(BASE, reading(BASE, bucket(START, tokens_in=1500)), first)

    assert (late.quantity, total([late])) == (Decimal(500), Decimal("0.0002"))


def test_correction_downwards_is_a_new_negative_charge() -> None:
    first = add_up(token_charges(BASE, reading(BASE, bucket(START, tokens_in=1000))))

    (correction,) = token_charges(BASE, reading(BASE, bucket(START, tokens_in=400)), first)

    assert (correction.quantity, total([correction])) == (Decimal(-600), Decimal("-0.00024"))


def test_reading_that_is_not_complete_takes_nothing_back() -> None:
    first = add_up(token_charges(BASE, reading(BASE, bucket(START, tokens_in=1000))))

    assert token_charges(BASE, reading(BASE, bucket(START, tokens_in=400), complete=False), first) == ()


def test_metric_without_a_number_changes_nothing() -> None:
    first = add_up(token_charges(BASE, reading(BASE, bucket(START, tokens_in=1000, out=10))))

    assert token_charges(BASE, reading(BASE, bucket(START)), first) == ()


def test_provisioned_deployment_pays_for_its_units_and_not_for_tokens() -> None:
    one = deployment(tier=Tier.PROVISIONED, tuned=False)

    assert token_charges(one, reading(one, bucket(START, tokens_in=1000))) == ()


def test_tokens_without_a_known_price_are_charged_without_an_amount() -> None:
    one = deployment(tuned=False, model="gpt-9")

    (charge,) = token_charges(one, reading(one, bucket(START, tokens_in=1000)))

    assert (charge.amount, charge.quantity) == (None, Decimal(1000))
    assert charge.source == "input of gpt-9 (regional in eastus2) on azure"


def test_late_tokens_of_an_earlier_instance_stay_with_it() -> None:
    first, second = deployment(tuned=False), deployment(tuned=False, created=START + 3 * HOUR)
    seen = reading(second, bucket(START, tokens_in=10), bucket(START + 3 * HOUR, tokens_in=20))

    charges = accrue(tracked(first, START + HOUR), snapshot(NOW, second, usage=[seen]), BOOK, {}, NOW).charges

    assert [(charge.instance, charge.quantity) for charge in charges] == [
        (START.isoformat(), Decimal(10)),
        ((START + 3 * HOUR).isoformat(), Decimal(20)),
    ]


def test_tokens_charged_to_an_earlier_instance_are_not_charged_again() -> None:
    one = deployment(tuned=False, created=START + 3 * HOUR)
    earlier: Charged = {(one.id.key, START.isoformat(), Meter.INPUT, START): Decimal(10)}

    assert token_charges(one, reading(one, bucket(START, tokens_in=10)), earlier) == ()


def test_grain_is_charged_over_its_own_time() -> None:
    (charge,) = token_charges(BASE, reading(BASE, bucket(START, tokens_in=10)))

    assert charge.period == Period(START, START + HOUR)


@steady
@given(
    counts=st.lists(st.integers(0, 10**9), min_size=1, max_size=20),
    price=st.decimals("0.000001", "99.99", places=6),
)
def test_whatever_was_corrected_on_the_way_the_sum_is_the_price_of_the_last_count(
    counts: list[int], price: Decimal
) -> None:
    book = PriceBook([rate(Meter.INPUT, str(price), per=1_000_000)])
    charges: tuple[Charge, ...] = ()
    for count in counts:
        charges += token_charges(BASE, reading(BASE, bucket(START, tokens_in=count)), add_up(charges), book)

    assert sum(charge.quantity for charge in charges) == counts[-1]
    assert abs(total(charges) - price * counts[-1] / 1_000_000) <= Decimal("0.0000000005")
