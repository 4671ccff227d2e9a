"""OpenAI's API and organisation API in the sandbox, called by the unmodified openai SDK over TLS."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import openai
import pytest
from openai import OpenAI

from deployer.sandbox.process import Sandbox
from tests.sandbox.learning_data import as_jsonl, tickets

PROJECT = "proj_default"
BEGINNING = int(datetime(2026, 9, 1, tzinfo=UTC).timestamp())


@pytest.fixture
def client(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAI]:
    """A client with both keys; the SDK reads its certificate authority from the environment."""
    monkeypatch.setenv("SSL_CERT_FILE", sandbox.ca_file)
    with OpenAI(
        base_url=sandbox.env["OPENAI_BASE_URL"],
        api_key=sandbox.env["OPENAI_API_KEY"],
        admin_api_key=sandbox.env["OPENAI_ADMIN_KEY"],
        max_retries=0,
    ) as made:
        yield made


def start(client: OpenAI, rows: int = 60, **more: Any) -> str:
    file = client.files.create(file=("tickets.jsonl", as_jsonl(tickets(rows, 1))), purpose="fine-tune")
    given: dict[str, Any] = {
        "model": "gpt-4.1-mini-2025-04-14",
        "training_file": file.id,
        "suffix": "Tickets",
        "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 5, "batch_size": 4}}},
        "metadata": {"team": "support"},
    }
    return client.fine_tuning.jobs.create(**given | more).id


def tune(client: OpenAI, sandbox: Sandbox, rows: int = 60) -> str:
    job_id = start(client, rows)
    sandbox.client.advance(seconds=7200)
    model = client.fine_tuning.jobs.retrieve(job_id).fine_tuned_model
    assert model is not None
    return model


def ask(client: OpenAI, model: str, text: str = "my card shows a wrong charge") -> str:
    answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}])
    return answer.choices[0].message.content or ""


def test_file_is_uploaded_then_processed(client: OpenAI, sandbox: Sandbox) -> None:
    file = client.files.create(file=("t.jsonl", as_jsonl(tickets(10, 1))), purpose="fine-tune")
    assert file.status == "uploaded"
    sandbox.client.advance(seconds=5)
    assert client.files.retrieve(file.id).status == "processed"
    assert client.files.delete(file.id).deleted


def test_job_passes_its_states_in_virtual_time(client: OpenAI, sandbox: Sandbox) -> None:
    job_id = start(client)
    seen: list[str] = []
    for _ in range(80):
        status = client.fine_tuning.jobs.retrieve(job_id).status
        seen += [status] if status not in seen else []
        sandbox.client.advance(seconds=60)
    assert seen == ["validating_files", "queued", "running", "succeeded"]


def test_finished_job_shows_its_model_tokens_and_results(client: OpenAI, sandbox: Sandbox) -> None:
    job_id = start(client)
    assert client.fine_tuning.jobs.retrieve(job_id).trained_tokens is None
    sandbox.client.advance(seconds=7200)
    job = client.fine_tuning.jobs.retrieve(job_id)
    assert job.fine_tuned_model is not None
    assert job.fine_tuned_model.startswith("ft:gpt-4.1-mini-2025-04-14:sandbox:Tickets:")
    assert job.metadata == {"team": "support"}
    lines = client.files.content(job.result_files[0]).read().decode().splitlines()
    assert lines[0] == "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy"
    billed = [line for line in sandbox.client.invoice()["lines"] if line.get("job") == job_id]
    assert billed[0]["unit_price"] == "5"
    assert float(billed[0]["amount"]) == pytest.approx((job.trained_tokens or 0) * 5 / 1e6)


def test_jobs_and_events_are_paged(client: OpenAI, sandbox: Sandbox) -> None:
    made = [start(client) for _ in range(3)]
    assert [job.id for job in client.fine_tuning.jobs.list(limit=2)] == made[::-1]
    sandbox.client.advance(seconds=7200)
    events = list(client.fine_tuning.jobs.list_events(made[0], limit=50))
    metrics = [event.data for event in events if event.type == "metrics" and isinstance(event.data, dict)]
    assert [data["step"] for data in metrics] == list(range(75, 0, -1))
    assert metrics[0]["train_loss"] < metrics[-1]["train_loss"]


def test_bad_file_fails_the_job_with_the_vendors_words(client: OpenAI, sandbox: Sandbox) -> None:
    file = client.files.create(file=("bad.jsonl", b'{"prompt": "a"}\n' * 12), purpose="fine-tune")
    job_id = start(client, training_file=file.id)
    sandbox.client.advance(seconds=300)
    error = client.fine_tuning.jobs.retrieve(job_id).error
    assert error is not None
    assert (error.code, error.param) == ("invalid_training_file", "training_file")
    assert 'Example 1 is missing key "messages"' in error.message


def test_fine_tuned_model_answers_until_it_is_deleted_for_good(client: OpenAI, sandbox: Sandbox) -> None:
    model = tune(client, sandbox, rows=120)
    assert ask(client, model) == "billing"
    assert model in {listed.id for listed in client.models.list()}
    assert client.models.delete(model).deleted
    with pytest.raises(openai.NotFoundError) as missing:
        ask(client, model)
    assert missing.value.code == "model_not_found"


def test_models_show_their_shutdown_date_and_stop_on_it(client: OpenAI, sandbox: Sandbox) -> None:
    assert client.models.retrieve("gpt-4.1-nano").shutdown_date == "2026-10-23"
    assert ask(client, "gpt-4.1-nano")
    sandbox.client.advance(to=datetime(2026, 10, 23, tzinfo=UTC))
    with pytest.raises(openai.NotFoundError, match="deprecated"):
        ask(client, "gpt-4.1-nano")
    assert "gpt-4.1-nano-2025-04-14" in {listed.id for listed in client.models.list()}


def test_no_job_can_be_created_where_training_is_not_available(client: OpenAI, sandbox: Sandbox) -> None:
    sandbox.client.reset(training_available=False)
    with pytest.raises(openai.PermissionDeniedError) as refused:
        start(client)
    assert refused.value.code == "training_not_available"
    sandbox.client.reset(start=datetime(2027, 1, 7, tzinfo=UTC))
    with pytest.raises(openai.PermissionDeniedError) as too_late:
        start(client)
    assert too_late.value.code == "training_not_available"


def test_wrong_key_is_refused_and_partly_echoed(client: OpenAI) -> None:
    wrong = client.with_options(api_key="sk-proj-abcdefghijklmnop")
    with pytest.raises(openai.AuthenticationError, match="Incorrect API key provided: sk-proj-") as refused:
        wrong.models.list()
    assert refused.value.code == "invalid_api_key"


def test_ordinary_key_may_not_administer(client: OpenAI, sandbox: Sandbox) -> None:
    ordinary = client.with_options(admin_api_key=sandbox.env["OPENAI_API_KEY"])
    with pytest.raises(openai.PermissionDeniedError):
        ordinary.admin.organization.projects.list()


def test_usage_is_reported_by_model_in_paged_buckets(client: OpenAI, sandbox: Sandbox) -> None:
    model = tune(client, sandbox)
    ask(client, model)
    ask(client, "gpt-4o-mini")
    sandbox.client.advance(seconds=3600)
    usage = client.admin.organization.usage
    page = usage.completions(start_time=BEGINNING, bucket_width="1h", group_by=["model", "project_id"], limit=2)
    assert page.has_more
    rest = usage.completions(
        start_time=BEGINNING, bucket_width="1h", group_by=["model", "project_id"], limit=24, page=page.next_page or ""
    )
    found: list[Any] = [result for bucket in page.data + rest.data for result in bucket.results]
    called = sorted((result.model, result.project_id, result.num_model_requests) for result in found)
    assert called == sorted([(model, PROJECT, 1), ("gpt-4o-mini-2024-07-18", PROJECT, 1)])
    assert not rest.has_more


def test_costs_are_daily_and_equal_the_invoice(client: OpenAI, sandbox: Sandbox) -> None:
    ask(client, tune(client, sandbox))
    sandbox.client.advance(seconds=86_400)
    costs = client.admin.organization.usage.costs(start_time=BEGINNING, group_by=["project_id", "line_item"], limit=30)
    results: list[Any] = [result for bucket in costs.data for result in bucket.results]
    assert {result.project_id for result in results} == {PROJECT}
    total = sum(result.amount.value for result in results)
    assert total == pytest.approx(float(sandbox.client.invoice()["exact"]))
    assert any("fine-tuning training" in result.line_item for result in results)


def test_spend_limit_really_answers_429_until_it_is_lifted(client: OpenAI, sandbox: Sandbox) -> None:
    limits = client.admin.organization.projects.spend_limit
    sandbox.client.traffic(
        [
            {
                "account": PROJECT,
                "deployment": "gpt-4o-mini-2024-07-18",
                "start": "2026-09-01T00:00:00Z",
                "end": "2026-09-02T00:00:00Z",
                "requests_per_hour": 100,
                "input_tokens": 10_000,
                "output_tokens": 1_000,
            }
        ]
    )
    set_to = limits.update(PROJECT, threshold_amount=300, currency="USD", interval="month")
    assert set_to.enforcement.status == "inactive"
    assert ask(client, "gpt-4o-mini")
    sandbox.client.advance(seconds=86_400)
    with pytest.raises(openai.RateLimitError) as capped:
        ask(client, "gpt-4o-mini")
    assert capped.value.code == "project_spend_limit_exceeded"
    assert limits.retrieve(PROJECT).enforcement.status == "enforcing"
    sandbox.client.advance(to=datetime(2026, 10, 1, tzinfo=UTC) + timedelta(minutes=1))
    assert ask(client, "gpt-4o-mini")
    assert limits.delete(PROJECT).deleted
    with pytest.raises(openai.NotFoundError):
        limits.retrieve(PROJECT)


def test_model_permissions_deny_and_are_reversible(client: OpenAI) -> None:
    permissions = client.admin.organization.projects.model_permissions
    permissions.update(PROJECT, mode="deny_list", model_ids=["gpt-4o-mini"])
    with pytest.raises(openai.PermissionDeniedError, match="does not have access"):
        ask(client, "gpt-4o-mini")
    assert permissions.delete(PROJECT).deleted
    assert ask(client, "gpt-4o-mini")


def test_rate_limit_of_a_project_refuses_more_calls(client: OpenAI, sandbox: Sandbox) -> None:
    rates = client.admin.organization.projects.rate_limits
    limit = next(item for item in rates.list_rate_limits(PROJECT) if item.model == "gpt-4o-mini-2024-07-18")
    rates.update_rate_limit(limit.id, project_id=PROJECT, max_requests_per_1_minute=1)
    assert ask(client, "gpt-4o-mini")
    with pytest.raises(openai.RateLimitError) as limited:
        ask(client, "gpt-4o-mini")
    assert limited.value.code == "rate_limit_exceeded"
    sandbox.client.advance(seconds=61)
    assert ask(client, "gpt-4o-mini")


def test_projects_and_spend_alerts_are_kept(client: OpenAI) -> None:
    organization = client.admin.organization
    assert [project.id for project in organization.projects.list()] == [PROJECT]
    assert organization.projects.retrieve(PROJECT).status == "active"
    channel: Any = {"type": "email", "recipients": ["finance@example.com"]}
    alerts = organization.projects.spend_alerts
    made = alerts.create(PROJECT, threshold_amount=5000, currency="USD", interval="month", notification_channel=channel)
    assert [alert.id for alert in alerts.list(PROJECT)] == [made.id]
    assert alerts.delete(made.id, project_id=PROJECT).deleted


def test_each_sort_of_model_has_its_own_endpoint(client: OpenAI) -> None:
    assert client.completions.create(model="davinci-002", prompt="Once upon a time").choices[0].text
    with pytest.raises(openai.NotFoundError, match=r"Did you mean to use v1/completions\?"):
        ask(client, "davinci-002")
    with pytest.raises(openai.NotFoundError, match=r"Did you mean to use v1/chat/completions\?"):
        client.completions.create(model="gpt-4o-mini", prompt="Once upon a time")
    with pytest.raises(openai.BadRequestError, match="prompt"):
        client.completions.create(model="davinci-002", prompt="")


def test_alerts_of_the_organisation_and_of_a_project_are_each_their_own(client: OpenAI) -> None:
    organization = client.admin.organization
    asked: Any = {
        "threshold_amount": 8000,
        "currency": "USD",
        "interval": "month",
        "notification_channel": {"type": "email", "recipients": ["a@example.com"]},
    }
    whole = organization.spend_alerts.create(**asked)
    first, second = (organization.projects.spend_alerts.create(PROJECT, **asked) for _ in range(2))
    assert len({whole.id, first.id, second.id}) == 3
    organization.projects.spend_alerts.delete(first.id, project_id=PROJECT)
    assert [alert.id for alert in organization.projects.spend_alerts.list(PROJECT)] == [second.id]
    assert [alert.id for alert in organization.spend_alerts.list()] == [whole.id]
    assert [user.role for user in organization.users.list()] == ["owner"]
