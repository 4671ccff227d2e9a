"""Two accounts of one name are two accounts: in another subscription, in another group, made at another time."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from deployer.domain.deployment import Account
from deployer.domain.period import Period
from deployer.domain.subject import Subject, SubjectKind
from deployer.policy.document import Match
from deployer.policy.match import matches
from deployer.ports.cloud import Provider
from deployer.providers.azure.discovery import Found
from deployer.providers.azure.namesake import name_apart
from deployer.sandbox.process import Sandbox
from tests.conftest import SandboxTestClock

OURS, THEIRS = "9a2ac011-0000", "11111111-0000"
PATH = "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.CognitiveServices/accounts/aoai"


def row(subscription: str, group: str = "rg", born: str = "2026-01-01T00:00:00Z") -> Mapping[str, Any]:
    return {"id": PATH.format(subscription, group), "kind": "OpenAI", "properties": {"dateCreated": born}}


def named(rows: list[Mapping[str, Any]], known: list[Account] | None = None, vanished: str = "") -> list[str]:
    found = Found(vanished={vanished.lower()})
    found.add(rows)
    return [account.name for account in name_apart(found, known or [])]


def account_of(entry: Mapping[str, Any]) -> Account:
    found = Found()
    found.add([entry])
    (account,) = found.accounts.values()
    return account


def test_account_alone_of_its_name_keeps_it() -> None:
    assert named([row(OURS)]) == ["aoai"]


def test_oldest_keeps_the_name_and_others_bear_their_subscription_and_group() -> None:
    younger = row(OURS, born="2026-05-01T00:00:00Z")

    assert named([younger, row(THEIRS), row(THEIRS, "web", "")]) == [
        "aoai@9a2ac011.rg", "aoai", "aoai@11111111.web",
    ]  # fmt: skip


def test_subscriptions_that_begin_alike_are_told_whole() -> None:
    rows = [row("11111111-1"), row("11111111-2"), row("11111111-3")]

    assert named(rows) == ["aoai", "aoai@11111111-2.rg", "aoai@11111111-3.rg"]


def test_name_in_the_ledger_stays_though_an_older_namesake_is_seen_now() -> None:
    ours = account_of(row(OURS, born="2026-05-01T00:00:00Z"))

    assert named([row(THEIRS), row(OURS, born="2026-05-01T00:00:00Z")], [ours]) == ["aoai@11111111.rg", "aoai"]


def test_account_that_moved_to_another_group_keeps_its_name() -> None:
    before = account_of(row(OURS, "old"))

    assert named([row(OURS, "new")], [before], vanished=before.resource_id) == ["aoai"]


def test_account_that_is_hidden_keeps_its_name_from_others() -> None:
    assert named([row(THEIRS)], [account_of(row(OURS))]) == ["aoai@11111111.rg"]


def test_policy_for_a_name_is_for_all_who_bear_it() -> None:
    subject = Subject(SubjectKind.DEPLOYMENT, "k", "azure", "aoai@11111111.rg", "d", "m", "m", fine_tuned=True)

    assert matches(Match(account=("aoai",)), subject)
    assert matches(Match(account=("AOAI@1111*",)), subject)
    assert not matches(Match(account=("aoai@9a2ac011.rg",)), subject)


def test_two_of_one_name_are_observed_each_by_itself(
    sandbox: Sandbox, azure: Provider, clock: SandboxTestClock
) -> None:
    """The graph shows a second `aoai-dev-eastus2`; its deployments are asked for under its own id."""
    sandbox.client.create_deployments([{"account": "aoai-dev-eastus2", "name": "support", "model": "gpt-4o-mini"}])
    (real,) = [one for one in azure.inventory.observe().accounts if one.name == "aoai-dev-eastus2"]
    twin_id = real.resource_id.replace(real.subscription, THEIRS)
    rows = [
        {"id": real.resource_id, "kind": "OpenAI", "location": "eastus2", "properties": {"dateCreated": "2026-01-01"}},
        {"id": twin_id, "kind": "OpenAI", "location": "eastus2", "properties": {"dateCreated": "2026-02-02"}},
    ]
    twin = {"id": f"{twin_id}/deployments/support", "name": "support", "sku": {"name": "Standard", "capacity": 1}}
    model = {"format": "OpenAI", "name": "gpt-4.1", "version": "2025-04-14"}
    twin["properties"] = {"model": model, "provisioningState": "Succeeded"}
    answer = {"kind": "status", "status": 200}
    sandbox.client.fault({**answer, "operation": "graph.resources", "body": {"data": rows, "totalRecords": 2}})
    sandbox.client.fault({**answer, "path": f"{THEIRS}.*deployments", "body": {"value": [twin]}})
    sandbox.client.fault({**answer, "path": f"{THEIRS}.*locks", "body": {"value": []}})

    reading = azure.inventory.observe()
    usage = azure.usage.observe(reading.deployments, Period(clock.now().replace(hour=0), clock.now()))

    assert reading.gaps == ()
    assert {one.id.key: one.model for one in reading.deployments} == {
        "azure:aoai-dev-eastus2/support": "gpt-4o-mini",
        "azure:aoai-dev-eastus2@11111111.rg-models/support": "gpt-4.1",
    }
    assert set(usage.readings) == {one.id.key for one in reading.deployments}
    (other,) = [one for one in reading.accounts if "@" in one.name]
    assert replace(other, name="").resource_id == twin_id
