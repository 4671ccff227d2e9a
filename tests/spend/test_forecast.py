"""Where spend is heading by the end of a period."""

from decimal import Decimal

from deployer.domain.charge import Spend
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.spend.forecast import forecast, run_rate
from deployer.spend.price import Unpriced
from tests.spend.world import DAY, HOUR, START

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


def test_run_rate_is_the_average_of_what_tokens_cost() -> None:
    assert run_rate([Money.of(2), Money.of("1.60")], Period(START, START + 10 * HOUR)) == Money.of("0.36")


def test_run_rate_leaves_out_other_currencies() -> None:
    assert run_rate([Money(Decimal(5), "EUR")], Period(START, START + HOUR)) == Money.zero()


def test_run_rate_of_no_time_is_nothing() -> None:
    assert run_rate([Money.of(1)], Period(START, START)) == Money.zero()
