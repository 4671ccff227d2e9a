"""The rule `residency`: what is deployed where its data may not go is told, never touched."""

from typing import Any

import pytest

from deployer.domain.deployment import Tier
from deployer.domain.plan import History
from deployer.domain.residency import Residency, breach, given_by, processed
from deployer.domain.sku import tier_of
from tests.policy.world import deployment, plan, rules, told, view

KEPT = {
    "Standard": "region",
    "ProvisionedManaged": "region",
    "DataZoneStandard": "zone",
    "DataZoneProvisionedManaged": "zone",
    "DataZoneBatch": "zone",
    "GlobalStandard": "any",
    "GlobalProvisionedManaged": "any",
    "GlobalBatch": "any",
    "DeveloperTier": "any",
    "NewKindOfSku": None,
}


def on(sku: str, **facts: Any) -> Any:
    return deployment("bot", sku=sku, tier=tier_of(sku), **facts)


@pytest.mark.parametrize(("sku", "given"), KEPT.items())
def test_every_sku_promises_what_microsoft_documents(sku: str, given: str | None) -> None:
    assert given_by(tier_of(sku), sku) == given


@pytest.mark.parametrize("asked", list(Residency))
@pytest.mark.parametrize("sku", KEPT)
def test_tier_keeps_what_is_as_narrow_as_asked_and_nothing_unknown(asked: Residency, sku: str) -> None:
    width = {"region": 0, "zone": 1, "any": 2, None: 3}
    kept = width[KEPT[sku]] <= width[asked.value] or asked is Residency.ANY

    assert (breach(asked, tier_of(sku), sku) == "") is kept


def test_breach_is_told_once_and_never_acted_on() -> None:
    first = plan(rules("residency: zone"), view(on("GlobalStandard")))
    history = History(alerts=frozenset((one.policy, one.episode) for one in first.actions))
    again = plan(rules("residency: zone"), view(on("GlobalStandard"), history=history))

    assert (told(first), first.acts) == ([("alert", "bot")], ())
    assert first.actions[0].reason == (
        "GlobalStandard gives no residency, and residency zone is asked for: its data is processed in any region, "
        "no residency; deploy it on a tier that keeps it, then delete this one"
    )
    assert told(again) == []
    assert any(finding.rule == "residency" for finding in again.findings)


def test_tier_that_keeps_it_says_nothing() -> None:
    decided = plan(rules("residency: zone"), view(on("DataZoneStandard")))

    assert (told(decided), [finding.rule for finding in decided.findings]) == ([], ["match"])


def test_stricter_rule_is_told_although_a_laxer_one_was() -> None:
    first = plan(rules("residency: zone"), view(on("GlobalStandard")))
    history = History(alerts=frozenset((one.policy, one.episode) for one in first.actions))

    assert told(plan(rules("residency: region"), view(on("GlobalStandard"), history=history))) == [("alert", "bot")]


def test_openai_promises_no_region() -> None:
    assert processed("openai", Tier.GLOBAL) == "OpenAI, no region promised"
    assert breach(Residency.ZONE, Tier.GLOBAL)
