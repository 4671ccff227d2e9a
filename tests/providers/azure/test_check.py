"""What `doctor` learns of Azure."""

import pytest

from deployer.errors import Forbidden
from deployer.ports.cloud import Check, Connection, Provider
from deployer.providers.azure import connect
from deployer.providers.azure.role import ACTIONS, DATA_ACTIONS
from deployer.sandbox.process import Sandbox
from tests.conftest import SandboxTestClock
from tests.providers.opening import Connect
from tests.sandbox.azure_wire import Wire


def lines(azure: Provider) -> dict[str, Check]:
    return {check.what: check for check in azure.check()}


def test_everything_well_is_said_line_by_line(azure: Provider) -> None:
    checks = lines(azure)

    parts = ("credential", "subscriptions", "accounts", "metrics", "costs", "budgets", "models", "rights")
    assert list(checks) == [f"azure {part}" for part in parts]
    assert all(check.ok for check in checks.values())
    assert "client secret" in checks["azure credential"].detail


def test_wrong_secret_ends_the_list_with_the_next_step(connect_azure: Connect) -> None:
    (credential,) = connect_azure(AZURE_CLIENT_SECRET="canary-wrong").check()

    assert not credential.ok
    assert "AZURE_CLIENT_SECRET" in credential.next_step
    assert "canary-wrong" not in credential.detail


def test_right_that_is_missing_names_its_role(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.fault({"path": "metrics", "kind": "status", "status": 403})
    sandbox.client.fault({"operation": "costs.query", "kind": "status", "status": 403})

    checks = lines(azure)

    assert (checks["azure accounts"].ok, checks["azure metrics"].ok, checks["azure costs"].ok) == (True, False, False)
    assert "Monitoring Reader" in checks["azure metrics"].next_step
    assert "Cost Management Reader" in checks["azure costs"].next_step
    assert "Microsoft.Insights/metrics/read" in checks["azure metrics"].next_step
    assert "Microsoft.CostManagement/query/read" in checks["azure costs"].next_step


def test_budgets_that_somebody_set_in_azure_are_shown(sandbox: Sandbox, azure: Provider) -> None:
    period = {"startDate": "2026-09-01T00:00:00Z"}
    properties = {"category": "Cost", "amount": 500.5, "timeGrain": "Monthly", "timePeriod": period}
    Wire(sandbox).arm("PUT", "/providers/Microsoft.Consumption/budgets/team", {"properties": properties})

    assert lines(azure)["azure budgets"].detail == "team $500.50 a month ($0.00 spent)"


def test_budgets_that_cannot_be_read_are_a_warning(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.fault({"operation": "budgets.list", "kind": "status", "status": 403})

    budgets = lines(azure)["azure budgets"]

    assert (budgets.ok, budgets.optional) == (False, True)
    assert "Microsoft.Consumption/budgets/read" in budgets.next_step


def granted(sandbox: Sandbox, *actions: str, data: tuple[str, ...] = (), but: tuple[str, ...] = ()) -> None:
    row = {"actions": list(actions), "notActions": list(but), "dataActions": list(data), "notDataActions": []}
    order = {"operation": "permissions.list", "kind": "status", "status": 200, "body": {"value": [row]}}
    sandbox.client.fault(order)


def test_rights_of_a_watcher_name_what_it_cannot_do_and_the_action_for_it(sandbox: Sandbox, azure: Provider) -> None:
    granted(sandbox, *ACTIONS["watcher"], data=DATA_ACTIONS["watcher"])

    rights = lines(azure)["azure rights"]

    assert rights.ok
    assert rights.detail.startswith("watcher on aoai-dev-eastus2: cannot undeploy")
    assert "cannot undeploy (Microsoft.CognitiveServices/accounts/deployments/delete)" in rights.detail
    assert "cannot call models (Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/" in rights.detail


def test_right_that_even_a_watcher_needs_is_a_warning(sandbox: Sandbox, azure: Provider) -> None:
    granted(sandbox, "*", data=("*",), but=("Microsoft.Insights/*",))

    rights = lines(azure)["azure rights"]

    assert (rights.ok, rights.optional) == (False, True)
    assert rights.detail == ("on aoai-dev-eastus2: cannot tell use from idleness (Microsoft.Insights/metrics/read)")


def test_rights_are_asked_for_in_each_subscription_and_the_least_is_told(
    sandbox: Sandbox, connect_azure: Connect
) -> None:
    places = [f"0000000{number}-0000-0000-0000-000000000000" for number in range(3)]
    sandbox.client.create_accounts(
        [{"name": f"team-{one[7]}", "region": "eastus2", "subscription": one} for one in places]
    )
    body = {"value": [{"actions": list(ACTIONS["watcher"]), "dataActions": list(DATA_ACTIONS["watcher"])}]}
    sandbox.client.fault({"path": f"{places[1]}.*permissions", "kind": "status", "status": 200, "body": body})

    rights = lines(connect_azure(AZURE_SUBSCRIPTION_ID=""))["azure rights"]

    assert rights.detail.startswith("watcher on team-1: cannot undeploy")
    assert rights.detail.endswith("so in 1 of 4 subscriptions")


def test_rights_that_may_not_be_listed_are_a_warning(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.fault({"operation": "permissions.list", "kind": "status", "status": 403})

    rights = lines(azure)["azure rights"]

    assert (rights.ok, rights.optional) == (False, True)
    assert "Microsoft.Authorization/permissions/read" in rights.detail


def test_dates_that_may_not_be_read_are_a_warning_that_names_the_action(sandbox: Sandbox, azure: Provider) -> None:
    sandbox.client.fault({"operation": "models.list", "kind": "status", "status": 403})

    models = lines(azure)["azure models"]

    assert (models.ok, models.optional) == (False, True)
    assert "Microsoft.CognitiveServices/locations/models/read" in models.next_step


def test_refusal_names_the_action_that_azure_missed(sandbox: Sandbox, azure: Provider) -> None:
    action = "Microsoft.CognitiveServices/accounts/deployments/delete"
    words = f"The client 'x' does not have authorization to perform action '{action}' over scope '/y'."
    body = {"error": {"code": "AuthorizationFailed", "message": words}}
    sandbox.client.fault({"method": "DELETE", "kind": "status", "status": 403, "body": body})
    account = azure.inventory.observe().accounts[0]

    with pytest.raises(Forbidden) as refused:
        azure.deployments.delete(account, "bot")

    assert refused.value.next_step.startswith(f"give the credential the right {action};")


def test_certificate_that_is_not_trusted_is_said_at_once(sandbox: Sandbox, clock: SandboxTestClock) -> None:
    settings = {name: value for name, value in sandbox.env.items() if "CA" not in name and "CERT" not in name}
    azure = connect(Connection(settings), clock)
    assert azure is not None

    (credential,) = azure.check()

    assert not credential.ok
    assert "certificate" in credential.detail.lower()
    assert "DEPLOYER_CA_BUNDLE" in credential.next_step


def test_server_that_is_not_there_is_unreachable(connect_azure: Connect) -> None:
    nowhere = "https://localhost:1"

    (credential,) = connect_azure(retries=0, AZURE_AUTHORITY_HOST=nowhere).check()

    assert not credential.ok


def test_nothing_configured_is_no_provider(clock: SandboxTestClock) -> None:
    assert connect(Connection({"OPENAI_API_KEY": "x"}), clock) is None
