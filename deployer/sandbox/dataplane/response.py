"""The Responses API: calls whose conversation the service keeps. Both vendors serve it alike."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from deployer.sandbox.dataplane.chat import PIECE, Answer, Chat
from deployer.sandbox.dataplane.completion import Heading
from deployer.sandbox.dataplane.conversation import Turn, as_message, read_turn
from deployer.sandbox.dataplane.demand import BadChat
from deployer.sandbox.dataplane.error import ApiError, openai_error
from deployer.sandbox.dataplane.page import answer_page
from deployer.sandbox.token import count_prompt
from deployer.sandbox.wire import Handler, Headers, Request, Response
from deployer.sandbox.world import World

Document = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """What a vendor made of a chat: the answer, its heading, and what is left of the rate."""

    answer: Answer
    heading: Heading
    headers: Headers


@dataclass(frozen=True)
class Kept:
    """A response that can be asked for again, with all that was said up to it."""

    owner: str
    document: Document
    items: list[Document]
    messages: list[Document]


class Responses:
    """Handlers over one vendor's plane: `owner` looks at who calls, `say` answers. Both raise ApiError."""

    def __init__(self, world: World, owner: Callable[[Request], str], say: Callable[[Request, Chat], Said]) -> None:
        self._world, self._owner, self._say = world, owner, say
        self._kept: dict[str, Kept] = {}

    def routes(self, prefix: str) -> list[tuple[str, str, str, Handler]]:
        one = f"{prefix}/responses/{{response}}"
        return [
            ("POST", f"{prefix}/responses", "responses.create", self._create),
            ("POST", f"{prefix}/responses/input_tokens", "responses.count", self._count),
            ("GET", one, "responses.get", self._get),
            ("DELETE", one, "responses.delete", self._delete),
            ("GET", f"{one}/input_items", "responses.items", self._items),
            ("POST", f"{one}/cancel", "responses.cancel", self._cancel),
        ]

    def _create(self, request: Request) -> Response:
        owner = self._owner(request)
        turn = self._read(request, owner)
        said = self._say(request, turn.chat)
        document = write_response(turn, said.answer, self._head(said.heading))
        if turn.kept:
            after = [*turn.chat.messages, *map(as_message, document["output"])]
            items = [self._numbered(item) for item in turn.items]
            self._kept[document["id"]] = Kept(owner, document, items, [dict(one) for one in after])
        answer = _events(document) if turn.chat.stream else Response.json(document)
        answer.headers += said.headers
        return answer

    def _head(self, heading: Heading) -> Heading:
        return Heading(self._world.naming.hex("response", 48), heading.model, heading.created)

    def _numbered(self, item: Document) -> Document:
        prefix = {"function_call": "fc", "function_call_output": "fco"}.get(str(item.get("type")), "msg")
        return {"id": f"{prefix}_{self._world.naming.hex('item', 48)}", "status": "completed", **item}

    def _read(self, request: Request, owner: str) -> Turn:
        """The turn with what its previous response left. Raises ApiError."""
        body = request.json()
        previous = body.get("previous_response_id") if isinstance(body, dict) else None
        kept = self._kept.get(str(previous))
        if previous and (kept is None or kept.owner != owner):
            text = f"Previous response with id '{previous}' not found."
            raise openai_error(400, text, code="previous_response_not_found", param="previous_response_id")
        try:
            # Instructions hold for one turn alone.
            return read_turn(body, [one for one in kept.messages if one.get("role") != "system"] if kept else [])
        except BadChat as error:
            raise openai_error(400, str(error), param=error.param or None, code=error.code) from error

    def _count(self, request: Request) -> Response:
        turn = self._read(request, self._owner(request))
        return Response.json({"object": "response.input_tokens", "input_tokens": count_prompt(turn.chat.messages)})

    def _get(self, request: Request) -> Response:
        kept = self._find(request)
        return _events(kept.document) if request.query("stream") == "true" else Response.json(kept.document)

    def _delete(self, request: Request) -> Response:
        identifier = self._find(request).document["id"]
        del self._kept[identifier]
        return Response.json({"id": identifier, "object": "response", "deleted": True})

    def _items(self, request: Request) -> Response:
        items = self._find(request).items
        return answer_page(request, items if request.query("order") == "asc" else items[::-1])

    def _cancel(self, request: Request) -> Response:
        """Nothing of the sandbox's runs in the background, so nothing can be cancelled."""
        self._find(request)
        raise openai_error(400, "Cannot cancel a synchronous response.")

    def _find(self, request: Request) -> Kept:
        owner, wanted = self._owner(request), request.params["response"]
        kept = self._kept.get(wanted)
        if kept is None or kept.owner != owner:
            raise no_response(wanted)
        return kept


