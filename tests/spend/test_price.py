"""How a price is found in the book."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from deployer.domain.charge import Meter
from deployer.domain.deployment import Tier
from deployer.domain.money import Money
from deployer.spend.price import PriceBook, PriceQuery, Rate, Unpriced
from tests.spend.world import rate

NOW = datetime(2026, 9, 1, tzinfo=UTC)
ASKED = PriceQuery("azure", Meter.HOSTING, "gpt-4.1-mini", Tier.REGIONAL, "eastus2", True, NOW)
HOSTING = rate(Meter.HOSTING, "1.70", tier="regional", tuned=True)


def price(book: PriceBook, query: PriceQuery = ASKED) -> Decimal | str:
    found = book.find(query)
    return found.price if isinstance(found, Rate) else str(found)


def test_the_latest_price_in_force_is_the_price() -> None:
    book = PriceBook(
        [
            replace(HOSTING, price=Decimal(3), effective_from=date(2024, 1, 1)),
            HOSTING,
            replace(HOSTING, price=Decimal(2), effective_from=date(2026, 10, 1)),
        ]
    )

    assert price(book) == Decimal("1.70")
    assert price(book, replace(ASKED, at=datetime(2024, 3, 1, tzinfo=UTC))) == 3
    assert price(book, replace(ASKED, at=datetime(2026, 10, 1, tzinfo=UTC))) == 2


def test_there_is_no_price_before_the_first_date() -> None:
    before = replace(ASKED, at=datetime(2023, 1, 1, tzinfo=UTC))

    assert price(PriceBook([HOSTING]), before) == (
        "no price known for hosting of fine-tuned gpt-4.1-mini (regional in eastus2) on azure"
    )


def test_price_of_the_region_stands_above_the_general_one() -> None:
    book = PriceBook([replace(HOSTING, region="southeastasia", price=Decimal("2.04")), HOSTING])

    assert price(book) == Decimal("1.70")
    assert price(book, replace(ASKED, region="SouthEastAsia")) == Decimal("2.04")


def test_price_of_the_model_stands_above_that_of_any_model() -> None:
    book = PriceBook([replace(HOSTING, model="*", price=Decimal(9)), HOSTING])

    assert price(book) == Decimal("1.70")
    assert price(book, replace(ASKED, model="gpt-9")) == 9


def test_fine_tuned_and_base_prices_are_told_apart() -> None:
    base = replace(ASKED, fine_tuned=False)

    assert isinstance(PriceBook([HOSTING]).find(base), Unpriced)
    assert price(PriceBook([HOSTING, replace(HOSTING, fine_tuned=None, price=Decimal(5))]), base) == 5


def test_model_is_found_under_each_of_its_spellings() -> None:
    book = PriceBook([replace(HOSTING, model="gpt-3.5-turbo")], {"gpt-35-turbo": "gpt-3.5-turbo"})

    assert price(book, replace(ASKED, model="gpt-35-turbo")) == Decimal("1.70")
    assert price(book, replace(ASKED, model="GPT-3.5-Turbo")) == Decimal("1.70")


def test_age_of_a_book_is_that_of_its_oldest_figure() -> None:
    book = PriceBook([HOSTING, replace(HOSTING, read_on=date(2026, 8, 20))])

    assert book.age(NOW) == timedelta(days=32)
    assert PriceBook([]).age(NOW) is None


def test_cost_is_exact() -> None:
    assert rate(Meter.INPUT, "0.15", per=1_000_000).cost(Decimal(7)) == Money.of("0.00000105")
