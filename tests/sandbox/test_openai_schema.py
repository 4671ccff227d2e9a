"""What the sandbox answers for OpenAI satisfies OpenAI's own API document."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from openai import OpenAI
from referencing import Registry, Resource

from deployer.sandbox.process import Sandbox
from tests.sandbox.learning_data import as_jsonl, tickets

DOCUMENT = Path(__file__).parents[3] / "shared" / "specs" / "openai" / "openapi.yaml"
PROJECT = "proj_default"
ALERT: Any = {
    "threshold_amount": 8000,
    "currency": "USD",
    "interval": "month",
    "notification_channel": {"type": "email", "recipients": ["a@example.com"]},
}


@pytest.fixture(scope="module")
def schemas() -> "Registry[Any]":
    if not DOCUMENT.exists():
        pytest.skip("the reference data folder is absent")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = yaml.load(DOCUMENT.read_bytes(), Loader=loader)  # noqa: S506 - both loaders are the safe ones
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    registry: Registry[Any] = Registry().with_resource("urn:openai", Resource.from_contents(content | dialect))
    return registry


@pytest.fixture
def client(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAI]:
    monkeypatch.setenv("SSL_CERT_FILE", sandbox.ca_file)
    with OpenAI(
        base_url=sandbox.env["OPENAI_BASE_URL"],
        api_key=sandbox.env["OPENAI_API_KEY"],
        admin_api_key=sandbox.env["OPENAI_ADMIN_KEY"],
        max_retries=0,
    ) as made:
        yield made


def wrong(schemas: "Registry[Any]", name: str, raw: Any) -> list[str]:
    """What the document has against an answer."""
    schema = {"$ref": f"urn:openai#/components/schemas/{name}"}
    validator = jsonschema.Draft202012Validator(schema, registry=schemas)
    return [
        f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(raw.http_response.json())
    ]


def test_files_jobs_and_answers_satisfy_the_document(
    schemas: "Registry[Any]", client: OpenAI, sandbox: Sandbox
) -> None:
    raw_file = client.files.with_raw_response.create(file=("t.jsonl", as_jsonl(tickets(20, 1))), purpose="fine-tune")
    file = raw_file.parse().id
    raw_job = client.fine_tuning.jobs.with_raw_response.create(
        model="gpt-4.1-mini", training_file=file, validation_file=file
    )
    job = raw_job.parse().id
    sandbox.client.advance(seconds=7200)
    model = client.fine_tuning.jobs.retrieve(job).fine_tuned_model or ""
    jobs, completions = client.fine_tuning.jobs, client.chat.completions
    answers = {
        "OpenAIFile": raw_file,
        "ListFilesResponse": client.files.with_raw_response.list(),
        "FineTuningJob": raw_job,
        "ListPaginatedFineTuningJobsResponse": jobs.with_raw_response.list(),
        "ListFineTuningJobEventsResponse": jobs.with_raw_response.list_events(job),
        "ListFineTuningJobCheckpointsResponse": jobs.checkpoints.with_raw_response.list(job),
        "CreateChatCompletionResponse": completions.with_raw_response.create(
            model=model, messages=[{"role": "user", "content": "Hello"}]
        ),
        "CreateCompletionResponse": client.completions.with_raw_response.create(model="davinci-002", prompt="Hello"),
        "ListModelsResponse": client.models.with_raw_response.list(),
    }
    assert {name: wrong(schemas, name, raw) for name, raw in answers.items()} == {name: [] for name in answers}


def test_organisation_answers_satisfy_the_document(schemas: "Registry[Any]", client: OpenAI, sandbox: Sandbox) -> None:
    client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello"}])
    sandbox.client.advance(seconds=3600)
    started = int(sandbox.client.now().timestamp()) - 3600
    projects, usage = client.admin.organization.projects, client.admin.organization.usage
    answers = {
        "ProjectListResponse": projects.with_raw_response.list(),
        "ProjectRateLimitListResponse": projects.rate_limits.with_raw_response.list_rate_limits(PROJECT),
        "ProjectModelPermissions": projects.model_permissions.with_raw_response.retrieve(PROJECT),
        "ProjectSpendLimitResource": projects.spend_limit.with_raw_response.update(
            PROJECT, threshold_amount=100, currency="USD", interval="month"
        ),
        "ProjectSpendAlert": projects.spend_alerts.with_raw_response.create(PROJECT, **ALERT),
        "ProjectSpendAlertListResource": projects.spend_alerts.with_raw_response.list(PROJECT),
        "OrganizationSpendAlert": client.admin.organization.spend_alerts.with_raw_response.create(**ALERT),
        "UserListResponse": client.admin.organization.users.with_raw_response.list(),
        "UsageResponse": usage.with_raw_response.completions(start_time=started, group_by=["model"]),
    }
    assert {name: wrong(schemas, name, raw) for name, raw in answers.items()} == {name: [] for name in answers}
    assert wrong(schemas, "UsageResponse", usage.with_raw_response.costs(start_time=started)) == []
