"""Calls and fine-tuning on an account's own endpoint."""

import json
from pathlib import Path

import pytest

from deployer.domain.deployment import Account
from deployer.domain.job import Hyperparameters, Job, JobSpec
from deployer.errors import CloudError, Forbidden, NotFound
from deployer.ports.cloud import DeploymentRequest, Provider
from deployer.sandbox.process import Sandbox
from tests.conftest import SandboxTestClock
from tests.providers.opening import Connect


@pytest.fixture
def training_file(tmp_path: Path) -> Path:
    """Twelve small examples of two labels."""
    rows = [("the invoice is wrong", "billing"), ("the app crashes", "bug")] * 6
    lines = [
        {"messages": [{"role": "user", "content": f"{text} {number}"}, {"role": "assistant", "content": label}]}
        for number, (text, label) in enumerate(rows)
    ]
    path = tmp_path / "train.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return path


def fine_tune(azure: Provider, account: Account, clock: SandboxTestClock, path: Path) -> Job:
    file_id = azure.training.upload(account, path)
    spec = JobSpec(
        account.name,
        "gpt-4.1-mini-2025-04-14",
        file_id,
        suffix="triage",
        hyperparameters=Hyperparameters(epochs=2),
        training_tier="globalStandard",
    )
    job = azure.training.start(account, spec)
    for _ in range(200):
        if job.ended:
            return job
        clock.sleep(300)
        job = azure.training.job(account, job.id)
    raise AssertionError(f"the job is still {job.status}")


def test_model_is_trained_deployed_and_called(
    azure: Provider, account: Account, clock: SandboxTestClock, training_file: Path
) -> None:
    job = fine_tune(azure, account, clock, training_file)
    assert job.succeeded, job.error

    azure.deployments.create(DeploymentRequest(account, "triage", job.fine_tuned_model, "1", "Standard", 10))
    answer = azure.deployments.call(account, "triage", "the invoice is wrong 1")

    assert answer
    assert (job.account, job.provider, job.training_tier) == (account.name, "azure", "globalStandard")


def test_job_is_listed_with_its_events_checkpoints_and_results(
    azure: Provider, account: Account, clock: SandboxTestClock, training_file: Path
) -> None:
    job = fine_tune(azure, account, clock, training_file)

    assert [one.id for one in azure.training.jobs(account)] == [job.id]
    assert azure.training.events(account, job.id)
    assert azure.training.checkpoints(account, job.id)
    assert azure.training.result(account, job.result_files[0]).startswith(b"step,")


def test_undeployed_name_is_not_found(azure: Provider, account: Account) -> None:
    with pytest.raises(NotFound, match="DeploymentNotFound"):
        azure.deployments.call(account, "gone", "hello")


def test_call_that_is_throttled_is_tried_again(sandbox: Sandbox, azure: Provider, account: Account) -> None:
    sandbox.client.create_deployments([{"account": account.name, "name": "base", "model": "gpt-4o-mini"}])
    headers = {"Retry-After": "5"}
    sandbox.client.fault({"operation": "azure.chat", "kind": "status", "status": 429, "headers": headers, "times": 1})

    assert azure.deployments.call(account, "base", "hello")


def test_expired_token_is_renewed_for_a_call(sandbox: Sandbox, azure: Provider, account: Account) -> None:
    sandbox.client.create_deployments([{"account": account.name, "name": "base", "model": "gpt-4o-mini"}])
    azure.deployments.call(account, "base", "hello")
    sandbox.client.fault({"operation": "azure.chat", "kind": "expired_token", "times": 1})

    assert azure.deployments.call(account, "base", "hello")


def test_wrong_secret_is_forbidden_in_the_data_plane_too(connect_azure: Connect, account: Account) -> None:
    azure = connect_azure(AZURE_CLIENT_SECRET="canary-wrong")

    with pytest.raises(Forbidden, match="sign-in failed") as caught:
        azure.deployments.call(account, "base", "hello")

    assert "canary-wrong" not in str(caught.value)


def test_account_without_an_endpoint_says_what_to_set(connect_azure: Connect) -> None:
    azure = connect_azure(DEPLOYER_AZURE_OPENAI_URL="")

    with pytest.raises(CloudError) as caught:
        azure.deployments.call(Account("azure", "bare", "/subscriptions/s/x"), "base", "hello")

    assert "DEPLOYER_AZURE_OPENAI_URL" in caught.value.next_step


def test_endpoint_that_arm_reports_is_used_when_none_is_set(
    sandbox: Sandbox, connect_azure: Connect, account: Account
) -> None:
    sandbox.client.create_deployments([{"account": account.name, "name": "base", "model": "gpt-4o-mini"}])

    assert connect_azure(DEPLOYER_AZURE_OPENAI_URL="").deployments.call(account, "base", "hello")
