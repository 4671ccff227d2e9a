"""Exemptions, protection and locks beat every act but a person's."""

import pytest

from deployer.domain.deployment import Deployment
from deployer.domain.plan import History
from deployer.policy.decide import View
from deployer.policy.document import PolicySet
from tests.policy.world import (
    DAY,
    HOUR,
    NOW,
    account,
    booked,
    deployment,
    language,
    plan,
    rules,
    told,
    usage,
    view,
    zeros,
)

RULE = "idle: {after: 24h, warn: 0h, then: undeploy}"
EVERY_RULE = f"{RULE}, ttl: 1d, budget: {{amount: 1 USD}}, over_budget: {{then: undeploy, warn: 0h}}"
BOT = deployment()


def idle_view(of: Deployment, history: History | None = None) -> View:
    return view(of, readings=[usage(of, zeros(48))], history=history, spent={"dev": ()})


@pytest.mark.parametrize("of", [deployment(locked=True), deployment(where=account("locked", locked=True))])
def test_a_resource_lock_keeps_every_rule_off(of: Deployment) -> None:
    decided = plan(rules(EVERY_RULE), idle_view(of))

    assert (decided.acts, [one for one in decided.upcoming if one.target]) == ((), [])
    assert all("a resource lock on it forbids deletion" in finding.reason for finding in decided.findings)


def test_protection_by_a_person_keeps_every_rule_off() -> None:
    decided = plan(rules(EVERY_RULE), idle_view(BOT, History(protected=frozenset({BOT.id.key}))))

    assert decided.acts == ()
    assert all("protected by a person" in finding.reason for finding in decided.findings)


def test_an_exemption_holds_through_its_last_day_and_its_end_is_booked() -> None:
    policies = rules(f'{RULE}, exempt: [{{deployment: "b*", until: 2026-09-10, reason: "customer demo"}}]')

    decided = plan(policies, idle_view(BOT))

    assert told(decided) == []
    assert booked(decided) == [("undeploy", NOW.replace(day=11, hour=0))]
    assert "exempt until 2026-09-11 00:00Z by policy dev: customer demo" in decided.findings[0].reason


def test_after_its_last_day_an_exemption_is_over() -> None:
    policies = rules(f'{RULE}, exempt: [{{deployment: "b*", until: 2026-09-09, reason: "customer demo"}}]')

    decided = plan(policies, idle_view(BOT))

    assert told(decided) == [("undeploy", "bot")]
    assert "customer demo" not in decided.findings[0].reason


def test_of_two_exemptions_the_longer_holds() -> None:
    short, long = (f"{{deployment: bot, until: 2026-09-{day}, reason: r{day}}}" for day in (11, 20))

    decided = plan(rules(f"{RULE}, exempt: [{short}, {long}]"), idle_view(BOT))

    assert booked(decided) == [("undeploy", NOW.replace(day=21, hour=0))]


def test_an_exemption_is_for_the_deployments_it_names() -> None:
    policies = rules(f'{RULE}, exempt: [{{deployment: "demo-*", until: 2026-12-31, reason: "customer demo"}}]')

    assert told(plan(policies, idle_view(BOT))) == [("undeploy", "bot")]


def test_an_exemption_in_a_broader_policy_holds_against_a_more_specific_one() -> None:
    policies: PolicySet = language(
        f"""
version: 1
policies:
  - {{name: broad, match: {{}}, exempt: [{{deployment: bot, until: 2026-12-31, reason: launch}}]}}
  - {{name: dev, match: {{deployment: bot}}, {RULE}}}
"""
    )

    assert told(plan(policies, idle_view(BOT))) == []


def test_a_model_on_openai_is_never_deleted_by_a_rule() -> None:
    model = deployment("ft:gpt-4.1-mini:org::1", where=account("proj_default", provider="openai"))

    decided = plan(rules(EVERY_RULE), idle_view(model))

    assert decided.acts == ()
    assert "destroys it for good" in decided.findings[0].reason


def test_while_acts_are_paused_they_are_deferred() -> None:
    decided = plan(rules(RULE), idle_view(BOT, History(paused=True)))

    assert decided.acts == ()
    assert [(one.action.target.name, one.reason) for one in decided.deferred if one.action.target] == [
        ("bot", "the guard is paused; `deployer guard resume` ends that")
    ]


def test_what_is_being_deleted_already_is_left_alone() -> None:
    leaving = deployment(state="Deleting", age=30 * DAY)

    decided = plan(rules(EVERY_RULE), idle_view(leaving))

    assert (decided.acts, decided.upcoming) == ((), ())
    assert [finding.reason for finding in decided.findings] == ["its state is Deleting: nothing to do"]


def test_a_warning_is_given_before_an_exemption_ends() -> None:
    warned_rule = "idle: {after: 24h, warn: 2h, then: undeploy}"
    policies = rules(f"{warned_rule}, exempt: [{{deployment: bot, until: 2026-09-10, reason: demo}}]")

    decided = plan(policies, idle_view(BOT))

    assert booked(decided) == [("warn", NOW + 10 * HOUR), ("undeploy", NOW + 12 * HOUR)]
