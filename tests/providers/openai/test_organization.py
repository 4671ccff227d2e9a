"""The organisation's API to its last page: projects, usage and costs, whatever else the answers hold."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from openai import OpenAI

from deployer.clock import Clock
from deployer.domain.cap import ORGANISATION, CapKind
from deployer.domain.deployment import Account, Deployment
from deployer.domain.period import Period
from deployer.ports.cloud import Provider
from deployer.sandbox.process import Sandbox
from tests.conftest import BEGINNING
from tests.providers.opening import BASE, Connect

USAGE = "/v1/organization/usage/completions"
COSTS = "/v1/organization/costs"


@pytest.fixture
def admin(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The administration API as another person would use it."""
    monkeypatch.setenv("SSL_CERT_FILE", sandbox.ca_file)
    url, key, admin_key = (sandbox.env[name] for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_ADMIN_KEY"))
    with OpenAI(base_url=url, api_key=key, admin_api_key=admin_key) as client:
        yield client.admin.organization


@pytest.fixture
def projects(admin: Any) -> list[str]:
    """More projects than a page holds, the first one among them."""
    return ["proj_default", *(admin.projects.create(name=f"team {number}").id for number in range(104))]


def answer(sandbox: Sandbox, path: str, body: Any, **more: Any) -> None:
    """What the service says next instead of the truth."""
    sandbox.client.fault({"path": path, "kind": "status", "status": 200, "body": body, **more})


def page(*results: Any, at: datetime = BEGINNING, **more: Any) -> dict[str, Any]:
    start = int(at.timestamp())
    bucket = {"object": "bucket", "start_time": start, "end_time": start + 3600, "results": list(results)}
    return {"object": "page", "data": [bucket], "has_more": False, "next_page": None} | more


def hours(clock: Clock, count: int) -> Period:
    return Period(clock.now() - timedelta(hours=count), clock.now())


def model_of(account: Account, name: str = f"ft:{BASE}:sandbox::abc12345") -> Deployment:
    """A deployment to ask the usage of, whether or not it was ever trained."""
    from deployer.providers.openai.inventory import to_deployment

    return to_deployment(account, {"id": name}, BEGINNING)


def test_every_project_over_all_pages_is_an_account(openai: Provider, projects: list[str]) -> None:
    reading = openai.inventory.observe()
    assert sorted(account.name for account in reading.accounts) == sorted(projects)
    assert (reading.gaps, reading.complete) == ((), True)


def test_a_project_that_the_key_may_not_list_is_a_gap_and_the_others_are_shown(
    sandbox: Sandbox, connect_openai: Connect, admin: Any
) -> None:
    sandbox.client.reset(seed=0, start=BEGINNING, frozen=True, project_keys=True)
    other = admin.projects.create(name="another team").id
    reading = connect_openai().inventory.observe()
    assert [gap.where for gap in reading.gaps] == [f"openai:{other}"]
    assert "OpenAI-Project header should match" in reading.gaps[0].cause
    assert (reading.unread, reading.complete, len(reading.accounts)) == (frozenset({other}), True, 2)


def test_archived_projects_are_no_accounts_and_unknown_statuses_are(sandbox: Sandbox, openai: Provider) -> None:
    rows = [
        {"id": "proj_default", "object": "organization.project", "status": "under_review", "colour": "blue"},
        {"id": "proj_old", "archived_at": 1_700_000_000, "status": "archived"},
        {"id": "proj_older", "status": "archived"},
    ]
    answer(sandbox, "/v1/organization/projects$", {"object": "list", "data": rows, "has_more": False})
    assert [account.name for account in openai.inventory.observe().accounts] == ["proj_default"]


def test_usage_is_told_apart_by_project_and_model(
    openai: Provider, tuned: Deployment, admin: Any, clock: Clock
) -> None:
    other = model_of(Account("openai", admin.projects.create(name="other").id, "proj_other"), tuned.name)
    base = model_of(tuned.account, BASE)
    openai.deployments.call(tuned.account, tuned.name, "hello")
    clock.sleep(3600)
    readings = openai.usage.observe([tuned, other, base], hours(clock, 2)).readings
    seen = {key: sum(bucket.requests or 0 for bucket in reading.buckets) for key, reading in readings.items()}
    assert seen == {tuned.id.key: 1, other.id.key: 0, base.id.key: 0}


def test_an_empty_project_is_read_completely_and_proves_nothing(
    openai: Provider, account: Account, clock: Clock
) -> None:
    observation = openai.usage.observe([model_of(account)], hours(clock, 24))
    [reading] = observation.readings.values()
    assert (reading.complete, reading.buckets, observation.aliveness["proj_default"].alive) == (True, (), False)


def test_costs_of_more_than_a_page_of_days_are_read_to_the_first(
    sandbox: Sandbox, openai: Provider, tuned: Deployment, clock: Clock
) -> None:
    clock.sleep(86_400)
    before = sandbox.client.requests()["by_operation"].get("openai.costs", 0)
    bills, gaps = openai.billing.billed([tuned.account], Period(clock.now() - timedelta(days=400), clock.now()))
    assert (len(bills), gaps) == (1, ())
    assert sandbox.client.requests()["by_operation"]["openai.costs"] - before == 3


def test_costs_of_several_projects_are_billed_to_each_and_others_to_none(
    sandbox: Sandbox, openai: Provider, account: Account, clock: Clock
) -> None:
    amount = {"value": 1.5, "currency": "usd"}
    rows = [
        {"project_id": "PROJ_DEFAULT", "line_item": "gpt-4o, input", "amount": amount, "surprise": [1]},
        {"project_id": "proj_2", "line_item": None, "amount": {"value": "0.07", "currency": "usd"}},
        {"project_id": "proj_gone", "line_item": "x", "amount": amount},
        {"project_id": None, "line_item": "x", "amount": amount},
        {"project_id": "proj_2", "line_item": "no amount", "amount": None},
    ]
    answer(sandbox, COSTS, page(*rows))
    second = Account("openai", "proj_2", "proj_2")
    bills, gaps = openai.billing.billed([account, second], hours(clock, 24))
    assert [(bill.account, bill.meter, str(bill.amount)) for bill in bills] == [
        ("proj_default", "gpt-4o, input", "$1.50"),
        ("proj_2", "all", "$0.07"),
    ]
    assert [str(gap) for gap in gaps] == ["bills of openai:proj_2: a row of 2026-09-01 lacks its amount"]


@pytest.mark.parametrize(
    ("status", "headers"), [(429, {"retry-after": "7"}), (429, {"retry-after-ms": "1500"}), (500, {}), (503, {})]
)
@pytest.mark.parametrize("path", [USAGE, COSTS, "/v1/organization/projects", ".*/spend_limit", ".*/rate_limits"])
def test_the_administration_api_is_waited_for_as_it_asks(
    sandbox: Sandbox, openai: Provider, account: Account, clock: Clock, path: str, status: int, headers: Any
) -> None:
    begun = clock.now()
    sandbox.client.fault({"path": path, "kind": "status", "status": status, "headers": headers, "times": 2})
    look: dict[str, Callable[[], object]] = {
        USAGE: lambda: [
            one.complete for one in openai.usage.observe([model_of(account)], hours(clock, 2)).readings.values()
        ],
        COSTS: lambda: [not openai.billing.billed([account], hours(clock, 2))[1]],
        "/v1/organization/projects": lambda: [openai.inventory.observe().complete],
    }
    assert openai.caps is not None
    caps = openai.caps
    assert look.get(path, lambda: [not caps.read(account).unread])() == [True]
    waited = (clock.now() - begun).total_seconds()
    asked = {"7": 14.0, "1500": 3.0}.get(next(iter(headers.values()), ""))
    assert waited == asked if asked else 0 < waited < 10


@pytest.mark.parametrize(
    "body",
    [
        page(has_more=True),
        page(has_more=True, next_page="page_1"),
        {"object": "page", "has_more": False},
        {"object": "page", "data": [{"results": [{"project_id": "proj_default", "model": BASE}]}], "has_more": False},
    ],
)
def test_a_report_that_cannot_be_read_to_its_end_is_unknown_and_not_idle(
    sandbox: Sandbox, openai: Provider, account: Account, clock: Clock, body: Any
) -> None:
    answer(sandbox, USAGE, body)
    [reading] = openai.usage.observe([model_of(account, BASE)], hours(clock, 2)).readings.values()
    assert not reading.complete
    assert reading.cause


def test_counts_that_are_missing_are_unknown_and_not_zero(
    sandbox: Sandbox, openai: Provider, account: Account, clock: Clock
) -> None:
    row = {"project_id": "proj_default", "model": BASE.upper(), "num_model_requests": None, "mood": "good"}
    answer(sandbox, USAGE, page(row))
    [reading] = openai.usage.observe([model_of(account, BASE)], hours(clock, 2)).readings.values()
    assert [(bucket.requests, bucket.input_tokens) for bucket in reading.buckets] == [(None, None)]
    assert (reading.complete, reading.cause) == (False, "a row of use at 2026-09-01 00:00 UTC came without its count")


@pytest.mark.parametrize(
    ("row", "clear"),
    [
        ({"model": BASE}, {"other": True, BASE: False}),
        ({"project_id": "proj_default", "model": None}, {"other": False, BASE: False}),
        ({"project_id": "proj_2"}, {"other": True, BASE: True}),
        ({}, {"other": False, BASE: False}),
    ],
)
def test_use_that_does_not_say_whose_it_is_leaves_those_unknown_that_it_may_be_of(
    sandbox: Sandbox, openai: Provider, account: Account, clock: Clock, row: Any, clear: dict[str, bool]
) -> None:
    answer(sandbox, USAGE, page({"num_model_requests": 1, "input_tokens": 5, "output_tokens": 5} | row))
    readings = openai.usage.observe([model_of(account, name) for name in clear], hours(clock, 2)).readings.values()
    assert {reading.deployment.name: reading.complete for reading in readings} == clear


def test_caps_with_unknown_fields_and_words_are_read_all_the_same(
    sandbox: Sandbox, openai: Provider, account: Account
) -> None:
    limit = {"threshold_amount": 12345, "currency": "usd", "enforcement": {"status": "warming_up"}, "since": "never"}
    answer(sandbox, ".*/proj_default/spend_limit", limit)
    answer(sandbox, ".*/model_permissions", {"mode": "ask_first", "model_ids": None})
    rate = {"id": "rl-x", "model": "x", "max_requests_per_1_minute": 5, "max_dreams_per_1_night": 3, "note": "hi"}
    answer(sandbox, ".*/rate_limits", {"object": "list", "data": [rate], "has_more": False})
    assert openai.caps is not None
    caps = openai.caps.read(account)
    assert (caps.find(CapKind.SPEND_LIMIT).value, caps.enforcing) == ({"amount": "123.45", "currency": "USD"}, False)
    assert caps.find(CapKind.PERMISSIONS).value == {"mode": "ask_first", "models": []}
    assert caps.find(CapKind.RATE_LIMIT, "rl-x").value == {
        "model": "x",
        "max_requests_per_1_minute": 5,
        "max_dreams_per_1_night": 3,
    }
    assert caps.unread == {}


def test_alerts_over_more_than_a_page_are_all_read(openai: Provider, account: Account, admin: Any) -> None:
    channel = {"type": "email", "recipients": ["a@example.com"]}
    for cents in range(105):
        admin.projects.spend_alerts.create(
            account.name, threshold_amount=cents, currency="USD", interval="month", notification_channel=channel
        )
    assert openai.caps is not None
    assert len(openai.caps.read(account).of(CapKind.ALERT)) == 105


def test_the_organisation_and_all_projects_have_caps(openai: Provider, projects: list[str]) -> None:
    assert openai.caps is not None
    assert {account.name for account in openai.caps.accounts()} == {ORGANISATION, *projects}


def test_a_year_of_pages_keeps_its_order(openai: Provider, tuned: Deployment, clock: Clock) -> None:
    began = clock.now()
    for _ in range(4):
        openai.deployments.call(tuned.account, tuned.name, "hello")
        clock.sleep(10 * 86_400)
    reading = openai.usage.observe([tuned], Period(began, clock.now())).readings[tuned.id.key]
    starts = [bucket.start for bucket in reading.buckets]
    assert (len(starts), starts) == (4, sorted(starts))
    assert all(start.tzinfo is UTC for start in starts)
