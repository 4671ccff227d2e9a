"""What administrators' tools ask of OpenAI beside caps: keys, service accounts, people, reports of what nobody uses."""

import ssl
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import DefaultHttpxClient, OpenAI

from deployer.sandbox.process import Sandbox
from tests.sandbox.learning_data import as_jsonl, tickets
from tests.vendor.visit import HELLO, PROJECT, openai_client

MODEL = "gpt-4o-mini"
START = 1_788_220_800


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[OpenAI]:
    with openai_client(sandbox) as made:
        yield made


def calls(sandbox: Sandbox, key: str, **options: Any) -> str:
    """What became of a call with a key: nothing, or the code of its refusal."""
    with OpenAI(
        base_url=sandbox.env["OPENAI_BASE_URL"],
        api_key=key,
        max_retries=0,
        http_client=DefaultHttpxClient(verify=ssl.create_default_context(cafile=sandbox.ca_file)),
        **options,
    ) as made:
        try:
            made.chat.completions.create(model=MODEL, messages=HELLO)
        except openai.APIStatusError as error:
            return str(error.code)
    return ""


def test_a_service_accounts_key_is_good_for_its_project_until_it_is_deleted(client: OpenAI, sandbox: Sandbox) -> None:
    projects: Any = client.admin.organization.projects
    project = projects.create(name="second").id
    made = projects.service_accounts.create(project, name="robot")
    assert calls(sandbox, made.api_key.value) == ""
    assert calls(sandbox, made.api_key.value, project=PROJECT) == "mismatched_project"
    used = client.admin.organization.usage.completions(start_time=START, group_by=["project_id"])
    results: Any = used.data[0].results
    assert [result.project_id for result in results] == [project]
    assert [key.owner.service_account.name for key in projects.api_keys.list(project)] == ["robot"]
    projects.service_accounts.delete(made.id, project_id=project)
    assert calls(sandbox, made.api_key.value) == "invalid_api_key"
    assert list(projects.api_keys.list(project)) == []


def test_a_key_is_deleted_by_its_id(client: OpenAI, sandbox: Sandbox) -> None:
    projects: Any = client.admin.organization.projects
    made = projects.service_accounts.create(PROJECT, name="robot").api_key
    assert {key.id for key in projects.api_keys.list(PROJECT)} == {"key_first", made.id}
    projects.api_keys.delete(made.id, project_id=PROJECT)
    assert calls(sandbox, made.value) == "invalid_api_key"
    with pytest.raises(openai.BadRequestError, match="cannot be deleted"):
        projects.api_keys.delete("key_first", project_id=PROJECT)


def test_an_administrators_key_is_made_and_ends(client: OpenAI, sandbox: Sandbox) -> None:
    keys: Any = client.admin.organization.admin_api_keys
    made = keys.create(name="second")
    other = client.with_options(admin_api_key=made.value)
    assert [one.id for one in other.admin.organization.projects.list()] == [PROJECT]
    keys.delete(made.id)
    with pytest.raises(openai.AuthenticationError):
        other.admin.organization.projects.list()
    assert [key.name for key in keys.list()] == ["First admin key"]


def test_a_project_is_renamed_and_lists_its_people(client: OpenAI) -> None:
    projects: Any = client.admin.organization.projects
    assert projects.update(PROJECT, name="Care").name == "Care"
    assert [user.role for user in projects.users.list(PROJECT)] == ["owner"]
    with pytest.raises(openai.NotFoundError):
        projects.users.retrieve("nobody", project_id=PROJECT)


@pytest.mark.parametrize("kind", ["embeddings", "images", "vector_stores", "moderations", "audio_speeches"])
def test_what_nobody_uses_is_reported_as_nothing(client: OpenAI, kind: str) -> None:
    reports: Any = client.admin.organization.usage
    assert [bucket.results for bucket in getattr(reports, kind)(start_time=START, limit=1).data] == [[]]


def test_a_checkpoints_permissions_are_given_and_taken(client: OpenAI, sandbox: Sandbox) -> None:
    name = "ft:gpt-4o-mini-2024-07-18:sandbox:care:0f4ea9d0"
    admin = client.with_options(api_key=sandbox.env["OPENAI_ADMIN_KEY"])
    permissions: Any = admin.fine_tuning.checkpoints.permissions
    given = list(permissions.create(name, project_ids=[PROJECT, "proj_other"]))
    assert [one.project_id for one in permissions.list(name)] == ["proj_other", PROJECT]
    permissions.delete(given[0].id, fine_tuned_model_checkpoint=name)
    assert [one.project_id for one in permissions.list(name, project_id="proj_other")] == ["proj_other"]


@pytest.mark.parametrize(
    ("name", "purpose", "expected"),
    [
        ("t.txt", "fine-tune", "Must be .jsonl"),
        ("t.jsonl", "fun", "'fun' is not one of"),
        ("t.jsonl", "", "'purpose' is a required property"),
    ],
)
def test_a_file_that_is_of_no_use_is_refused(client: OpenAI, name: str, purpose: Any, expected: str) -> None:
    with pytest.raises(openai.BadRequestError, match=expected):
        client.files.create(file=(name, b"{}"), purpose=purpose)


def test_lists_are_ordered_limited_and_filtered(client: OpenAI) -> None:
    file = ("t.jsonl", as_jsonl(tickets(12, 1)))
    first, second = (client.files.create(file=file, purpose="fine-tune").id for _ in range(2))
    assert [one.id for one in client.files.list(order="asc")] == [first, second]
    assert [one.id for one in client.files.list(limit=1)] == [second, first]
    for asked, code in (({"order": "up"}, "invalid_value"), ({"limit": 0}, "integer_below_min_value")):
        with pytest.raises(openai.BadRequestError) as caught:
            client.files.list(extra_query=asked)
        assert caught.value.code == code
    jobs = client.fine_tuning.jobs
    base: Any = {"model": "gpt-4o-mini-2024-07-18", "training_file": first}
    wanted = jobs.create(**base, metadata={"team": "care"}).id
    jobs.create(**base)
    assert [job.id for job in jobs.list(metadata={"team": "care"})] == [wanted]
