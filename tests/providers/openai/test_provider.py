"""OpenAI behind the ports: what exists, what was used, what was billed, and what cannot be done there."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from deployer.clock import Clock
from deployer.domain.deployment import Account, Deployment
from deployer.domain.job import Job
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.errors import CloudError, NotFound
from deployer.ports.cloud import Connection, DeploymentRequest, Provider
from deployer.providers.openai import connect
from deployer.sandbox.process import Sandbox
from tests.providers.opening import BASE, Connect


def day(clock: Clock) -> Period:
    return Period(clock.now() - timedelta(days=1), clock.now())


def test_without_any_key_it_is_not_configured(clock: Clock) -> None:
    assert connect(Connection({"OPENAI_BASE_URL": "https://localhost"}), clock) is None


def test_projects_are_the_accounts_of_an_administrator(openai: Provider) -> None:
    reading = openai.inventory.observe()
    assert [account.name for account in reading.accounts] == ["proj_default"]
    assert (reading.complete, reading.gaps) == (True, ())


def test_without_an_admin_key_there_is_one_account(connect_openai: Connect, tuned: Deployment) -> None:
    reading = connect_openai(OPENAI_ADMIN_KEY="").inventory.observe()
    assert [account.name for account in reading.accounts] == ["default"]
    assert [each.name for each in reading.deployments] == [tuned.name]


def test_fine_tuned_models_are_deployments_and_base_models_are_not(tuned: Deployment, openai: Provider) -> None:
    assert [each.name for each in openai.inventory.observe().deployments] == [tuned.name]
    assert (tuned.fine_tuned, tuned.base_model, tuned.state) == (True, "gpt-4.1-mini", "available")
    assert tuned.created_at is not None


def test_a_retired_model_is_still_listed_and_its_date_says_so(
    sandbox: Sandbox, tuned: Deployment, openai: Provider
) -> None:
    sandbox.client.advance(seconds=200 * 86_400)
    assert [each.state for each in openai.inventory.observe().deployments] == ["retired"]


def test_one_model_is_read_afresh_and_an_unknown_one_is_none(openai: Provider, tuned: Deployment) -> None:
    assert openai.inventory.read(tuned.account, tuned.name) == tuned
    assert openai.inventory.read(tuned.account, "ft:gpt-4.1-mini-2025-04-14:org::nothing") is None


def test_a_project_that_cannot_be_listed_is_a_gap(sandbox: Sandbox, connect_openai: Connect) -> None:
    sandbox.client.fault({"path": "/v1/models", "kind": "status", "status": 403})
    reading = connect_openai(retries=0).inventory.observe()
    assert [gap.where for gap in reading.gaps] == ["openai:proj_default"]
    assert reading.unread == {"proj_default"}


def test_projects_that_cannot_be_listed_make_the_reading_incomplete(sandbox: Sandbox, connect_openai: Connect) -> None:
    sandbox.client.fault({"path": "/v1/organization/projects", "kind": "status", "status": 500})
    reading = connect_openai(retries=0).inventory.observe()
    assert (reading.complete, len(reading.gaps)) == (False, 1)


def test_calls_are_seen_as_usage_hour_by_hour(openai: Provider, tuned: Deployment, clock: Clock) -> None:
    answer = openai.deployments.call(tuned.account, tuned.name, "is 4 even?")
    assert answer == "yes"
    clock.sleep(3600)
    observation = openai.usage.observe([tuned], day(clock))
    reading = observation.readings[tuned.id.key]
    assert (reading.complete, [bucket.requests for bucket in reading.buckets]) == (True, [1])
    assert reading.buckets[0].input_tokens
    assert observation.aliveness["proj_default"].alive is True


def test_a_model_without_calls_in_a_dead_project_is_no_evidence(
    openai: Provider, tuned: Deployment, clock: Clock
) -> None:
    observation = openai.usage.observe([tuned], day(clock))
    assert observation.readings[tuned.id.key].buckets == ()
    assert observation.aliveness["proj_default"].alive is False


def test_a_call_of_long_ago_proves_the_metric_alive(openai: Provider, tuned: Deployment, clock: Clock) -> None:
    openai.deployments.call(tuned.account, BASE, "hello")
    clock.sleep(40 * 86_400)
    observation = openai.usage.observe([tuned], day(clock))
    assert observation.readings[tuned.id.key].buckets == ()
    assert observation.aliveness["proj_default"].alive is True


def test_usage_over_many_pages_is_read_to_the_end(openai: Provider, tuned: Deployment, clock: Clock) -> None:
    began = clock.now()
    openai.deployments.call(tuned.account, tuned.name, "first")
    clock.sleep(20 * 86_400)
    openai.deployments.call(tuned.account, tuned.name, "last")
    clock.sleep(3600)
    reading = openai.usage.observe([tuned], Period(began, clock.now())).readings[tuned.id.key]
    assert [bucket.requests for bucket in reading.buckets] == [1, 1]


def test_without_an_admin_key_usage_is_unknown_with_the_cause(
    connect_openai: Connect, tuned: Deployment, clock: Clock
) -> None:
    observation = connect_openai(OPENAI_ADMIN_KEY="").usage.observe([tuned], day(clock))
    reading = observation.readings[tuned.id.key]
    assert (reading.complete, observation.aliveness["proj_default"].alive) == (False, None)
    assert "OPENAI_ADMIN_KEY" in reading.cause


def test_usage_that_fails_is_unknown_not_idle(
    sandbox: Sandbox, connect_openai: Connect, tuned: Deployment, clock: Clock
) -> None:
    sandbox.client.fault({"path": "/v1/organization/usage", "kind": "status", "status": 500})
    reading = connect_openai(retries=0).usage.observe([tuned], day(clock)).readings[tuned.id.key]
    assert not reading.complete
    assert "500" in reading.cause


def test_costs_are_bills_by_day_and_line_item(openai: Provider, tuned: Deployment, clock: Clock) -> None:
    clock.sleep(3600)
    bills, gaps = openai.billing.billed([tuned.account], day(clock))
    assert gaps == ()
    assert [(bill.account, bill.meter) for bill in bills] == [("proj_default", "gpt-4.1-mini, fine-tuning training")]
    assert bills[0].amount > Money.zero()


def test_without_an_admin_key_bills_are_a_gap(connect_openai: Connect, account: Account, clock: Clock) -> None:
    bills, gaps = connect_openai(OPENAI_ADMIN_KEY="").billing.billed([account], day(clock))
    assert (bills, len(gaps)) == ((), 1)


def test_there_is_nothing_to_create(openai: Provider, account: Account) -> None:
    with pytest.raises(CloudError, match="no deployments to create") as caught:
        openai.deployments.create(DeploymentRequest(account, "x", "ft:gpt-4o-mini:org::1"))
    assert caught.value.exit_code == 3


def test_deleting_is_refused_for_it_saves_nothing_and_destroys(openai: Provider, tuned: Deployment) -> None:
    with pytest.raises(CloudError, match="costs nothing while it is not called") as caught:
        openai.deployments.delete(tuned.account, tuned.name)
    assert caught.value.exit_code == 3
    assert openai.inventory.read(tuned.account, tuned.name) is not None


def test_calling_a_model_that_does_not_exist_is_not_found(openai: Provider, account: Account) -> None:
    with pytest.raises(NotFound):
        openai.deployments.call(account, "ft:gpt-4.1-mini-2025-04-14:org::nothing", "hello")


def test_a_job_is_followed_from_upload_to_result(openai: Provider, account: Account, train: Callable[[], Job]) -> None:
    job = train()
    assert (job.status, job.hyperparameters.epochs) == ("succeeded", 3)
    events = openai.training.events(account, job.id)
    instants = [event.at for event in events if event.at]
    assert (len(instants), instants) == (len(events), sorted(instants))
    assert events[0].message.startswith("Created fine-tuning job")
    assert [checkpoint.step for checkpoint in openai.training.checkpoints(account, job.id)][-1] == 60
    assert openai.training.result(account, job.result_files[0]).startswith(b"step,train_loss")


def test_more_events_than_a_page_holds_are_all_read(
    openai: Provider, account: Account, train: Callable[[], Job]
) -> None:
    events = openai.training.events(account, train().id)
    steps = [event.data["step"] for event in events if "step" in event.data]
    assert steps == list(range(1, 61))


def test_the_checkup_names_each_key(openai: Provider, connect_openai: Connect) -> None:
    assert [line.ok for line in openai.check()] == [True, True, True, True]
    lines = connect_openai(retries=0, OPENAI_ADMIN_KEY="", OPENAI_API_KEY="wrong").check()
    assert [(line.what, line.ok, line.optional) for line in lines] == [
        ("openai key", False, False),
        ("openai admin key", False, True),
    ]


def test_without_an_admin_key_the_rest_is_well_and_what_is_not_known_is_said(connect_openai: Connect) -> None:
    lines = connect_openai(OPENAI_ADMIN_KEY="").check()
    assert [(line.what, line.ok) for line in lines if not line.optional] == [
        ("openai key", True),
        ("openai fine-tuning", True),
    ]
    assert "use and idleness of models, bills and caps are not known" in lines[-1].detail


def test_an_organisation_that_may_not_train_any_more_is_told_so(sandbox: Sandbox, connect_openai: Connect) -> None:
    sandbox.client.reset(seed=0, training_available=False)
    line = next(line for line in connect_openai().check() if line.what == "openai fine-tuning")
    assert (line.ok, line.optional, line.next_step) == (False, True, "fine-tune with --provider azure")
    assert "training_not_available" in line.detail
