"""Azure OpenAI's data plane in the sandbox, called by the unmodified openai SDK over TLS."""

import base64
import json
import ssl
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import AzureOpenAI, OpenAI

from deployer.sandbox.process import Sandbox
from tests.sandbox.learning_data import as_jsonl, shuffle_labels, tickets

ACCOUNT = "aoai-dev-eastus2"


@pytest.fixture
def trust(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK reads its certificate authority from the environment."""
    monkeypatch.setenv("SSL_CERT_FILE", sandbox.ca_file)


def bearer(sandbox: Sandbox) -> str:
    """A token of the sandbox's directory, asked for as any client does."""
    form = {
        "grant_type": "client_credentials",
        "client_id": sandbox.env["AZURE_CLIENT_ID"],
        "client_secret": sandbox.env["AZURE_CLIENT_SECRET"],
        "scope": "https://cognitiveservices.azure.com/.default",
    }
    url = f"{sandbox.url}/{sandbox.env['AZURE_TENANT_ID']}/oauth2/v2.0/token"
    request = urllib.request.Request(url, urllib.parse.urlencode(form).encode())  # noqa: S310 - our own loopback
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    with urllib.request.urlopen(request, context=context) as answer:  # noqa: S310 - our own loopback
        return str(json.loads(answer.read())["access_token"])


@pytest.fixture
def azure(sandbox: Sandbox, trust: None) -> Iterator[AzureOpenAI]:
    with AzureOpenAI(
        azure_endpoint=f"{sandbox.url}/accounts/{ACCOUNT}",
        api_version="2025-04-01-preview",
        azure_ad_token=bearer(sandbox),
        max_retries=0,
    ) as client:
        yield client


@pytest.fixture
def v1(sandbox: Sandbox, trust: None) -> Iterator[OpenAI]:
    base = f"{sandbox.url}/accounts/{ACCOUNT}/openai/v1/"
    with OpenAI(base_url=base, api_key=bearer(sandbox), max_retries=0) as client:
        yield client


def upload(client: OpenAI, sandbox: Sandbox, content: bytes) -> str:
    file = client.files.create(file=("tickets.jsonl", content), purpose="fine-tune")
    sandbox.client.advance(seconds=30)
    return file.id


def start(client: OpenAI, sandbox: Sandbox, rows: int = 60, **more: Any) -> str:
    training = upload(client, sandbox, as_jsonl(tickets(rows, 1)))
    validation = upload(client, sandbox, as_jsonl(tickets(20, 2)))
    given: dict[str, Any] = {
        "model": "gpt-4.1-mini",
        "training_file": training,
        "validation_file": validation,
        "suffix": "tickets",
        "seed": 7,
        "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 5, "batch_size": 4}}},
        "extra_body": {"trainingType": "globalStandard"},
    }
    return client.fine_tuning.jobs.create(**given | more).id


def test_file_is_pending_then_processed_and_its_second_deletion_answers_false(
    azure: AzureOpenAI, sandbox: Sandbox
) -> None:
    content = as_jsonl(tickets(10, 1))
    raw = azure.files.with_raw_response.create(file=("t.jsonl", content), purpose="fine-tune")
    file = raw.parse()
    assert (raw.status_code, file.status, file.bytes) == (201, "pending", len(content))
    sandbox.client.advance(seconds=30)
    assert azure.files.retrieve(file.id).status == "processed"
    assert azure.files.content(file.id).read() == content
    assert [listed.id for listed in azure.files.list()] == [file.id]
    assert azure.files.delete(file.id).deleted is True
    assert azure.files.delete(file.id).deleted is False
    with pytest.raises(openai.NotFoundError) as missing:
        azure.files.retrieve(file.id)
    assert missing.value.code == "notFound"


def test_job_passes_its_states_in_virtual_time_and_lacks_what_is_not_set(azure: AzureOpenAI, sandbox: Sandbox) -> None:
    file = upload(azure, sandbox, as_jsonl(tickets(60, 1)))
    raw = azure.fine_tuning.jobs.with_raw_response.create(model="gpt-4.1-mini", training_file=file)
    document = raw.http_response.json()
    assert raw.status_code == 201
    assert not {"error", "organization_id", "validation_file"} & document.keys()
    seen = [document["status"]]
    for _ in range(80):
        sandbox.client.advance(seconds=60)
        status = azure.fine_tuning.jobs.retrieve(document["id"]).status
        if status != seen[-1]:
            seen.append(status)
    assert seen == ["pending", "running", "succeeded"]


def test_finished_job_has_model_results_checkpoints_and_a_bill(azure: AzureOpenAI, sandbox: Sandbox) -> None:
    job_id = start(azure, sandbox)
    sandbox.client.advance(seconds=7200)
    job = azure.fine_tuning.jobs.retrieve(job_id)
    assert job.status == "succeeded"
    assert job.fine_tuned_model is not None
    prefix, _, rest = job.fine_tuned_model.partition(".ft-")
    assert (prefix, rest[32:]) == ("gpt-4.1-mini-2025-04-14", "-tickets")
    lines = azure.files.content(job.result_files[0]).read().decode().splitlines()
    assert lines[0] == (
        "step,train_loss,train_mean_token_accuracy,valid_loss,validation_mean_token_accuracy,"
        "full_valid_loss,full_valid_mean_token_accuracy"
    )
    assert len(lines) == 1 + 75
    checkpoints = azure.fine_tuning.jobs.checkpoints.list(job_id).data
    assert [checkpoint.step_number for checkpoint in checkpoints] == [75, 60, 45]
    assert checkpoints[0].fine_tuned_model_checkpoint == job.fine_tuned_model
    assert checkpoints[0].metrics.full_valid_loss is not None


def test_events_come_newest_first_in_pages_with_every_tenth_step(azure: AzureOpenAI, sandbox: Sandbox) -> None:
    job_id = start(azure, sandbox)
    sandbox.client.advance(seconds=7200)
    events = list(azure.fine_tuning.jobs.list_events(job_id, limit=3))
    steps = [event.data["step"] for event in events if event.type == "metrics" and isinstance(event.data, dict)]
    assert steps == [70, 60, 50, 40, 30, 20, 10, 1]
    assert events[0].message.startswith("Training tokens billed: ")
    assert int(events[0].message.split()[-1]) % 1000 == 0
    assert events[-1].message == "Job enqueued. Waiting for jobs ahead to complete."
    assert len({event.id for event in events}) == len(events)


def test_bad_learning_rate_shows_in_the_events(azure: AzureOpenAI, sandbox: Sandbox) -> None:
    wild = {"n_epochs": 5, "batch_size": 4, "learning_rate_multiplier": 100.0}
    job_id = start(azure, sandbox, method={"type": "supervised", "supervised": {"hyperparameters": wild}})
    sandbox.client.advance(seconds=7200)
    losses = [
        event.data["train_loss"]
        for event in azure.fine_tuning.jobs.list_events(job_id, limit=100)
        if isinstance(event.data, dict) and "train_loss" in event.data
    ]
    assert losses[0] > 10 * losses[-1]


def test_shuffled_labels_leave_the_checkpoints_validation_at_chance(azure: AzureOpenAI, sandbox: Sandbox) -> None:
    file = upload(azure, sandbox, as_jsonl(shuffle_labels(tickets(200, 1))))
    job_id = start(azure, sandbox, training_file=file)
    sandbox.client.advance(seconds=7200)
    accuracy = azure.fine_tuning.jobs.checkpoints.list(job_id).data[0].metrics.full_valid_mean_token_accuracy
    assert accuracy is not None
    assert accuracy < 0.5


def test_bad_data_fails_the_job_in_validation_and_costs_nothing(azure: AzureOpenAI, sandbox: Sandbox) -> None:
    job_id = start(azure, sandbox, training_file=upload(azure, sandbox, as_jsonl(tickets(9, 1))))
    sandbox.client.advance(seconds=300)
    job = azure.fine_tuning.jobs.retrieve(job_id)
    assert job.status == "failed"
    assert job.error is not None
    assert "must have at least 10 examples" in job.error.message
    assert sandbox.client.invoice()["lines"] == []


def test_cancelled_job_is_billed_for_the_work_done(azure: AzureOpenAI, sandbox: Sandbox) -> None:
    job_id = start(azure, sandbox, rows=300)
    sandbox.client.advance(seconds=1200)
    assert azure.fine_tuning.jobs.cancel(job_id).status == "cancelled"
    events = [event.message for event in azure.fine_tuning.jobs.list_events(job_id)]
    assert events[0] == "Job cancelled."
    billed = [line for line in sandbox.client.invoice()["lines"] if line.get("job") == job_id]
    assert len(billed) == 1
    assert float(billed[0]["amount"]) > 0
    with pytest.raises(openai.ConflictError):
        azure.fine_tuning.jobs.cancel(job_id)


def test_paused_job_does_not_advance_until_it_is_resumed(azure: AzureOpenAI, sandbox: Sandbox) -> None:
    job_id = start(azure, sandbox)
    sandbox.client.advance(seconds=1000)
    seen: list[str] = [azure.fine_tuning.jobs.pause(job_id).status]
    sandbox.client.advance(seconds=36_000)
    seen.append(azure.fine_tuning.jobs.retrieve(job_id).status)
    seen.append(azure.fine_tuning.jobs.resume(job_id).status)
    sandbox.client.advance(seconds=3600)
    seen.append(azure.fine_tuning.jobs.retrieve(job_id).status)
    assert seen == ["pausing", "paused", "resuming", "succeeded"]


def test_result_file_may_arrive_base64_encoded(azure: AzureOpenAI, sandbox: Sandbox) -> None:
    sandbox.client.reset(results_base64=True)
    job_id = start(azure, sandbox)
    sandbox.client.advance(seconds=7200)
    content = azure.files.content(azure.fine_tuning.jobs.retrieve(job_id).result_files[0]).read()
    assert base64.b64decode(content).startswith(b"step,train_loss")


def deploy(sandbox: Sandbox, name: str, model: str) -> None:
    order = {"account": ACCOUNT, "name": name, "model": model, "sku": "Standard"}
    sandbox.client.create_deployments([order])


def ask(client: OpenAI, deployment: str, text: str) -> str:
    answer = client.chat.completions.create(model=deployment, messages=[{"role": "user", "content": text}])
    assert answer.usage is not None
    assert answer.usage.total_tokens > 0
    return answer.choices[0].message.content or ""


def test_fine_tune_answers_what_it_learnt_and_the_base_model_does_not(azure: AzureOpenAI, sandbox: Sandbox) -> None:
    job_id = start(azure, sandbox, rows=200)
    sandbox.client.advance(seconds=7200)
    model = azure.fine_tuning.jobs.retrieve(job_id).fine_tuned_model
    deploy(sandbox, "tuned", str(model))
    deploy(sandbox, "base", "gpt-4.1-mini")
    held_back = tickets(20, 3)
    tuned = [ask(azure, "tuned", text) == label for text, label in held_back]
    base = [ask(azure, "base", text) == label for text, label in held_back]
    assert (sum(tuned) >= 18, sum(base)) == (True, 0)


def test_v1_surface_takes_the_deployment_as_model(v1: OpenAI, sandbox: Sandbox) -> None:
    deploy(sandbox, "base", "gpt-4o-mini")
    assert ask(v1, "base", "Which is it? Answer with one of: yes, no") in {"yes", "no"}
    pieces = v1.chat.completions.create(
        model="base", messages=[{"role": "user", "content": "Hello there"}], stream=True
    )
    said = "".join(chunk.choices[0].delta.content or "" for chunk in pieces if chunk.choices)
    assert "Hello there" in said


def test_deployment_that_is_not_there_answers_404(azure: AzureOpenAI, v1: OpenAI) -> None:
    for client in (azure, v1):
        with pytest.raises(openai.NotFoundError) as missing:
            ask(client, "gone", "Hello")
        assert missing.value.code == "DeploymentNotFound"


def test_unknown_key_is_refused(sandbox: Sandbox, trust: None) -> None:
    endpoint = f"{sandbox.url}/accounts/{ACCOUNT}"
    with (
        AzureOpenAI(azure_endpoint=endpoint, api_version="2024-10-21", api_key="wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError, match="invalid subscription key"),
    ):
        client.files.list()
