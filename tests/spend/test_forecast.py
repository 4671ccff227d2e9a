"""Where spend is heading by the end of a period."""

from decimal import Decimal

from deployer.domain.charge import Spend
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.spend.accrual import accrue
from deployer.spend.forecast import forecast, run_rate
from deployer.spend.price import Unpriced
from tests.spend.world import BOOK, DAY, HOUR, START, bucket, deployment, reading, snapshot

MONTH = Period(START, START + 30 * DAY)
SPENT = Spend(Money.of("40.80"), Money.of("42.50"))


def test_forecast_is_what_is_accrued_plus_what_goes_on_burning() -> None:
    seen = forecast(SPENT, [Money.of("1.70"), Money.of("1.70")], Money.of("0.10"), MONTH, START + DAY)

    assert seen.hourly == Money.of("3.50")
    assert seen.expected == Spend(Money.of("2476.80"), Money.of("2478.50"))
    assert seen.source == "accrued, plus 3.5 USD an hour until the end of the period"
    assert seen.age(START + DAY + HOUR) == HOUR


def test_forecast_with_something_unpriced_says_at_least() -> None:
    seen = forecast(SPENT, [Money.of("1.70"), Unpriced("hosting of gpt-9")], Money.zero(), MONTH, START + DAY)

    assert seen.expected.unpriced == ("hosting of gpt-9",)
    assert str(seen.expected) == "at least $1,224.00"


def test_forecast_after_the_end_of_the_period_is_what_was_spent() -> None:
    assert forecast(SPENT, [Money.of("1.70")], Money.zero(), MONTH, MONTH.end + DAY).expected == SPENT


def test_run_rate_is_the_average_of_metered_charges() -> None:
    one, now = deployment(), START + 10 * HOUR
    seen = reading(one, bucket(START, tokens_in=5_000_000), bucket(START + HOUR, out=1_000_000))
    charges = accrue({}, snapshot(now, one, usage=[seen]), BOOK, {}, now).charges

    assert run_rate(charges, Period(START, now)) == Money.of("0.36")


def test_run_rate_leaves_out_other_currencies_and_what_has_no_price() -> None:
    one, now = deployment(tuned=False), START + 10 * HOUR
    seen = reading(one, bucket(START, tokens_in=5_000_000))
    (charge,) = accrue({}, snapshot(now, one, usage=[seen]), BOOK, {}, now).charges
    others = [charge._replace(amount=None), charge._replace(amount=Money(Decimal(5), "EUR"))]

    assert run_rate(others, Period(START, now)) == Money.zero()
    assert run_rate([charge], Period(START, START)) == Money.zero()
