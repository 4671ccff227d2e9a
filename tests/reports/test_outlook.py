"""Where spend is heading, from what a real ledger holds."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from deployer.domain.charge import Meter
from deployer.domain.money import Money
from deployer.domain.snapshot import Snapshot
from deployer.ledger import open_ledger
from deployer.policy.document import Budget, Match, Policy, Share
from deployer.ports.ledger import Ledger
from deployer.reports.outlook import Basis, Outlook, by_deployment, by_policy, read_basis
from deployer.reports.spend import last_seen
from deployer.spend.accrual import accrue
from deployer.spend.price import PriceBook, Rate
from tests.fakes import BEGINNING, FakeClock, FakeCloud

DAY = date(2026, 1, 1)
BOOK = PriceBook([Rate("azure", Meter.HOSTING, "gpt-4.1-mini", Decimal("2"), Decimal(1), DAY, "a list", DAY)])
NOW = BEGINNING + timedelta(days=10)
MONTH_END = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Ten days of a priced deployment `bot`, and of `new`, whose price nobody knows."""
    clock = FakeClock()
    cloud = FakeCloud(clock)
    cloud.deploy("bot")
    cloud.deploy("new", base_model="gpt-9")
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite3", clock=clock)
    seen = cloud.inventory.observe()
    snapshot = Snapshot(NOW, accounts=seen.accounts, deployments=seen.deployments)
    accrual = accrue({}, snapshot, BOOK, {}, NOW)
    ledger.readings.record(snapshot, accrual.charges, accrual.gone)
    yield ledger
    ledger.close()


@pytest.fixture
def basis(ledger: Ledger) -> Basis:
    return read_basis(ledger.readings, BOOK, NOW)


def named(outlooks: tuple[Outlook, ...]) -> dict[str, Outlook]:
    return {outlook.name: outlook for outlook in outlooks}


def test_hosting_goes_on_to_the_end_of_the_period(basis: Basis) -> None:
    bot = named(by_deployment(basis, "month"))["azure:aoai-dev/bot"].forecast

    assert bot.spent.high == Money.of(480)
    assert bot.expected.high == Money.of(1440)
    assert bot.period.end == MONTH_END


def test_unpriced_deployment_makes_the_forecast_a_lower_bound(basis: Basis) -> None:
    new = named(by_deployment(basis, "month"))["azure:aoai-dev/new"].forecast

    assert str(new.expected) == "at least $0.00"
    assert "gpt-9" in new.expected.unpriced[0]


def test_policy_is_held_against_its_budget(basis: Basis) -> None:
    policy = Policy("bots", Match(deployment=("bot",)), budget=Budget(Money.of(960)))

    bots = named(by_policy(basis, [policy], "month"))["bots"]

    assert bots.share == Decimal("1.5")
    assert bots.reached == NOW + timedelta(days=10)


def test_where_each_has_the_budget_for_itself_each_is_held_against_it(basis: Basis) -> None:
    policy = Policy("each", Match(), budget=Budget(Money.of(960), share=Share.EACH))

    each = named(by_policy(basis, [policy], "month"))

    assert set(each) == {"each: azure:aoai-dev/bot", "each: azure:aoai-dev/new"}
    assert each["each: azure:aoai-dev/bot"].share == Decimal("1.5")
    assert each["each: azure:aoai-dev/new"].reached is None


def test_budget_that_holds_is_not_reached(basis: Basis) -> None:
    policy = Policy("bots", Match(deployment=("bot",)), budget=Budget(Money.of(1500)))

    assert named(by_policy(basis, [policy], "month"))["bots"].reached is None


def test_what_no_policy_matches_is_shown_as_unguarded(basis: Basis) -> None:
    outlooks = named(by_policy(basis, [Policy("bots", Match(deployment=("bot",)))], "month"))

    assert list(outlooks) == ["bots", "UNGUARDED"]
    assert outlooks["UNGUARDED"].forecast.expected.unpriced


def test_policy_keeps_its_own_period(basis: Basis) -> None:
    policy = Policy("daily", Match(), budget=Budget(Money.of(100), period="day"))

    daily = named(by_policy(basis, [policy], "month"))["daily"].forecast

    assert daily.period.end == NOW + timedelta(days=1)
    assert daily.expected.high == Money.of(48)


def test_last_seen_is_how_far_the_ledger_accounts(ledger: Ledger) -> None:
    assert last_seen(ledger.readings, NOW + timedelta(hours=1)) == NOW


def test_last_seen_is_no_later_than_now_whatever_a_clouds_clock_says(ledger: Ledger) -> None:
    assert last_seen(ledger.readings, NOW - timedelta(hours=1)) == NOW - timedelta(hours=1)
