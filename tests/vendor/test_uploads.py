"""Large files in parts, by the vendors' own client."""

from collections.abc import Iterator
from hashlib import md5
from typing import Any

import openai
import pytest
from openai import OpenAI

from deployer.sandbox.process import Sandbox
from tests.sandbox.learning_data import as_jsonl, tickets
from tests.vendor.visit import azure_openai_client, openai_client

DATA = as_jsonl(tickets(20, 1))


@pytest.fixture(params=["openai", "azure"])
def client(sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[OpenAI]:
    with (openai_client if request.param == "openai" else azure_openai_client)(sandbox) as made:
        yield made


def begin(client: OpenAI, **changed: Any) -> Any:
    given: dict[str, Any] = {"filename": "t.jsonl", "bytes": len(DATA), "purpose": "fine-tune"} | changed
    return client.uploads.create(mime_type="text/jsonl", **given)


def test_a_file_in_parts_is_a_file_in_the_order_that_is_told(client: OpenAI) -> None:
    upload = begin(client)
    last, first = (client.uploads.parts.create(upload.id, data=part).id for part in (DATA[100:], DATA[:100]))
    done = client.uploads.complete(upload.id, part_ids=[first, last], md5=md5(DATA, usedforsecurity=False).hexdigest())
    assert (done.status, done.file is not None) == ("completed", True)
    assert done.file is not None
    assert client.files.content(done.file.id).read() == DATA


def test_what_does_not_fit_together_is_refused(client: OpenAI) -> None:
    upload = begin(client)
    part = client.uploads.parts.create(upload.id, data=DATA[:100]).id
    with pytest.raises(openai.BadRequestError, match="do not match"):
        client.uploads.complete(upload.id, part_ids=[part])
    with pytest.raises(openai.NotFoundError, match=r"(?i)part.*part_none"):
        client.uploads.complete(upload.id, part_ids=["part_none"])
    whole = client.uploads.parts.create(upload.id, data=DATA).id
    with pytest.raises(openai.BadRequestError, match="md5"):
        client.uploads.complete(upload.id, part_ids=[whole], md5="0")
    with pytest.raises(openai.BadRequestError, match="jsonl"):
        begin(client, filename="t.txt")


def test_an_upload_ends_by_cancelling_or_after_an_hour(client: OpenAI, sandbox: Sandbox) -> None:
    upload, late = begin(client), begin(client)
    assert client.uploads.cancel(upload.id).status == "cancelled"
    with pytest.raises(openai.BadRequestError, match="cancelled"):
        client.uploads.parts.create(upload.id, data=DATA)
    sandbox.client.advance(seconds=3600)
    with pytest.raises(openai.BadRequestError, match="expired"):
        client.uploads.parts.create(late.id, data=DATA)
    with pytest.raises(openai.NotFoundError):
        client.uploads.cancel("upload_none")
