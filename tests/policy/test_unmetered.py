"""A budget says whose use it does not see: what was not counted is not nothing."""

from tests.policy.world import account, deployment, plan, rules, usage, view, zeros

BUDGET = "budget: {amount: 100 USD, period: month}"
CAUSE = "OPENAI_ADMIN_KEY is not set"
OPENAI = account("proj_default", provider="openai")
MODEL = deployment("ft:gpt-4.1-mini:org:x:1", where=OPENAI)
OTHER = deployment("ft:gpt-4.1-mini:org:y:2", where=OPENAI)


def test_a_budget_over_models_whose_use_cannot_be_read_is_a_gap_with_its_cause() -> None:
    readings = [usage(one, complete=False, cause=CAUSE) for one in (MODEL, OTHER)]
    [gap] = plan(rules(BUDGET), view(MODEL, OTHER, readings=readings)).gaps
    assert str(gap) == f"use of 2 deployments of openai:proj_default, which policy dev limits: {CAUSE}"


def test_a_budget_whose_use_was_read_has_no_gap() -> None:
    assert plan(rules(BUDGET), view(MODEL, readings=[usage(MODEL, zeros())])).gaps == ()


def test_where_no_budget_counts_use_nothing_is_missing() -> None:
    seen = view(MODEL, readings=[usage(MODEL, complete=False, cause=CAUSE)])
    assert plan(rules("ttl: 60d"), seen).gaps == ()


def test_a_rule_of_idleness_says_it_already() -> None:
    idle = f"{BUDGET}, idle: {{after: 24h, warn: 2h, then: notify}}"
    seen = view(MODEL, readings=[usage(MODEL, complete=False, cause=CAUSE)])
    assert [gap.what for gap in plan(rules(idle), seen).gaps] == ["usage"]
