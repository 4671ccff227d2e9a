"""What `doctor` learns of Azure."""

from deployer.ports import Check, Connection, Provider
from deployer.providers.azure import connect
from deployer.sandbox.process import Sandbox
from tests.conftest import SandboxTestClock
from tests.providers.azure.opening import Connect


def lines(azure: Provider) -> dict[str, Check]:
    return {check.what: check for check in azure.check()}


def test_everything_well_is_said_line_by_line(azure: Provider) -> None:
    checks = lines(azure)

    assert list(checks) == [f"azure {part}" for part in ("credential", "subscriptions", "accounts", "metrics", "costs")]
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


def test_certificate_that_is_not_trusted_is_said_at_once(sandbox: Sandbox, clock: SandboxTestClock) -> None:
    settings = {name: value for name, value in sandbox.env.items() if "CA" not in name and "CERT" not in name}
    azure = connect(Connection(settings), clock)
    assert azure is not None

    (credential,) = azure.check()

    assert not credential.ok
    assert "certificate" in credential.detail.lower()


def test_server_that_is_not_there_is_unreachable(connect_azure: Connect) -> None:
    nowhere = "https://localhost:1"

    (credential,) = connect_azure(retries=0, AZURE_AUTHORITY_HOST=nowhere).check()

    assert not credential.ok


def test_nothing_configured_is_no_provider(clock: SandboxTestClock) -> None:
    assert connect(Connection({"OPENAI_API_KEY": "x"}), clock) is None
