"""Amounts as people read them."""

import pytest

from deployer.domain.money import Money


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1387.2", "USD", "$1,387.20"),
        ("0", "USD", "$0.00"),
        ("-3.5", "USD", "-$3.50"),
        ("12.005", "EUR", "12.00 EUR"),
        ("0.004", "USD", "<$0.01"),
        ("0.000001", "EUR", "<0.01 EUR"),
        ("0.006", "USD", "$0.01"),
        ("-0.001", "USD", "$0.00"),
    ],
)
def test_something_never_reads_as_nothing(amount: str, currency: str, text: str) -> None:
    assert str(Money.of(amount, currency)) == text
