"""The Responses API of both vendors, by their own client and on the wire."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import AzureOpenAI, OpenAI

from deployer.sandbox.dataplane.conversation import KNOWN
from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV
from tests.vendor.document import OPENAI, available, load
from tests.vendor.visit import azure_openai_client, openai_client

MODEL = "gpt-4o-mini"
SCHEMA = {"type": "object", "properties": {"verdict": {"enum": ["yes"]}}}
TOOL: Any = {"type": "function", "name": "weather", "strict": False, "parameters": SCHEMA}


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[OpenAI]:
    with openai_client(sandbox) as made:
        yield made


@pytest.fixture
def azure(sandbox: Sandbox) -> Iterator[AzureOpenAI]:
    sandbox.client.create_deployments([{"account": DEV, "name": "base", "model": "gpt-4.1-mini"}])
    with azure_openai_client(sandbox) as made:
        yield made


def test_a_conversation_goes_on_from_what_was_kept(client: OpenAI) -> None:
    first = client.responses.create(model=MODEL, input="hello", instructions="be brief")
    then = client.responses.create(model=MODEL, input="and now?", previous_response_id=first.id)
    alone = client.responses.create(model=MODEL, input="and now?")
    assert (first.status, then.previous_response_id) == ("completed", first.id)
    assert then.usage is not None
    assert alone.usage is not None
    assert then.usage.input_tokens > alone.usage.input_tokens
    assert '"and now?"' in then.output_text
    told: Any = [item.to_dict() for item in client.responses.input_items.list(then.id)]
    assert told[0]["content"] == [{"type": "input_text", "text": "and now?"}]


def test_a_stream_tells_the_whole_story(client: OpenAI) -> None:
    with client.responses.stream(model=MODEL, input="hello") as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
    deltas = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert deltas == final.output_text


def test_a_function_is_called_and_its_output_taken(client: OpenAI) -> None:
    asked = client.responses.create(model=MODEL, input="rain?", tools=[TOOL], tool_choice="required")
    call: Any = asked.output[0]
    assert (call.type, call.name, json.loads(call.arguments)) == ("function_call", "weather", {"verdict": "yes"})
    answer: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "no"}]
    assert client.responses.create(model=MODEL, input=answer, previous_response_id=asked.id).output_text


def test_an_answer_has_its_shape_and_length(client: OpenAI) -> None:
    shape: Any = {"format": {"type": "json_schema", "name": "verdict", "schema": SCHEMA}}
    assert json.loads(client.responses.create(model=MODEL, input="so?", text=shape).output_text) == {"verdict": "yes"}
    cut = client.responses.create(model=MODEL, input="hello", max_output_tokens=16)
    assert cut.incomplete_details is not None
    assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")


def test_what_is_not_kept_or_is_deleted_cannot_be_asked_for(client: OpenAI) -> None:
    passing = client.responses.create(model=MODEL, input="hello", store=False)
    kept = client.responses.create(model=MODEL, input="hello")
    client.responses.delete(kept.id)
    for identifier in (passing.id, kept.id):
        with pytest.raises(openai.NotFoundError, match="not found"):
            client.responses.retrieve(identifier)
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model=MODEL, input="x", previous_response_id=kept.id)
    assert caught.value.code == "previous_response_not_found"


def test_a_response_is_its_projects_alone(client: OpenAI) -> None:
    projects: Any = client.admin.organization.projects
    other = client.with_options(project=projects.create(name="other").id)
    kept = client.responses.create(model=MODEL, input="hello")
    with pytest.raises(openai.NotFoundError):
        other.responses.retrieve(kept.id)
    with pytest.raises(openai.BadRequestError, match="not found"):
        other.responses.create(model=MODEL, input="x", previous_response_id=kept.id)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"input": ""}, "missing_required_parameter"),
        ({"input": 7}, "invalid_type"),
        ({"max_output_tokens": 1}, "integer_below_min_value"),
        ({"messages": []}, "unknown_parameter"),
        ({"text": {"format": {"type": "json_object"}}}, None),
    ],
)
def test_a_response_that_is_wrong_is_refused(client: OpenAI, body: dict[str, Any], code: str | None) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model=MODEL, input="x", extra_body=body)
    assert caught.value.code == code


def test_azure_answers_too_and_counts_it_as_use(azure: AzureOpenAI, sandbox: Sandbox) -> None:
    made = azure.responses.create(model="base", input="hello")
    assert made.output_text
    assert azure.responses.retrieve(made.id).id == made.id
    assert sandbox.client.requests()["by_operation"]["azure.responses.create"] == 1
    sandbox.client.advance(seconds=86_400)
    assert [line["meter"] for line in sandbox.client.invoice()["lines"]] == ["input", "output"]
    with pytest.raises(openai.NotFoundError):
        azure.responses.create(model="none", input="hello")


@pytest.mark.skipif(not available(), reason="the reference data folder is absent")
def test_the_known_parameters_are_those_of_the_document() -> None:
    names: set[str] = set()
    left = [load(OPENAI).at("components", "schemas", "CreateResponse")]
    while left:
        schema = left.pop().followed()
        names |= set(schema.content.get("properties", {}))
        left += [schema.part(part) for part in schema.content.get("allOf", ())]
    assert names == KNOWN
