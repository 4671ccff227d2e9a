"""Spend per group: a subject counts where it matches, a bill stands beside its account, unknown stays unknown."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from deployer.domain.charge import Bill, Bound, Charge, Known, Meter, Spend
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.subject import Subject, SubjectKind, SubjectSpend
from deployer.policy.document import Match, Policy
from deployer.reports.spend import by_account, by_deployment, by_meter, by_policy, total

DAY = datetime(2026, 9, 1, tzinfo=UTC)


def subject(name: str, account: str = "Dev") -> Subject:
    key = f"azure:{account}/{name}".lower()
    return Subject(SubjectKind.DEPLOYMENT, key, "azure", account, name, "m.ft-x", "gpt-4.1-mini", True)


def spent(name: str, low: str, high: str = "", account: str = "Dev", unpriced: tuple[str, ...] = ()) -> SubjectSpend:
    return SubjectSpend(subject(name, account), Spend(Money.of(low), Money.of(high or low), unpriced))


def bill(account: str, amount: str, hours: int = 0) -> Bill:
    return Bill(account, DAY, "hosting", Money.of(amount), DAY + timedelta(hours=hours))


def charge(meter: Meter, amount: str | None, bound: Bound = Bound.EXACT) -> Charge:
    period = Period(DAY, DAY + timedelta(hours=1))
    money = Money.of(amount) if amount else None
    return Charge("azure:dev/a", "i", meter, period, Decimal(1), money, Known.ACCRUED, "a source", DAY, bound)


def test_dearest_comes_first() -> None:
    assert [group.name for group in by_deployment([spent("a", "1"), spent("b", "9")])] == ["azure:dev/b", "azure:dev/a"]


def test_two_policies_that_match_both_count() -> None:
    policies = [Policy("one", Match(deployment=("a",))), Policy("all", Match(account=("dev",)))]

    groups = {group.name: group.accrued.high for group in by_policy([spent("a", "1"), spent("b", "2")], policies)}

    assert groups == {"all": Money.of(3), "one": Money.of(1)}


def test_what_no_policy_matches_is_unguarded() -> None:
    assert [group.name for group in by_policy([spent("a", "1")], [])] == ["UNGUARDED"]


def test_bill_stands_beside_its_account_with_its_age() -> None:
    (group,) = by_account([spent("a", "5"), spent("b", "2")], [bill("DEV", "3", 1), bill("dev", "1", 5)])

    assert (group.name, group.accrued.high, group.billed) == ("dev", Money.of(7), Money.of(4))
    assert group.gap == Money.of(3)
    assert group.billed_as_of == DAY + timedelta(hours=5)


def test_account_that_only_the_bill_knows_is_shown() -> None:
    (group,) = by_account([], [bill("legacy", "40")])

    assert (group.name, group.accrued.high, group.gap) == ("legacy", Money.of(0), Money.of(-40))


def test_account_without_a_bill_has_no_gap() -> None:
    (group,) = by_account([spent("a", "5")], [])

    assert (group.billed, group.gap) == (None, None)


def test_bill_in_another_currency_is_not_compared() -> None:
    euro = Bill("dev", DAY, "hosting", Money(Decimal(4), "EUR"), DAY)

    (group,) = by_account([spent("a", "5")], [euro])

    assert group.billed == Money(Decimal(4), "EUR")
    assert group.gap is None


def test_meter_keeps_bounds_and_unpriced_apart() -> None:
    charges = [charge(Meter.HOSTING, "2"), charge(Meter.HOSTING, "1", Bound.UPPER), charge(Meter.INPUT, None)]

    groups = {group.name: group.accrued for group in by_meter(charges)}

    assert groups["hosting"] == Spend(Money.of(2), Money.of(3))
    assert groups["input"].unpriced == ("a source",)
    assert str(groups["input"]) == "at least $0.00"


def test_total_counts_each_subject_once_and_keeps_what_is_unpriced() -> None:
    whole = total([spent("a", "1", "2"), spent("b", "3", unpriced=("gpt-9",))], [bill("dev", "1")])

    assert whole.accrued == Spend(Money.of(4), Money.of(5), ("gpt-9",))
    assert whole.billed == Money.of(1)
    assert whole.members == ("azure:dev/a", "azure:dev/b")


def test_nothing_spent_is_zero_of_nothing() -> None:
    assert total([], []).accrued == Spend.zero()
