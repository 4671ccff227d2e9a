"""Standing costs, from one sweep to the next."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.domain.charge import Bound, Charge, Meter
from deployer.domain.deployment import Deployment, Tier
from deployer.domain.period import Period
from deployer.domain.snapshot import Snapshot, Tracked
from deployer.spend.accrual import accrue, close
from deployer.spend.price import PriceBook
from tests.spend.world import ACCOUNT, BOOK, DAY, HOUR, OTHER, START, deployment, rate, snapshot, steady, total, tracked


def sweeps(one: Deployment, instants: list[datetime], book: PriceBook = BOOK) -> list[Charge]:
    """The charges of a sweep at each instant."""
    charges: list[Charge] = []
    known: dict[str, Tracked] = {}
    for now in instants:
        charges += accrue(known, snapshot(now, one), book, {}, now).charges
        known = tracked(one, now)
    return charges


def test_hosting_runs_from_the_creation_and_not_from_first_sight() -> None:
    now = START + 17 * DAY

    charges = accrue({}, snapshot(now, deployment()), BOOK, {}, now).charges

    assert total(charges) == Decimal("693.60")
    assert charges[0].period.start == START


def test_hosting_goes_on_from_where_it_was_charged_to() -> None:
    one, now = deployment(), START + 10 * HOUR

    charges = accrue(tracked(one, START + 8 * HOUR), snapshot(now, one), BOOK, {}, now).charges

    assert [(charge.period, charge.amount) for charge in charges] == [
        (Period(START + 8 * HOUR, now), charges[0].amount)
    ]
    assert total(charges) == Decimal("3.40")
    assert charges[0].quantity == 2


def test_no_charge_crosses_midnight() -> None:
    now = START + 36 * HOUR

    charges = accrue({}, snapshot(now, deployment()), BOOK, {}, now).charges

    assert [charge.period for charge in charges] == [Period(START, START + DAY), Period(START + DAY, now)]


def test_hourly_sweeps_over_a_year_add_up_to_the_rate_times_the_hours() -> None:
    instants = [START + hour * HOUR for hour in range(1, 365 * 24 + 1)]

    assert total(sweeps(deployment(), instants)) == Decimal("1.70") * 365 * 24


def test_sweeps_every_seven_minutes_over_a_month_add_up_to_the_cent() -> None:
    minutes = 30 * 24 * 60
    instants = [START + timedelta(minutes=minute) for minute in range(7, minutes, 7)] + [START + 30 * DAY]

    assert total(sweeps(deployment(), instants)) == Decimal("1.70") * 30 * 24


@steady
@given(
    cuts=st.lists(st.timedeltas(timedelta(0), 3 * DAY), max_size=30),
    price=st.decimals("0.000001", "99.99", places=6),
    offset=st.timedeltas(timedelta(0), DAY),
)
def test_a_time_costs_the_same_however_it_is_cut_by_sweeps(
    cuts: list[timedelta], price: Decimal, offset: timedelta
) -> None:
    book = PriceBook([rate(Meter.HOSTING, str(price))])
    created = START + offset
    one, end = deployment(created=created), created + 3 * DAY

    cut = sweeps(one, [*sorted(created + at for at in cuts), end], book)

    assert total(cut) == total(sweeps(one, [end], book))
    assert sum(charge.quantity for charge in cut) == 72
    assert abs(total(cut) - price * 72) <= Decimal("0.000000004")
    assert all(charge.amount is not None and charge.amount.amount >= 0 for charge in cut)


def test_clock_that_stands_still_or_runs_back_charges_nothing() -> None:
    one = deployment()

    assert accrue(tracked(one, START + HOUR), snapshot(START + HOUR, one), BOOK, {}, START + HOUR).charges == ()
    assert accrue(tracked(one, START + HOUR), snapshot(START, one), BOOK, {}, START).charges == ()


def test_deployment_that_is_made_in_the_future_of_our_clock_charges_nothing_yet() -> None:
    assert accrue({}, snapshot(START, deployment(created=START + HOUR)), BOOK, {}, START).charges == ()


def test_unknown_price_is_charged_without_an_amount() -> None:
    one, now = deployment(model="gpt-9"), START + HOUR

    (charge,) = accrue({}, snapshot(now, one), BOOK, {}, now).charges

    assert charge.amount is None
    assert charge.quantity == 1
    assert charge.source == "hosting of fine-tuned gpt-9 (regional in eastus2) on azure"


@pytest.mark.parametrize("one", [deployment(tuned=False), deployment(tier=Tier.DEVELOPER)], ids=["base", "developer"])
def test_kind_that_is_known_to_be_free_leaves_no_charges(one: Deployment) -> None:
    assert accrue({}, snapshot(START + DAY, one), BOOK, {}, START + DAY).charges == ()


def test_kind_that_was_free_is_charged_from_when_it_was_last_seen_so() -> None:
    free, paid = deployment(tier=Tier.DEVELOPER), deployment()
    known = tracked(free, START, last_seen=START + 5 * HOUR)
    now = START + 6 * HOUR

    (charge,) = accrue(known, snapshot(now, paid), BOOK, {}, now).charges

    assert charge.period == Period(START + 5 * HOUR, now)
    assert charge.bound is Bound.UPPER


def test_deployment_missing_from_an_account_that_was_read_is_gone_and_charged_at_most_up_to_now() -> None:
    one, now = deployment(), START + 3 * HOUR

    accrual = accrue(tracked(one, START + HOUR), snapshot(now), BOOK, {}, now)

    assert accrual.gone == (one.id.key,)
    assert total(accrual.charges) == Decimal("3.40")
    assert {charge.bound for charge in accrual.charges} == {Bound.UPPER}


@pytest.mark.parametrize(
    "blind",
    [
        Snapshot(START + 3 * HOUR, (ACCOUNT, OTHER), unread=frozenset({ACCOUNT.resource_id.lower()})),
        Snapshot(START + 3 * HOUR, (OTHER,)),
        Snapshot(START + 3 * HOUR, complete=False),
    ],
    ids=["not read to the end", "not listed", "nothing listed"],
)
def test_deployment_that_nobody_could_look_for_goes_on_costing_at_most(blind: Snapshot) -> None:
    one = deployment()

    accrual = accrue(tracked(one, START + HOUR), blind, BOOK, {}, blind.as_of)

    assert accrual.gone == ()
    assert total(accrual.charges) == Decimal("3.40")
    assert {charge.bound for charge in accrual.charges} == {Bound.UPPER}


def test_deployment_whose_account_vanished_is_gone() -> None:
    one, now = deployment(), START + 3 * HOUR
    emptied = Snapshot(now, (OTHER,), vanished=frozenset({ACCOUNT.resource_id.lower()}))

    accrual = accrue(tracked(one, START + HOUR), emptied, BOOK, {}, now)

    assert accrual.gone == (one.id.key,)
    assert total(accrual.charges) == Decimal("3.40")


def test_provisioned_units_are_billed_until_their_deleted_account_is_purged() -> None:
    units = deployment(tier=Tier.PROVISIONED, capacity=50)
    known = tracked(units, START + HOUR)

    def after(hours: int) -> Snapshot:
        return Snapshot(START + hours * HOUR, (OTHER,), vanished=frozenset({ACCOUNT.resource_id.lower()}))

    soon, late = (accrue(known, seen, BOOK, {}, seen.as_of) for seen in (after(10), after(50)))

    assert (soon.gone, bool(soon.charges)) == ((), True)
    assert late.gone == (units.id.key,)


def test_what_could_not_be_read_for_a_while_is_charged_when_it_is_seen_again() -> None:
    one, now = deployment(), START + 9 * HOUR

    charges = accrue(tracked(one, START + HOUR), snapshot(now, one), BOOK, {}, now).charges

    assert total(charges) == Decimal("13.60")


def test_name_that_was_made_again_is_another_instance() -> None:
    first, second = deployment(), deployment(created=START + 2 * HOUR)
    now = START + 4 * HOUR

    accrual = accrue(tracked(first, START + HOUR), snapshot(now, second), BOOK, {}, now)

    ended, started = accrual.charges
    assert accrual.gone == ()
    assert (ended.instance, ended.period, ended.bound) == (
        START.isoformat(),
        Period(START + HOUR, START + 2 * HOUR),
        Bound.UPPER,
    )
    assert (started.instance, started.period, started.bound) == (
        (START + 2 * HOUR).isoformat(),
        Period(START + 2 * HOUR, now),
        Bound.EXACT,
    )


def test_changed_capacity_is_charged_at_the_dearer_one_as_an_upper_bound() -> None:
    small, large = (deployment(tier=Tier.PROVISIONED, capacity=units) for units in (10, 50))
    now = START + 2 * HOUR

    (charge,) = accrue(tracked(large, START + HOUR), snapshot(now, small), BOOK, {}, now).charges

    assert charge.meter is Meter.PROVISIONED
    assert (total([charge]), charge.quantity, charge.bound) == (Decimal(100), Decimal(50), Bound.UPPER)


def test_deployment_that_is_being_deleted_is_charged_at_most_up_to_now() -> None:
    one, now = deployment(state="Deleting"), START + HOUR

    (charge,) = accrue({}, snapshot(now, one), BOOK, {}, now).charges

    assert charge.bound is Bound.UPPER


def test_deployment_whose_creation_is_not_shown_is_marked_as_not_fully_known() -> None:
    one = deployment(created=None)

    (marker,) = accrue({}, snapshot(START, one), BOOK, {}, START).charges
    later = accrue(tracked(one, START), snapshot(START + HOUR, one), BOOK, {}, START + HOUR).charges

    assert (marker.amount, marker.quantity) == (None, Decimal(0))
    assert "its creation time was not shown" in marker.source
    assert total(later) == Decimal("1.70")


def test_creation_that_is_not_shown_for_once_keeps_the_instance() -> None:
    one, blurred = deployment(), deployment(created=None)
    now = START + 2 * HOUR

    (charge,) = accrue(tracked(one, START + HOUR), snapshot(now, blurred), BOOK, {}, now).charges

    assert (charge.instance, charge.period) == (START.isoformat(), Period(START + HOUR, now))


def test_last_stretch_can_be_closed_exactly_where_the_end_is_known() -> None:
    one = deployment()

    charges = close(tracked(one, START)[one.id.key], START + HOUR / 2, BOOK, START + DAY, Bound.EXACT)

    assert total(charges) == Decimal("0.85")
    assert [charge.bound for charge in charges] == [Bound.EXACT]
    assert close(tracked(one, START + HOUR)[one.id.key], START, BOOK, START) == []
