"""What the best comparable tool gets wrong, one test for each: none of it may happen here.

The failures were reproduced on Cloud Custodian 0.9.53 with c7n_azure 0.7.52. Each test runs on the
sandbox through the vendors' SDKs, and first proves that what it is about really happened.
"""

from datetime import timedelta

import pytest

from deployer.domain.act import Phase
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.guard.outcome import Outcome, exit_code
from deployer.policy.document import Limits
from deployer.sandbox.process import Sandbox
from tests.conftest import BEGINNING
from tests.guard.emulated import DEV, Emulated
from tests.guard.world import IDLE, budgeted, policies

BOTH = {"one", "two"}


def states(outcome: Outcome) -> dict[str, str]:
    return {finding.deployment.name: finding.state.value for finding in outcome.plan.findings}


def test_idle_deployments_are_undeployed_when_the_evidence_is_whole(emulated: Emulated) -> None:
    """The others prove nothing unless this holds: without a fault both are deleted."""
    emulated.policies = policies(IDLE, limits=Limits(max_actions=5, max_share=Limits().max_share * 3))
    emulated.due("one", "two")
    outcome = emulated.sweep()
    assert [result.phase for result in outcome.results] == [Phase.DONE, Phase.DONE]
    assert set(emulated.deleted()) == BOTH


def test_1_metrics_that_answer_400_delete_nothing(emulated: Emulated) -> None:
    emulated.due("one", "two")
    before = emulated.asked("metrics.batch")
    emulated.client.fault({"path": "metrics", "kind": "status", "status": 400})
    outcome = emulated.sweep()
    assert emulated.asked("metrics.batch") > before
    assert emulated.deleted() == []
    assert {name: states(outcome)[name] for name in BOTH} == {"one": "unknown", "two": "unknown"}
    assert exit_code(outcome) == 5


@pytest.mark.parametrize("kind", ["metrics_null", "metrics_empty", "metrics_truncated", "metrics_error_code"])
def test_2_series_that_are_null_empty_truncated_or_in_error_delete_nothing(emulated: Emulated, kind: str) -> None:
    emulated.due("one", "two")
    before = emulated.asked("metrics.batch")
    emulated.client.fault({"kind": kind})
    outcome = emulated.sweep()
    assert emulated.asked("metrics.batch") > before
    assert emulated.deleted() == []
    assert {name: states(outcome)[name] for name in BOTH} == {"one": "unknown", "two": "unknown"}
    assert exit_code(outcome) == 5


def test_3_a_deployment_has_its_own_cost(emulated: Emulated) -> None:
    emulated.policies = policies(budgeted(1000))
    emulated.deploy("one")
    emulated.advance(36)
    outcome = emulated.sweep()
    assert outcome.view is not None
    [spend] = outcome.view.spent["dev"]
    assert (spend.subject.name, spend.spend.high) == ("one", Money.of("61.20"))


def test_3_a_limit_on_that_cost_is_acted_on(emulated: Emulated) -> None:
    emulated.policies = policies(budgeted(60, warn=timedelta(0)))
    emulated.deploy("one")
    emulated.advance(36)
    outcome = emulated.sweep()
    assert [result.phase for result in outcome.results] == [Phase.DONE]
    assert emulated.deleted() == ["one"]


def test_4_a_429_without_retry_after_is_tried_again(emulated: Emulated) -> None:
    emulated.deploy("one")
    before = emulated.asked("deployments.list")
    emulated.client.fault({"operation": "deployments.list", "kind": "status", "status": 429, "times": 2})
    outcome = emulated.sweep()
    assert emulated.asked("deployments.list") >= before + 3
    assert outcome.plan.gaps == ()
    assert states(outcome) == {"one": "active"}


def test_4_the_cost_headers_say_how_long_to_wait(emulated: Emulated) -> None:
    header = "x-ms-ratelimit-microsoft.costmanagement-entity-retry-after"
    emulated.client.fault(
        {"operation": "costs.query", "kind": "status", "status": 429, "headers": {header: "40"}, "times": 1}
    )
    account = next(one for one in emulated.provider.inventory.observe().accounts if one.name == DEV)
    started = emulated.clock.now()
    _, gaps = emulated.provider.billing.billed([account], Period(BEGINNING - timedelta(days=2), BEGINNING))
    assert gaps == ()
    assert emulated.asked("costs.query") == 2
    assert emulated.clock.now() - started >= timedelta(seconds=40)


def test_5_every_page_of_deployments_and_costs_is_read(sandbox: Sandbox, emulated: Emulated) -> None:
    sandbox.client.reset(seed=0, start=BEGINNING, frozen=True, page_size=2, graph_page_size=2, cost_page_size=2)
    emulated.deploy("one", "two", "three", "four", "five")
    outcome = emulated.sweep()
    assert emulated.asked("deployments.list") >= 4
    assert len(outcome.plan.findings) == 5
    emulated.advance(72)
    accounts = emulated.provider.inventory.observe().accounts
    bills, gaps = emulated.provider.billing.billed(accounts, Period(BEGINNING, BEGINNING + timedelta(days=1)))
    assert gaps == ()
    assert emulated.asked("costs.query") >= 1
    assert Money.total(bill.amount for bill in bills) == Money.of("204.00")


def test_6_deletions_that_answer_409_are_failures(emulated: Emulated) -> None:
    emulated.policies = policies(IDLE, limits=Limits(max_actions=5, max_share=Limits().max_share * 3))
    emulated.due("one", "two")
    emulated.client.fault({"operation": "deployments.delete", "kind": "status", "status": 409})
    outcome = emulated.sweep()
    assert emulated.asked("deployments.delete") >= 2
    assert [result.phase for result in outcome.results] == [Phase.FAILED, Phase.FAILED]
    assert [act.phase for act in emulated.ledger.journal.acts()] == [Phase.FAILED, Phase.FAILED]
    assert exit_code(outcome) == 1
    assert emulated.deleted() == []


def test_6_a_202_is_not_success_until_the_deployment_is_gone(emulated: Emulated) -> None:
    emulated.due("one")
    before = emulated.asked("deployments.get")
    [result] = emulated.sweep().results
    assert result.phase is Phase.DONE
    assert emulated.asked("deployments.get") >= before + 7
    assert emulated.deleted() == ["one"]


def test_8_costs_are_asked_of_the_configured_cloud(emulated: Emulated) -> None:
    accounts = emulated.provider.inventory.observe().accounts
    emulated.provider.billing.billed(accounts, Period(BEGINNING - timedelta(days=2), BEGINNING))
    assert emulated.asked("costs.query") == 1
