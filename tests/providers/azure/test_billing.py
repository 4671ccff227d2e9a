"""What Azure billed: exact, to the last page, throttled by its own headers."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from deployer.domain.charge import Bill
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.ports.cloud import Provider
from deployer.sandbox.process import Sandbox
from tests.conftest import BEGINNING
from tests.providers.opening import Connect

DEV = "aoai-dev-eastus2"
TUNED = "gpt-4.1-mini-2025-04-14.ft-0e208cf33a6a466994aff31a08aba678-triage"
LAST_WEEK = Period(BEGINNING - timedelta(days=7), BEGINNING)
HEADER = "x-ms-ratelimit-microsoft.costmanagement-{}-retry-after"


@pytest.fixture
def hosted(sandbox: Sandbox) -> None:
    """A fine-tuned deployment that has stood for ten days without a call; its last day is billed by now."""
    made = {"account": DEV, "name": "triage", "model": TUNED, "sku": "Standard", "created_at": "2026-08-22T00:00:00Z"}
    sandbox.client.create_deployments([made])
    sandbox.client.advance(seconds=2 * 86_400)


def billed(azure: Provider, period: Period = LAST_WEEK) -> tuple[Bill, ...]:
    bills, gaps = azure.billing.billed(azure.inventory.observe().accounts, period)
    assert gaps == ()
    return bills


@pytest.mark.usefixtures("hosted")
def test_each_day_of_hosting_is_billed_exactly(azure: Provider) -> None:
    bills = billed(azure)

    assert [bill.day for bill in bills] == [LAST_WEEK.start + timedelta(days=day) for day in range(7)]
    assert {bill.account for bill in bills} == {DEV}
    assert {bill.amount for bill in bills} == {Money(Decimal("40.8"))}
    assert all("hosting" in bill.meter.lower() for bill in bills)


@pytest.mark.usefixtures("hosted")
def test_bills_equal_the_invoice(sandbox: Sandbox, azure: Provider) -> None:
    invoice = sandbox.client.invoice(start=LAST_WEEK.start, end=LAST_WEEK.end)

    assert Money.total(bill.amount for bill in billed(azure)).amount == Decimal(invoice["total"])


def test_all_pages_are_read(sandbox: Sandbox, connect_azure: Connect) -> None:
    sandbox.client.reset(start=BEGINNING, cost_page_size=2)
    made = {"account": DEV, "name": "triage", "model": TUNED, "sku": "Standard", "created_at": "2026-08-22T00:00:00Z"}
    sandbox.client.create_deployments([made])
    sandbox.client.advance(seconds=2 * 86_400)

    assert len(billed(connect_azure())) == 7


def test_nothing_billed_is_no_error(azure: Provider) -> None:
    assert billed(azure) == ()


@pytest.mark.parametrize("limit", ["qpu", "entity", "tenant"])
@pytest.mark.usefixtures("hosted")
def test_throttling_that_only_cost_management_words_is_waited_for(
    sandbox: Sandbox, azure: Provider, limit: str
) -> None:
    headers = {HEADER.format(limit): "37"}
    sandbox.client.fault({"operation": "costs.query", "kind": "status", "status": 429, "headers": headers, "times": 1})
    before: datetime = sandbox.client.now()

    assert len(billed(azure)) == 7
    assert sandbox.client.now() - before == timedelta(seconds=37)


@pytest.mark.usefixtures("hosted")
def test_throttling_for_longer_than_anyone_waits_is_a_gap_at_once(sandbox: Sandbox, azure: Provider) -> None:
    headers = {HEADER.format("tenant"): "3600"}
    sandbox.client.fault({"operation": "costs.query", "kind": "status", "status": 429, "headers": headers})
    before = sandbox.client.now()

    bills, gaps = azure.billing.billed(azure.inventory.observe().accounts, LAST_WEEK)

    assert bills == ()
    assert "429" in gaps[0].cause
    assert sandbox.client.now() == before


@pytest.mark.usefixtures("hosted")
def test_half_a_bill_is_a_gap_and_never_a_bill(sandbox: Sandbox, connect_azure: Connect) -> None:
    answer = {"properties": {"columns": [{"name": "Cost"}, {"name": "UsageDate"}], "rows": [[1.5]]}}
    sandbox.client.fault({"operation": "costs.query", "kind": "status", "status": 200, "body": answer})
    azure = connect_azure()

    bills, gaps = azure.billing.billed(azure.inventory.observe().accounts, LAST_WEEK)

    assert bills == ()
    assert "a row has 1 values for 2 columns" in gaps[0].cause


def test_missing_right_is_a_gap(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.fault({"operation": "costs.query", "kind": "status", "status": 403})

    _, gaps = azure.billing.billed(azure.inventory.observe().accounts, LAST_WEEK)

    assert [gap.what for gap in gaps] == ["billing"]


def test_more_than_a_year_is_asked_for_in_parts_and_the_future_not_at_all(sandbox: Sandbox, azure: Provider) -> None:
    accounts = azure.inventory.observe().accounts

    azure.billing.billed(accounts, Period(BEGINNING - timedelta(days=500), BEGINNING + timedelta(days=400)))
    azure.billing.billed(accounts, Period(BEGINNING + timedelta(days=1), BEGINNING + timedelta(days=2)))

    assert sandbox.client.requests()["by_operation"]["costs.query"] == 2


def test_azures_own_forecast_is_read_beside_ours(sandbox: Sandbox, azure: Provider) -> None:
    made = {"account": DEV, "name": "triage", "model": TUNED, "sku": "Standard", "created_at": "2026-08-01T00:00:00Z"}
    sandbox.client.create_deployments([made])
    sandbox.client.advance(seconds=5 * 86_400)
    month = Period(BEGINNING, BEGINNING + timedelta(days=30))

    (theirs,), gaps = azure.billing.forecast(azure.inventory.observe().accounts, month)

    assert gaps == ()
    assert theirs.amount.rounded() == Money(Decimal("1224.00"))
    assert theirs.scope.startswith("subscription ")
    assert DEV in theirs.accounts


def test_too_little_history_is_no_forecast_and_no_failure(azure: Provider) -> None:
    month = Period(BEGINNING, BEGINNING + timedelta(days=30))

    assert azure.billing.forecast(azure.inventory.observe().accounts, month) == ((), ())


def test_forecast_that_may_not_be_read_is_a_gap(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.fault({"operation": "costs.forecast", "kind": "status", "status": 403})

    found, gaps = azure.billing.forecast(azure.inventory.observe().accounts, LAST_WEEK)

    assert found == ()
    assert [gap.what for gap in gaps] == ["forecast"]
