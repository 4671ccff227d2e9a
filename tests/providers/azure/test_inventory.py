"""Discovery: everything, to the last page, and honest about what could not be seen."""

from datetime import UTC, datetime, timedelta

import pytest

from deployer.domain.deployment import Account
from deployer.errors import Forbidden
from deployer.ports.cloud import Provider
from deployer.sandbox.process import Sandbox
from tests.conftest import SandboxTestClock
from tests.providers.opening import Connect

DEV, PROD = "aoai-dev-eastus2", "aoai-prod-swedencentral"
TUNED = "gpt-4.1-mini-2025-04-14.ft-0e208cf33a6a466994aff31a08aba678-triage"


def deploy(sandbox: Sandbox, number: int, account: str = DEV) -> None:
    model = {"model": "gpt-4o-mini", "version": "2024-07-18", "sku": "GlobalStandard", "capacity": 1}
    sandbox.client.create_deployments([{"account": account, "name": f"d{index}", **model} for index in range(number)])


def test_fresh_world_has_two_accounts_and_nothing_deployed(azure: Provider) -> None:
    reading = azure.inventory.observe()

    assert [account.name for account in reading.accounts] == [DEV, PROD]
    assert reading.complete
    assert (reading.deployments, reading.gaps, reading.unread) == ((), (), frozenset())


def test_reading_says_when_azure_gave_it_by_azures_own_clock(azure: Provider, clock: SandboxTestClock) -> None:
    told_at = azure.inventory.observe().told_at

    assert told_at is not None
    assert abs(told_at - clock.now()) <= timedelta(seconds=1)


def test_what_azure_told_an_hour_ago_is_not_its_time_now(
    sandbox: Sandbox, connect_azure: Connect, clock: SandboxTestClock
) -> None:
    """A process that goes on while Azure cannot be reached must not take its own clock for wrong."""
    azure = connect_azure(retries=0)
    azure.inventory.observe()
    clock.sleep(3600)
    sandbox.client.fault({"kind": "cut_before"})

    reading = azure.inventory.observe()

    assert not reading.complete
    assert reading.told_at is None


def test_deployment_made_by_another_client_is_found_with_its_age(sandbox: Sandbox, azure: Provider) -> None:
    made = {"account": DEV, "name": "Triage", "model": TUNED, "sku": "Standard", "created_at": "2026-08-20T00:00:00Z"}
    sandbox.client.create_deployments([made])

    (found,) = azure.inventory.observe().deployments

    assert found.id.key == f"azure:{DEV}/triage"
    assert (found.base_model, found.fine_tuned, found.managed) == ("gpt-4.1-mini", True, False)
    assert found.created_at == datetime(2026, 8, 20, tzinfo=UTC)


def test_lists_are_followed_to_the_last_page(sandbox: Sandbox, connect_azure: Connect) -> None:
    sandbox.client.reset(start=datetime(2026, 9, 1, tzinfo=UTC), page_size=2, graph_page_size=2)
    sandbox.client.create_accounts([{"name": f"more-{index}", "region": "eastus2"} for index in range(3)])
    deploy(sandbox, 5)

    reading = connect_azure().inventory.observe()

    assert len(reading.accounts) == 5
    assert [deployment.name for deployment in reading.deployments] == ["d0", "d1", "d2", "d3", "d4"]


def test_account_that_cannot_be_listed_is_a_gap_and_the_rest_goes_on(sandbox: Sandbox, azure: Provider) -> None:
    deploy(sandbox, 1, DEV)
    deploy(sandbox, 1, PROD)
    sandbox.client.fault({"operation": "deployments.list", "path": DEV, "kind": "status", "status": 403})

    reading = azure.inventory.observe()

    assert [deployment.account.name for deployment in reading.deployments] == [PROD]
    assert {account_id.rsplit("/", 1)[1] for account_id in reading.unread} == {DEV}
    (gap,) = reading.gaps
    assert (gap.what, gap.where) == ("deployments", DEV)
    assert "403" in gap.cause


def test_page_that_fails_leaves_the_account_unread(sandbox: Sandbox, connect_azure: Connect) -> None:
    sandbox.client.reset(start=datetime(2026, 9, 1, tzinfo=UTC), page_size=2)
    deploy(sandbox, 3)
    sandbox.client.fault({"operation": "deployments.list", "path": r"skipToken=2", "kind": "status", "status": 500})

    reading = connect_azure(retries=1).inventory.observe()

    assert reading.deployments == ()
    assert len(reading.unread) == 1


