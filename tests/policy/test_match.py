"""Which policy is about what, and which one rules."""

import pytest

from deployer.domain.subject import Subject, SubjectKind
from deployer.policy.document import Match, Policy
from deployer.policy.match import Conflict, governing, matches, matching
from tests.policy.world import deployment, language, plan, view

SUBJECT = Subject.of(deployment("Support-Bot", tags={"Env": "dev", "team": "chat"}))
JOB = Subject(SubjectKind.JOB, "job:azure:ftjob-1", "azure", "aoai-dev-eastus2", "ftjob-1", "gpt-4.1", "gpt-4.1", True)


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        (Match(), True),
        (Match(provider=("azure",)), True),
        (Match(provider=("openai",)), False),
        (Match(account=("AOAI-DEV-*",)), True),
        (Match(account=("aoai-prod-*", "aoai-dev-*")), True),
        (Match(deployment=("support-bot",)), True),
        (Match(deployment=("support",)), False),
        (Match(model=("gpt-4.1*",)), True),
        (Match(model=("gpt-4.1-mini",)), True),
        (Match(model=("gpt-4.1",)), False),
        (Match(tags={"env": ("dev",)}), True),
        (Match(tags={"env": ("test", "d*")}), True),
        (Match(tags={"env": ("Dev",)}), False),
        (Match(tags={"env": ("dev",), "owner": ("*",)}), False),
        (Match(fine_tuned=True), True),
        (Match(fine_tuned=False), False),
        (Match(managed=True), False),
        (Match(managed=False), True),
        (Match(provider=("azure",), account=("other",)), False),
    ],
)
def test_all_that_is_given_must_hold(match: Match, holds: bool) -> None:
    assert matches(match, SUBJECT) is holds


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        (Match(deployment=("dev-*",), tags={"env": ("dev",)}, managed=True), True),
        (Match(account=("aoai-dev-*",), model=("gpt-4.1*",)), True),
        (Match(account=("aoai-prod-*",)), False),
        (Match(model=("gpt-4o*",)), False),
    ],
)
def test_jobs_match_by_provider_account_and_model(match: Match, holds: bool) -> None:
    assert matches(match, JOB) is holds


def rulers(*bodies: str) -> tuple[Policy, ...]:
    lines = "\n".join(f"  - {{name: p{index}, {body}}}" for index, body in enumerate(bodies))
    return language(f"version: 1\npolicies:\n{lines}\n").policies


def name_of(ruler: Policy | Conflict | None) -> str:
    assert isinstance(ruler, Policy)
    return ruler.name


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("{}", '{deployment: "support-*"}'),
        ('{deployment: "support-*"}', "{deployment: support-bot}"),
        ("{provider: azure, fine_tuned: true}", '{deployment: "support-*"}'),
        ("{provider: azure}", "{provider: azure, fine_tuned: true}"),
        ("{tags: {env: dev}}", "{tags: {env: dev, team: chat}}"),
        ('{account: "aoai-*"}', "{account: aoai-dev-eastus2}"),
        ('{deployment: "*"}', "{fine_tuned: true}"),
    ],
)
def test_the_most_specific_match_rules(lower: str, higher: str) -> None:
    policies = rulers(f"match: {lower}, ttl: 1d", f"match: {higher}, ttl: 2d")

    assert name_of(governing(policies, SUBJECT, "ttl")) == "p1"
    assert name_of(governing(tuple(reversed(policies)), SUBJECT, "ttl")) == "p1"


def test_each_rule_has_its_own_ruler() -> None:
    policies = rulers(
        "match: {}, ttl: 1d, idle: {after: 1d}",
        "match: {deployment: support-bot}, ttl: 2d",
    )

    assert name_of(governing(policies, SUBJECT, "ttl")) == "p1"
    assert name_of(governing(policies, SUBJECT, "idle")) == "p0"
    assert governing(policies, SUBJECT, "over_budget") is None


def test_equally_specific_policies_that_differ_are_a_conflict() -> None:
    policies = rulers("match: {tags: {env: dev}}, ttl: 1d", "match: {tags: {team: chat}}, ttl: 2d")

    ruler = governing(policies, SUBJECT, "ttl")

    assert isinstance(ruler, Conflict)
    assert "policies p0 and p1 match it equally and differ in ttl" in str(ruler)


def test_equally_specific_policies_that_agree_are_none() -> None:
    policies = rulers("match: {tags: {env: dev}}, ttl: 1d", "match: {tags: {team: chat}}, ttl: 1d")

    assert name_of(governing(policies, SUBJECT, "ttl")) == "p0"


def test_a_conflict_is_an_error_of_the_plan_and_nothing_is_done_by_that_rule() -> None:
    bot = deployment(tags={"env": "dev", "team": "chat"})
    policies = language(
        """
version: 1
policies:
  - {name: dev, match: {tags: {env: dev}}, ttl: 1d}
  - {name: chat, match: {tags: {team: chat}}, ttl: 2d}
"""
    )

    decided = plan(policies, view(bot))

    assert (decided.actions, decided.upcoming) == ((), ())
    assert len(decided.errors) == 1
    assert "dev and chat" in decided.errors[0]


def test_matching_keeps_the_order_of_the_files() -> None:
    policies = rulers("match: {}, ttl: 1d", "match: {provider: openai}", "match: {fine_tuned: true}")

    assert [policy.name for policy in matching(policies, SUBJECT)] == ["p0", "p2"]
