"""What a job costs before it starts: the arithmetic, the unknowns, the vendors' dates."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from deployer import pricebook
from deployer.datasets.check import DatasetReport
from deployer.domain.charge import Bound
from deployer.domain.deployment import Account
from deployer.domain.job import Hyperparameters
from deployer.domain.money import Money
from deployer.errors import InvalidUsage
from deployer.spend.price import PriceBook, Unpriced
from deployer.training import closing
from deployer.training.epoch import expected_epochs, steps
from deployer.training.estimate import Estimate, estimate
from deployer.training.tier import UNBOUNDED, Place, Terms

NOW = datetime(2026, 9, 1, tzinfo=UTC)
AZURE = Account("azure", "aoai", "/aoai", region="eastus2")
OPENAI = Account("openai", "proj", "proj")


def report(
    tokens: int = 1_000_000, model: str = "gpt-4.1-mini", examples: int = 1000, kind: str = "chat"
) -> DatasetReport:
    return DatasetReport(Path("train.jsonl"), model, "o200k_base", False, kind, examples, examples, tokens)


def price(data: DatasetReport, place: Place, epochs: int | None = 1, book: PriceBook | None = None) -> Estimate:
    return estimate(data, place, Hyperparameters(epochs), book or pricebook.load(), NOW)


def test_cost_is_tokens_times_epochs_times_price() -> None:
    found = price(report(), Place(OPENAI), epochs=3)
    assert (found.trained_tokens, found.chosen.cost) == (3_000_000, Money.of(15))


def test_azures_tiers_are_compared() -> None:
    found = price(report(), Place(AZURE, "globalStandard"))
    assert {each.tier: each.cost for each in found.tiers} == {
        "standard": Money(Decimal("5.50")),
        "globalStandard": Money(Decimal("5.00")),
        "developerTier": Money(Decimal("2.50")),
    }
    assert found.chosen.tier == "globalStandard"


def test_a_region_that_is_dearer_is_priced_as_such() -> None:
    dear = Account("azure", "aoai", "/aoai", region="swedencentral")
    assert price(report(), Place(dear)).chosen.cost == Money(Decimal("6.05"))


def test_hosting_afterwards_is_shown_by_the_hour_and_the_month() -> None:
    chosen = price(report(), Place(AZURE)).chosen
    assert (chosen.hosting, chosen.hosting_monthly) == (Money(Decimal("1.70")), Money(Decimal("1241.00")))
    assert price(report(), Place(OPENAI)).chosen.hosting == Money.zero()


def test_azure_bills_thousands_so_the_estimate_is_rounded_up() -> None:
    assert price(report(tokens=1_001), Place(AZURE)).chosen.cost == Money(Decimal("0.0110"))
    assert price(report(tokens=1_001), Place(OPENAI)).chosen.cost == Money(Decimal("0.005005"))


def test_an_unknown_price_is_an_error_value_and_not_zero() -> None:
    found = price(report(model="grand-model-9"), Place(AZURE))
    assert isinstance(found.chosen.cost, Unpriced)
    assert isinstance(found.ceiling, Unpriced)
    assert "grand-model-9" in str(found.chosen.cost)
    assert "not known here" in found.warnings[0]


def reinforcement(place: Place, terms: Terms = UNBOUNDED) -> Estimate:
    data = report(model="o4-mini", kind="reinforcement")
    return estimate(data, place, Hyperparameters(1), pricebook.load(), NOW, terms=terms)


def test_azure_pauses_a_reinforcement_job_so_that_is_the_most_it_costs() -> None:
    found = reinforcement(Place(AZURE))
    assert [(each.rate.price if each.rate else None, str(each)) for each in found.tiers] == [
        (Decimal("110.00"), "at most $5,000.00"),
        (Decimal("100.00"), "at most $5,000.00"),
        (Decimal("50.00"), "at most $5,000.00"),
    ]
    assert found.ceiling == Money.of(5000)


def test_openai_limits_no_hours_so_nothing_is_the_most_a_reinforcement_job_costs() -> None:
    found = reinforcement(Place(OPENAI))
    assert str(found.ceiling) == (
        "no price known for a reinforcement job of o4-mini at $100.00 an hour for hours that nothing limits"
    )


def test_hours_that_bound_a_reinforcement_job_are_priced_with_the_hour_until_a_sweep_sees_it() -> None:
    found = reinforcement(Place(OPENAI), Terms(Decimal("2.5")))
    assert (found.ceiling, found.chosen.bound) == (Money.of(350), Bound.UPPER)
    assert "2.5 hours" in found.warnings[-1]
    assert reinforcement(Place(AZURE), Terms(Decimal(400))).ceiling == Money.of(5000)


def test_the_tokens_of_a_model_that_grades_are_bounded_only_by_azures_own_limit() -> None:
    graded = Terms(Decimal(1), ("gpt-4.1",))
    assert reinforcement(Place(AZURE), graded).ceiling == Money.of(5000)
    assert "for the tokens of gpt-4.1, which grades" in str(reinforcement(Place(OPENAI), graded).ceiling)


@pytest.mark.parametrize(
    ("place", "model", "kind", "reason"),
    [
        (
            AZURE,
            "gpt-4.1-mini",
            "reinforcement",
            "gpt-4.1-mini is not trained by reinforcement but by supervised or dpo",
        ),
        (AZURE, "o4-mini", "chat", "o4-mini is not trained by supervised but by reinforcement"),
        (OPENAI, "davinci-002", "preference", "davinci-002 is not trained by dpo but by supervised"),
        (AZURE, "grand-model-9", "preference", ""),
    ],
)
def test_a_model_and_a_method_that_do_not_go_together_are_told(
    place: Account, model: str, kind: str, reason: str
) -> None:
    found = price(report(model=model, kind=kind), Place(place))
    assert found.obstacle.startswith(reason) if reason else not found.obstacle


def test_azure_is_no_offer_for_a_model_that_it_does_not_train() -> None:
    found = price(report(model="davinci-002", kind="completion"), Place(OPENAI))
    assert found.instead == ()
    assert "Azure does not train davinci-002 by supervised; it trains gpt-4.1, " in " ".join(found.warnings)


@pytest.mark.parametrize(
    ("examples", "epochs"), [(10, 10), (4, 25), (33, 3), (1000, 3), (8_000, 3), (10_000, 2), (50_000, 1), (0, 3)]
)
def test_epochs_of_auto_follow_the_cookbooks_rule(examples: int, epochs: int) -> None:
    assert expected_epochs(examples) == epochs


def test_auto_is_priced_as_expected_and_held_at_the_most_it_may_choose() -> None:
    found = price(report(), Place(OPENAI), epochs=None)
    assert (found.epochs, found.epochs_expected, found.chosen.cost) == (3, True, Money.of(15))
    assert found.ceiling == Money.of(125)


@pytest.mark.parametrize("epochs", [0, 51, -1])
def test_epochs_that_no_vendor_takes_are_a_usage_error(epochs: int) -> None:
    with pytest.raises(InvalidUsage, match="1 to 50"):
        price(report(), Place(AZURE), epochs=epochs)


def test_an_unknown_tier_is_a_usage_error_and_openai_has_none() -> None:
    with pytest.raises(InvalidUsage, match="silver"):
        price(report(), Place(AZURE, "silver"))
    with pytest.raises(InvalidUsage, match="Azure's"):
        price(report(), Place(OPENAI, "standard"))


def test_a_tier_is_known_in_any_case() -> None:
    assert price(report(), Place(AZURE, "GLOBALSTANDARD")).chosen.tier == "globalStandard"


def test_the_time_is_said_to_be_unknown() -> None:
    assert "not known beforehand" in price(report(), Place(AZURE)).notes[0]


def test_steps_are_examples_times_epochs_in_batches() -> None:
    assert (steps(100, 3, 1), steps(100, 3, 7)) == (300, 43)


def test_openai_takes_no_job_after_the_last_day() -> None:
    assert closing.obstacle("openai", "gpt-4.1", datetime(2027, 1, 6, 23, tzinfo=UTC)) == ""
    assert "training_not_available" in closing.obstacle("openai", "gpt-4.1", datetime(2027, 1, 7, tzinfo=UTC))


def test_a_base_that_was_shut_down_is_no_base() -> None:
    assert "2026-10-23" in closing.obstacle("openai", "gpt-3.5-turbo-0125", datetime(2026, 10, 23, tzinfo=UTC))
    assert closing.obstacle("azure", "gpt-35-turbo-0125", datetime(2026, 10, 23, tzinfo=UTC)) == ""


def test_an_estimate_says_until_when_the_model_will_answer() -> None:
    found = price(report(), Place(OPENAI))
    assert found.inference_until == date(2027, 1, 14)
    assert "135 days from now" in found.warnings[0]