def test_accounts_come_from_arm_when_the_graph_fails(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.fault({"operation": "graph.resources", "kind": "status", "status": 403})

    reading = azure.inventory.observe()

    assert [account.name for account in reading.accounts] == [DEV, PROD]
    assert reading.complete


def test_accounts_that_nobody_shows_make_the_reading_partial(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.fault({"operation": "graph.resources", "kind": "status", "status": 403})
    sandbox.client.fault({"operation": "accounts.list", "kind": "status", "status": 403})

    reading = azure.inventory.observe()

    assert not reading.complete
    assert [gap.what for gap in reading.gaps] == ["accounts"]


def test_subscription_that_the_credential_cannot_see_is_a_gap_not_an_empty_place(connect_azure: Connect) -> None:
    hidden = "00000000-0000-0000-0000-00000000dead"

    reading = connect_azure(AZURE_SUBSCRIPTION_ID=hidden).inventory.observe()

    assert not reading.complete
    assert hidden in reading.gaps[0].where


def test_without_a_subscription_all_that_the_credential_sees_is_read(connect_azure: Connect) -> None:
    reading = connect_azure(AZURE_SUBSCRIPTION_ID="").inventory.observe()

    assert [account.name for account in reading.accounts] == [DEV, PROD]


def test_account_deleted_after_the_graph_was_asked_is_left_out(sandbox: Sandbox, azure: Provider) -> None:
    gone = {"error": {"code": "ResourceNotFound", "message": "The resource was not found."}}
    sandbox.client.fault(
        {"operation": "deployments.list", "path": DEV, "kind": "status", "status": 404, "body": gone, "times": 1}
    )

    reading = azure.inventory.observe()

    assert [account.name for account in reading.accounts] == [PROD]
    assert reading.unread == frozenset()


def test_throttled_and_cut_lists_are_tried_again(sandbox: Sandbox, azure: Provider) -> None:
    deploy(sandbox, 1)
    sandbox.client.fault(
        {"operation": "deployments.list", "kind": "status", "status": 429, "headers": {"Retry-After": "7"}, "times": 1}
    )
    sandbox.client.fault({"operation": "deployments.list", "kind": "cut_before", "times": 1})
    sandbox.client.fault({"operation": "deployments.list", "kind": "cut_after", "times": 1})

    reading = azure.inventory.observe()

    assert len(reading.deployments) == 1
    assert reading.gaps == ()


def test_expired_token_is_renewed(sandbox: Sandbox, azure: Provider) -> None:
    azure.inventory.observe()
    sandbox.client.fault({"operation": "graph.resources", "kind": "expired_token", "times": 1})

    reading = azure.inventory.observe()

    assert reading.complete
    assert sandbox.client.requests()["by_operation"]["entra.token"] == 2


def test_many_workers_sign_in_once(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.create_accounts([{"name": f"more-{index}", "region": "eastus2"} for index in range(20)])

    azure.inventory.observe()

    assert sandbox.client.requests()["by_operation"]["entra.token"] == 1


def test_sign_in_that_stumbles_is_tried_again(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.fault({"operation": "entra.token", "kind": "status", "status": 503, "times": 1})
    sandbox.client.fault({"operation": "entra.token", "kind": "cut_after", "times": 1})

    assert azure.inventory.observe().complete


def test_lock_on_an_account_locks_all_that_is_deployed_in_it(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.create_accounts([{"name": "kept", "region": "eastus2", "locked": True}])
    deploy(sandbox, 1, "kept")
    deploy(sandbox, 1, DEV)

    reading = azure.inventory.observe()

    assert {account.name: account.locked for account in reading.accounts} == {DEV: False, PROD: False, "kept": True}
    assert {found.account.name: found.locked for found in reading.deployments} == {DEV: False, "kept": True}


def test_locks_that_cannot_be_read_are_left_to_azure(sandbox: Sandbox, azure: Provider) -> None:
    deploy(sandbox, 1, DEV)
    sandbox.client.fault({"operation": "locks.list", "kind": "status", "status": 403})

    reading = azure.inventory.observe()

    assert reading.complete
    assert reading.gaps == ()


def test_wrong_secret_is_said_plainly_and_never_shown(connect_azure: Connect) -> None:
    secret = "canary-9c1f-not-to-be-shown"

    reading = connect_azure(AZURE_CLIENT_SECRET=secret).inventory.observe()

    assert not reading.complete
    (gap,) = reading.gaps
    assert "sign-in failed" in gap.cause
    assert "AADSTS7000215" in gap.cause
    assert secret not in gap.cause


def test_one_deployment_is_read_fresh(sandbox: Sandbox, azure: Provider, account: Account) -> None:
    deploy(sandbox, 1)

    found = azure.inventory.read(account, "d0")

    assert found is not None
    assert found.name == "d0"
    assert azure.inventory.read(account, "other") is None


def test_hidden_subscription_is_never_read_as_a_missing_deployment(
    sandbox: Sandbox, azure: Provider, account: Account
) -> None:
    body = {"error": {"code": "SubscriptionNotFound", "message": "The subscription could not be found."}}
    sandbox.client.fault({"operation": "deployments.get", "kind": "status", "status": 404, "body": body})

    with pytest.raises(Forbidden, match="SubscriptionNotFound"):
        azure.inventory.read(account, "d0")
