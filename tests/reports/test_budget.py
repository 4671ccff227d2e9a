"""Azure's own budgets beside the policies: compared only where both are about the same accounts and period."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from deployer.domain.budget import CloudBudget
from deployer.domain.deployment import Account
from deployer.domain.money import Money
from deployer.policy.document import Budget, Match, Policy, Share
from deployer.reports.budget import line_of, survey_budgets
from tests.fakes import FakeClock, FakeCloud

NOW = datetime(2026, 9, 1, tzinfo=UTC)
WHOLE = "/subscriptions/s"


def account(name: str, group: str = "rg", provider: str = "azure") -> Account:
    place = f"{WHOLE}/resourceGroups/{group}/providers/Microsoft.CognitiveServices/accounts/{name}"
    return Account(provider, name, place, subscription="s", resource_group=group)


DEV, PROD = account("aoai-dev"), account("aoai-prod", "rg-prod")
BOTH = (DEV, PROD)


def budget(
    amount: str = "300", *, scope: str = WHOLE, period: str = "month", where: Mapping[str, Any] | None = None
) -> CloudBudget:
    return CloudBudget("azure", f"{scope}/b", scope, "team", period, Money.of(amount), condition=where or {})


def policy(match: Match | None = None, amount: str = "300", **facts: Any) -> Policy:
    return Policy("dev", match or Match(), Budget(Money.of(amount), **facts))


def only(name: str, *values: str) -> dict[str, Any]:
    return {"dimensions": {"name": name, "operator": "In", "values": list(values)}}


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("300", "the same as policy dev"),
        ("500", "$200.00 above policy dev ($300.00)"),
        ("100", "$200.00 below policy dev ($300.00)"),
    ],
)
def test_a_budget_about_the_same_accounts_is_compared_with_the_policy(amount: str, words: str) -> None:
    [compared] = line_of(budget(amount), BOTH, [policy()]).compared
    assert str(compared) == words


@pytest.mark.parametrize(
    ("where", "scope", "covered"),
    [
        ({}, WHOLE, ("aoai-dev", "aoai-prod")),
        ({}, "/subscriptions/S/resourcegroups/RG", ("aoai-dev",)),
        ({}, "/subscriptions/another", ()),
        (only("ResourceId", DEV.resource_id.upper()), WHOLE, ("aoai-dev",)),
        (only("ResourceGroupName", "RG-prod"), WHOLE, ("aoai-prod",)),
        ({"and": [only("ResourceId", DEV.resource_id), only("ResourceGroup", "rg-prod")]}, WHOLE, ()),
        (only("MeterCategory", "Cognitive Services"), WHOLE, None),
        ({"tags": {"name": "env", "operator": "In", "values": ["dev"]}}, WHOLE, None),
        ({"and": [only("ResourceId", DEV.resource_id), {"tags": {"name": "env"}}]}, WHOLE, None),
        ({"dimensions": {"name": "ResourceId", "operator": "NotIn", "values": ["x"]}}, WHOLE, None),
        ({"and": ["garbage"]}, WHOLE, None),
    ],
)
def test_a_filter_that_chooses_accounts_is_understood_and_others_are_not_guessed(
    where: dict[str, Any], scope: str, covered: tuple[str, ...] | None
) -> None:
    assert line_of(budget(scope=scope, where=where), BOTH, []).covers == covered


@pytest.mark.parametrize(
    "other",
    [
        policy(Match(account=("aoai-dev",))),
        policy(Match(deployment=("demo-*",))),
        policy(Match(model=("gpt-4.1*",))),
        policy(Match(tags={"env": ("dev",)})),
        policy(Match(fine_tuned=True)),
        policy(Match(managed=False)),
        policy(Match(provider=("openai",))),
        policy(period="week"),
        policy(share=Share.EACH),
        Policy("dev", Match()),
    ],
)
def test_a_policy_about_something_else_is_not_compared(other: Policy) -> None:
    line = line_of(budget(), BOTH, [other])
    assert (line.compared, line.incomparable) == ((), "no policy is about the same accounts and period")


def test_a_policy_over_two_clouds_is_more_than_a_budget_of_one() -> None:
    everything = (*BOTH, account("proj_default", provider="openai"))
    assert line_of(budget(), everything, [policy()]).compared == ()
    assert line_of(budget(), everything, [policy(Match(provider=("azure",)))]).compared


def test_a_named_budget_is_shown_alone() -> None:
    cloud = FakeCloud(FakeClock(NOW))
    cloud.budgets = (budget(), budget("7"))
    assert survey_budgets({"azure": cloud}, [], NOW, "other").lines == ()
    assert len(survey_budgets({"azure": cloud}, [], NOW, "TEAM").lines) == 2
