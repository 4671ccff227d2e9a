"""What foreign libraries ask of a model: tools, shapes, choices, streams, and what they are refused with.

Seen from clients of several makers (agents, structured output, evaluation); each request is plain HTTP here.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from deployer.sandbox.dataplane.demand import CHAT
from deployer.sandbox.dataplane.specimen import make_specimen
from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV, account_path
from tests.vendor.document import OPENAI, available, load
from tests.vendor.tool import Tool, resources, told

MODEL = "gpt-4o-mini"
HELLO = [{"role": "user", "content": "hello"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 2}},
        },
    },
}
ASKED = {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "weather"}}]}


class Caller:
    """A library with the sandbox's key."""

    def __init__(self, tool: Tool) -> None:
        self.tool = tool

    def post(self, path: str = "/v1/chat/completions", **body: Any) -> Any:
        headers = {"authorization": f"Bearer {self.tool.env['OPENAI_API_KEY']}"}
        return self.tool.send("POST", path, headers=headers, json={"model": MODEL, "messages": HELLO} | body)

    def chat(self, **body: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.post(**body).json()
        return answer

    def azure(self, path: str, **body: Any) -> Any:
        headers = self.tool.bearer
        key = self.tool.send("POST", resources(self.tool, f"{account_path(DEV)}/listKeys"), headers=headers).json()
        url = f"/accounts/{DEV}/openai/deployments/base/{path}?api-version=2024-10-21"
        return self.tool.send("POST", url, headers={"api-key": key["key1"]}, json={"messages": HELLO} | body)


@pytest.fixture
def caller(sandbox: Sandbox) -> Iterator[Caller]:
    sandbox.client.create_deployments([{"account": DEV, "name": "base", "model": "gpt-4.1-mini"}])
    made = Tool(sandbox)
    with made.session:
        yield Caller(made)


def events(answer: Any) -> list[dict[str, Any]]:
    """The chunks of a stream, its end left out."""
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def test_a_tool_that_has_to_be_called_is_called_with_arguments_that_fit(caller: Caller) -> None:
    choice = caller.chat(tools=[WEATHER], tool_choice="required")["choices"][0]
    call = choice["message"]["tool_calls"][0]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("tool_calls", None)
    assert (call["type"], call["function"]["name"]) == ("function", "weather")
    assert json.loads(call["function"]["arguments"]) == {"city": "text", "days": 2}
    named = {"type": "function", "function": {"name": "weather"}}
    assert caller.chat(tools=[WEATHER], tool_choice=named)["choices"][0]["finish_reason"] == "stop"
    assert caller.chat(tools=[WEATHER])["choices"][0]["message"]["content"]


def test_a_tools_call_is_streamed_in_pieces_that_make_its_arguments(caller: Caller) -> None:
    chunks = events(caller.post(tools=[WEATHER], tool_choice="required", stream=True))
    calls = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", ())]
    assert [call["index"] for call in calls] == [0] * len(calls)
    assert calls[0]["function"] == {"name": "weather", "arguments": ""}
    assert json.loads("".join(call["function"]["arguments"] for call in calls)) == {"city": "text", "days": 2}
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_an_answer_has_the_shape_that_was_asked_for(caller: Caller) -> None:
    schema = {"type": "object", "properties": {"verdict": {"enum": ["yes", "no"]}}, "required": ["verdict"]}
    given = {"type": "json_schema", "json_schema": {"name": "verdict", "schema": schema, "strict": True}}
    told_so = json.loads(caller.chat(response_format=given)["choices"][0]["message"]["content"])
    assert told_so["verdict"] in ("yes", "no")
    worded = [{"role": "user", "content": "as json please"}]
    loose = caller.chat(response_format={"type": "json_object"}, messages=worded)
    assert isinstance(json.loads(loose["choices"][0]["message"]["content"]), dict)


def test_a_schema_in_the_words_is_a_shape_too(caller: Caller) -> None:
    """So do libraries ask that came before prescribed shapes."""
    schema = {
        "title": "Person",
        "properties": {"name": {"type": "string", "title": "Name"}, "age": {"type": "integer"}},
    }
    words = f"Answer as JSON that fits this schema:\n{json.dumps(schema, indent=2)}"
    asked = [{"role": "system", "content": words}, *HELLO]
    answer = caller.chat(response_format={"type": "json_object"}, messages=asked)
    assert json.loads(answer["choices"][0]["message"]["content"]) == {"name": "Name", "age": 0}


def test_choices_are_as_many_as_were_asked_for_and_are_all_counted(caller: Caller) -> None:
    one, three = caller.chat(), caller.chat(n=3)
    assert [choice["index"] for choice in three["choices"]] == [0, 1, 2]
    assert three["usage"]["completion_tokens"] == 3 * one["usage"]["completion_tokens"]
    chunks = events(caller.post(n=2, stream=True))
    assert {chunk["choices"][0]["index"] for chunk in chunks} == {0, 1}


def test_an_answer_ends_before_a_stop(caller: Caller) -> None:
    choice = caller.chat(stop=["message"])["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("Thank you for your ", "stop")


def test_the_sureness_of_every_token_is_told(caller: Caller) -> None:
    choice = caller.chat(logprobs=True, top_logprobs=1)["choices"][0]
    tokens = choice["logprobs"]["content"]
    assert "".join(token["token"] for token in tokens) == choice["message"]["content"]
    assert all(bytes(token["bytes"]).decode() == token["token"] for token in tokens)


def test_azure_says_what_its_filters_found_and_streams_that_first(caller: Caller) -> None:
    whole = caller.azure("chat/completions").json()
    assert whole["prompt_filter_results"][0]["content_filter_results"]["hate"] == {
        "filtered": False,
        "severity": "safe",
    }
    assert whole["choices"][0]["content_filter_results"]["violence"]["severity"] == "safe"
    first, *rest = events(caller.azure("chat/completions", stream=True))
    assert (first["choices"], first["prompt_filter_results"][0]["prompt_index"]) == ([], 0)
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in rest)
    assert text == whole["choices"][0]["message"]["content"]


def test_usage_is_null_until_the_last_chunk(caller: Caller) -> None:
    *chunks, last = events(caller.post(stream=True, stream_options={"include_usage": True}))
    assert {chunk["usage"] for chunk in chunks} == {None}
    assert (last["choices"], last["usage"]["prompt_tokens"]) == ([], 7)


def test_prompts_are_completed_by_models_older_than_chat(caller: Caller) -> None:
    path = "/v1/completions"

    def post(**body: Any) -> Any:
        headers = {"authorization": f"Bearer {caller.tool.env['OPENAI_API_KEY']}"}
        return caller.tool.send("POST", path, headers=headers, json={"model": "davinci-002"} | body)

    two = post(prompt=["first", "second"], n=2, echo=True).json()["choices"]
    assert [choice["index"] for choice in two] == [0, 1, 2, 3]
    assert [choice["text"].startswith("first") for choice in two] == [True, True, False, False]
    streamed = "".join(chunk["choices"][0]["text"] for chunk in events(post(prompt="first", stream=True)))
    assert streamed == post(prompt="first").json()["choices"][0]["text"]
    assert post(prompt=[1, 2, 3]).status_code == 200
    assert told(post(prompt="")) == (400, "missing_required_parameter")


@pytest.mark.parametrize("path", ["completions", "embeddings"])
def test_azure_refuses_what_a_models_sort_cannot(caller: Caller, path: str) -> None:
    assert told(caller.azure(path, prompt="x")) == (400, "OperationNotSupported")


REFUSED: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "too warm": ({"temperature": 3}, "decimal_above_max_value", "temperature"),
    "not a number": ({"top_p": "high"}, "invalid_type", "top_p"),
    "no choices": ({"n": 0}, "integer_below_min_value", "n"),
    "no tokens": ({"max_tokens": 0}, "integer_below_min_value", "max_tokens"),
    "too many tokens": ({"max_tokens": 50_000}, "invalid_value", "max_tokens"),
    "too many stops": ({"stop": list("abcde")}, "array_above_max_length", "stop"),
    "nothing said": ({"messages": []}, "empty_array", "messages"),
    "not messages": ({"messages": "hello"}, "invalid_type", "messages"),
    "not a message": ({"messages": ["hello"]}, "invalid_type", "messages[0]"),
    "no role": ({"messages": [{"content": "x"}]}, "missing_required_parameter", "messages[0].role"),
    "an unknown role": ({"messages": [{"role": "me", "content": "x"}]}, "invalid_value", "messages[0].role"),
    "no content": ({"messages": [{"role": "user"}]}, "None", "messages.[0].content"),
    "an answer to no tool": (
        {"messages": [*HELLO, {"role": "tool", "tool_call_id": "x", "content": "y"}]}, "None", "messages.[1].role"
    ),
    "a tool without an answer": ({"messages": [*HELLO, ASKED, *HELLO]}, "None", "messages.[2].role"),
    "an unknown tool": (
        {"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "x"}}}, "None", "tool_choice"
    ),
    "no tools": ({"tool_choice": "required"}, "None", "tool_choice"),
    "an unknown parameter": ({"temprature": 1}, "None", None),
    "options of no stream": ({"stream_options": {"include_usage": True}}, "None", "stream_options"),
    "a shape without its word": ({"response_format": {"type": "json_object"}}, "None", "messages"),
    "an unknown shape": ({"response_format": {"type": "xml"}}, "invalid_value", "response_format.type"),
    "too long a talk": (
        {"messages": [{"role": "user", "content": "word " * 130_000}]}, "context_length_exceeded", "messages"
    ),
    "a way that thinkers refuse": ({"model": "o4-mini", "max_tokens": 5}, "unsupported_parameter", "max_tokens"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_call_that_is_wrong_is_refused_with_its_parameter(caller: Caller, name: str) -> None:
    body, code, param = REFUSED[name]
    answer = caller.post(**body)
    assert told(answer) == (400, code)
    assert answer.json()["error"]["param"] == param
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_tools_answer_is_taken(caller: Caller) -> None:
    answered = {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}
    assert caller.post(messages=[*HELLO, ASKED, answered]).status_code == 200


@pytest.mark.skipif(not available(), reason="the reference data folder is absent")
def test_the_known_parameters_are_those_of_the_document() -> None:
    schema = load(OPENAI).at("components", "schemas", "CreateChatCompletionRequest")
    parts = [schema.part(part).followed() for part in schema.content["allOf"]]
    inner = [part.part(each).followed() for part in parts for each in part.content.get("allOf", ())]
    assert {name for part in (*parts, *inner) for name in part.content.get("properties", {})} == CHAT


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"$ref": "#/$defs/A", "$defs": {"A": {"type": "array", "items": {"type": "boolean"}}}}, [True]),
        ({"anyOf": [{"type": "null"}, {"type": "string", "format": "date"}]}, "2026-01-01"),
        ({"type": ["null", "number"]}, 0.0),
        ({"allOf": [{"properties": {"a": {"const": 1}}}]}, {"a": 1}),
        ({"type": "string", "minLength": 6, "maxLength": 7}, "textxx"),
        ({"type": "array", "minItems": 2, "items": {"type": "integer", "exclusiveMinimum": 4}}, [5, 5]),
        ({}, None),
    ],
)
def test_a_specimen_fits_its_schema(schema: dict[str, Any], expected: Any) -> None:
    assert make_specimen(schema, "") == expected


def test_a_specimen_of_what_contains_itself_ends() -> None:
    tree = {
        "type": "object",
        "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
        "required": ["next"],
    }
    assert make_specimen(tree, "")["next"]
