"""The activity log tells who made and deleted what, when it is asked for a span."""

from typing import Any
from urllib.parse import quote

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, GROUP, TUNED, Answer, Wire

PATH = "/providers/microsoft.insights/eventtypes/management/values"
SINCE = "eventTimestamp ge '2026-08-01T00:00:00Z'"


def ask(sandbox: Sandbox, condition: str) -> Answer:
    return Wire(sandbox).arm("GET", f"{PATH}?$filter={quote(condition)}")


def operations(answer: Answer) -> list[str]:
    rows: list[dict[str, Any]] = answer.body["value"]
    return [
        f"{row['operationName']['value'].rpartition('/')[2]} {row['resourceId'].rpartition('/')[2]}" for row in rows
    ]


def test_what_was_made_and_deleted_is_told_newest_first(sandbox: Sandbox) -> None:
    sandbox.client.create_deployments([{"account": DEV, "name": "support", "model": TUNED}])
    Wire(sandbox).deployment("DELETE", "support")
    sandbox.client.advance(seconds=60)
    assert operations(ask(sandbox, SINCE)) == ["delete support", "write support"]
    caller = ask(sandbox, SINCE).body["value"][0]["caller"]
    assert caller == sandbox.env["AZURE_CLIENT_ID"]


def test_what_the_platform_deletes_is_its_own_act(sandbox: Sandbox) -> None:
    sandbox.client.create_deployments([{"account": DEV, "name": "dev", "model": TUNED, "sku": "DeveloperTier"}])
    sandbox.client.advance(seconds=86_400)
    first = ask(sandbox, SINCE).body["value"][0]
    assert (first["caller"], first["status"]["value"]) == ("Microsoft.CognitiveServices", "Succeeded")


def test_a_filter_narrows_and_has_to_name_the_times(sandbox: Sandbox) -> None:
    sandbox.client.create_deployments([{"account": DEV, "name": "support", "model": TUNED}])
    assert operations(ask(sandbox, f"{SINCE} and resourceGroupName eq '{GROUP}'")) == ["write support"]
    assert operations(ask(sandbox, f"{SINCE} and resourceGroupName eq 'other'")) == []
    assert operations(ask(sandbox, f"{SINCE} and eventTimestamp le '2026-08-02T00:00:00Z'")) == []
    for wrong in ("", "resourceGroupName eq 'x'", "colour is red"):
        assert (ask(sandbox, wrong).status, ask(sandbox, wrong).code) == (400, "BadRequest")


def test_the_log_forgets_after_ninety_days(sandbox: Sandbox) -> None:
    sandbox.client.create_deployments([{"account": DEV, "name": "support", "model": "gpt-4.1-mini"}])
    sandbox.client.advance(seconds=91 * 86_400)
    assert operations(ask(sandbox, SINCE)) == []