def no_response(identifier: str) -> ApiError:
    return openai_error(404, f"Response with id '{identifier}' not found.")


def write_response(turn: Turn, answer: Answer, heading: Heading) -> Document:
    """The whole of a response; what was not asked for has the vendors' defaults."""
    body, cut = turn.body, answer.finish == "length"
    defaults = {"parallel_tool_calls": True, "store": True, "temperature": 1.0, "tool_choice": "auto", "tools": []}
    defaults |= {"top_p": 1.0, "truncation": "disabled", "metadata": {}, "top_logprobs": 0, "background": False}
    unset = ("instructions", "max_output_tokens", "max_tool_calls", "previous_response_id", "user")
    text = body.get("text") or {}
    return {
        "id": f"resp_{heading.id}",
        "object": "response",
        "created_at": heading.created,
        "completed_at": heading.created,
        "status": "incomplete" if cut else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "model": heading.model,
        "output": [_output(answer, heading)],
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "text": {"format": text.get("format") or {"type": "text"}, "verbosity": text.get("verbosity") or "medium"},
        **{name: body.get(name) if body.get(name) is not None else value for name, value in defaults.items()},
        **{name: body.get(name) for name in unset},
        "usage": {
            "input_tokens": answer.prompt_tokens,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": answer.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        },
    }


def _output(answer: Answer, heading: Heading) -> Document:
    status = "incomplete" if answer.finish == "length" else "completed"
    if answer.call:
        call = {"name": answer.call.name, "arguments": answer.call.arguments, "call_id": f"call_{heading.id[:24]}"}
        return {"id": f"fc_{heading.id}", "type": "function_call", "status": status, **call}
    part = {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
    return {"id": f"msg_{heading.id}", "type": "message", "status": status, "role": "assistant", "content": [part]}


def _events(document: Document) -> Response:
    """The same as it comes into being: each event has its name and its number."""
    lines = []
    for number, (name, fields) in enumerate(_story(document)):
        event = {"type": name, "sequence_number": number, **fields}
        lines.append(f"event: {name}\ndata: ".encode() + msgspec.json.encode(event) + b"\n\n")
    return Response(200, b"".join(lines), (("content-type", "text/event-stream; charset=utf-8"),))


def _story(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    begun = {**document, "status": "in_progress", "output": [], "usage": None, "completed_at": None}
    begun["incomplete_details"] = None
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    for index, item in enumerate(document["output"]):
        yield from _item_story(index, item)
    yield f"response.{document['status']}", {"response": document}


def _item_story(index: int, item: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    at = {"output_index": index, "item_id": item["id"]}
    empty: Document = {"content": []} if item["type"] == "message" else {"arguments": ""}
    yield "response.output_item.added", {"output_index": index, "item": {**item, **empty, "status": "in_progress"}}
    if item["type"] == "message":
        yield from _text_story({**at, "content_index": 0}, item["content"][0])
    else:
        for piece in PIECE.findall(item["arguments"]):
            yield "response.function_call_arguments.delta", {**at, "delta": piece}
        whole = {"arguments": item["arguments"], "name": item["name"]}
        yield "response.function_call_arguments.done", {**at, **whole}
    yield "response.output_item.done", {"output_index": index, "item": item}


def _text_story(at: Mapping[str, Any], part: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "response.content_part.added", {**at, "part": {**part, "text": ""}}
    for piece in PIECE.findall(part["text"]):
        yield "response.output_text.delta", {**at, "delta": piece, "logprobs": []}
    yield "response.output_text.done", {**at, "text": part["text"], "logprobs": []}
    yield "response.content_part.done", {**at, "part": part}
