"""The plan as a whole: what is unguarded, unread or unwatched is shown, never passed over."""

from dataclasses import replace
from datetime import timedelta

from deployer.domain.snapshot import Gap
from deployer.policy.decide import usage_window
from deployer.policy.document import PolicySet
from tests.policy.world import DAY, HOUR, MINUTE, NOW, deployment, plan, rules, usage, view, zeros

BOT = deployment()


def test_a_deployment_that_no_policy_matches_is_unguarded() -> None:
    decided = plan(rules("ttl: 1d", match="{fine_tuned: false}"), view(BOT))

    assert decided.unguarded == (BOT,)
    assert decided.findings == ()


def test_a_deployment_that_others_created_is_guarded_like_ours() -> None:
    ours = deployment("ours", managed=True)
    policies = rules("idle: {after: 24h, warn: 0h, then: undeploy}")

    decided = plan(policies, view(BOT, ours, readings=[usage(BOT, zeros(48)), usage(ours, zeros(48))]))

    assert {act.target.name for act in decided.acts if act.target} == {"bot", "ours"}


def test_a_matched_deployment_without_a_rule_is_still_shown() -> None:
    decided = plan(rules("notify: 'mailto://x@example.org'"), view(BOT))

    assert [finding.reason for finding in decided.findings] == ["no rule acts on it"]


def test_an_account_that_was_not_listed_is_a_gap() -> None:
    unread = frozenset({BOT.account.resource_id.lower()})

    decided = plan(rules("ttl: 60d"), view(BOT, unread=unread))

    assert [str(gap) for gap in decided.gaps] == ["deployments of aoai-dev-eastus2: not listed to the end"]


def test_a_gap_that_was_told_is_not_told_twice() -> None:
    gap = Gap("deployments", "aoai-dev-eastus2", "429")

    decided = plan(rules("ttl: 60d"), view(BOT, gaps=(gap,), unread=frozenset({BOT.account.resource_id.lower()})))

    assert decided.gaps == (gap,)


def test_an_account_that_no_list_showed_goes_by_its_name_and_is_told_once() -> None:
    """Sign-in failed: there is no account but the one that the ledger knew."""
    seen, gap = view(), Gap("deployments", "aoai-dev-eastus2", "no list of accounts could be read")
    blind = replace(seen.snapshot, accounts=(), gaps=(gap,), unread=frozenset({BOT.account.resource_id.lower()}))

    assert plan(rules("ttl: 60d"), replace(seen, snapshot=blind)).gaps == (gap,)


def test_a_partial_list_of_accounts_is_a_gap() -> None:
    seen = view(BOT)
    partial = replace(seen, snapshot=replace(seen.snapshot, complete=False))

    assert [gap.what for gap in plan(rules("ttl: 60d"), partial).gaps] == ["accounts"]


def test_the_next_instant_is_the_earliest_of_all_rules() -> None:
    policies = rules("ttl: 31d, idle: {after: 24h, warn: 0h, then: undeploy}")

    decided = plan(policies, view(BOT, readings=[usage(BOT, zeros() | {5 * HOUR: 1})]))

    assert decided.next_due == NOW + 19 * HOUR + 10 * MINUTE
    assert [one.due for one in decided.upcoming] == sorted(one.due for one in decided.upcoming)


def test_the_usage_window_covers_the_longest_rule_from_a_full_hour_up_to_what_is_visible() -> None:
    window = usage_window(rules("idle: {after: 7d}"), NOW + timedelta(minutes=37))

    assert window.end == NOW + 27 * MINUTE
    assert window.start == NOW - 7 * DAY - 6 * HOUR
    assert window.start.minute == 0


def test_the_window_of_one_sweep_is_enough_for_a_decision_a_minute_later() -> None:
    policies = rules("idle: {after: 24h, warn: 0h, then: undeploy}")
    window = usage_window(policies, NOW)
    reading = replace(usage(BOT, zeros(48)), window=window)

    decided = plan(policies, view(BOT, readings=[reading]), NOW + MINUTE)

    assert len(decided.acts) == 1


def test_no_policies_guard_nothing() -> None:
    assert plan(PolicySet(), view(BOT)).unguarded == (BOT,)
