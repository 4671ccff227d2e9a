"""OpenAI's own clients on the sandbox: plain and asynchronous, streamed and raw, of both vendors."""

import asyncio
import ssl
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, AzureOpenAI, DefaultAsyncHttpxClient, OpenAI

from deployer.sandbox.process import Sandbox
from tests.sandbox.azure_wire import DEV
from tests.vendor.visit import HELLO, PROJECT, azure_openai_client, openai_client

MODEL = "gpt-4o-mini"


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[OpenAI]:
    with openai_client(sandbox) as made:
        yield made


@pytest.fixture
def azure(sandbox: Sandbox) -> Iterator[AzureOpenAI]:
    sandbox.client.create_deployments([{"account": DEV, "name": "base", "model": "gpt-4.1-mini", "capacity": 7}])
    with azure_openai_client(sandbox) as made:
        yield made


def test_a_stream_says_what_the_whole_answer_says(client: OpenAI) -> None:
    whole = client.chat.completions.create(model=MODEL, messages=HELLO)
    usage: Any = {"include_usage": True}
    with client.chat.completions.create(model=MODEL, messages=HELLO, stream=True, stream_options=usage) as chunks:
        told = list(chunks)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in told if chunk.choices)
    assert text == whole.choices[0].message.content
    assert [chunk.choices[0].finish_reason for chunk in told if chunk.choices][-1] == "stop"
    assert told[-1].usage == whole.usage


def test_the_helper_for_streams_ends_with_the_same_answer(client: OpenAI) -> None:
    with client.chat.completions.stream(model=MODEL, messages=HELLO) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds
    assert final.choices[0].message.content


def test_the_asynchronous_client_calls_streams_and_lists(sandbox: Sandbox) -> None:
    assert asyncio.run(_asynchronously(sandbox)) == (True, True, True)


async def _asynchronously(sandbox: Sandbox) -> tuple[bool, bool, bool]:
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    async with AsyncOpenAI(
        base_url=sandbox.env["OPENAI_BASE_URL"],
        api_key=sandbox.env["OPENAI_API_KEY"],
        http_client=DefaultAsyncHttpxClient(verify=context),
    ) as client:
        answers = await asyncio.gather(*(client.chat.completions.create(model=MODEL, messages=HELLO) for _ in range(5)))
        stream = await client.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
        chunks = [chunk async for chunk in stream]
        models = [model.id async for model in client.models.list()]
    return len({answer.id for answer in answers}) == 5, len(chunks) > 2, f"{MODEL}-2024-07-18" in models


def test_a_raw_answer_shows_its_headers(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=HELLO)
    assert raw.headers["openai-version"] == "2020-10-01"
    assert raw.request_id == raw.parse()._request_id
    assert int(raw.headers["x-ratelimit-limit-requests"]) > int(raw.headers["x-ratelimit-remaining-requests"]) >= 0
    assert int(raw.headers["x-ratelimit-limit-tokens"]) > int(raw.headers["x-ratelimit-remaining-tokens"]) >= 0
    assert raw.headers["x-ratelimit-reset-requests"].endswith("s")


def test_azure_tells_what_is_left_of_a_deployments_rate(azure: AzureOpenAI) -> None:
    raw = azure.chat.completions.with_raw_response.create(model="base", messages=HELLO)
    used = raw.parse().usage
    assert used is not None
    assert raw.headers["x-ratelimit-limit-tokens"] == "7000"
    assert int(raw.headers["x-ratelimit-remaining-tokens"]) == 7000 - used.total_tokens
    assert raw.headers["x-ms-region"] == "eastus2"


@pytest.mark.parametrize(("error", "model"), [(openai.NotFoundError, "none"), (openai.BadRequestError, "")])
def test_errors_are_of_the_clients_own_kinds_with_an_id(
    client: OpenAI, error: type[openai.APIStatusError], model: str
) -> None:
    with pytest.raises(error) as caught:
        client.chat.completions.create(model=model, messages=HELLO)
    assert caught.value.request_id
    assert caught.value.type == "invalid_request_error"


def test_azures_client_has_the_code_of_an_error(azure: AzureOpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        azure.chat.completions.create(model="none", messages=HELLO)
    assert caught.value.code == "DeploymentNotFound"


def test_an_administrator_reads_and_sets_with_the_typed_client(client: OpenAI) -> None:
    projects: Any = client.admin.organization.projects
    assert [one.id for one in projects.list()] == [PROJECT]
    limits = list(projects.rate_limits.list_rate_limits(PROJECT))
    changed = projects.rate_limits.update_rate_limit(limits[0].id, project_id=PROJECT, max_requests_per_1_minute=3)
    assert changed.max_requests_per_1_minute == 3
    with pytest.raises(openai.NotFoundError, match="spend limit"):
        projects.spend_limit.retrieve(PROJECT)
