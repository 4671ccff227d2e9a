"""OpenAI's API under `/v1`: models, files, fine-tuning and chat, for one organisation."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from deployer.sandbox.clock import seconds_of
from deployer.sandbox.dataplane import organization
from deployer.sandbox.dataplane.chat import Answer, Chat, read_chat, say
from deployer.sandbox.dataplane.completion import Heading, write_completion, write_texts
from deployer.sandbox.dataplane.demand import BadChat
from deployer.sandbox.dataplane.error import ApiError, json_only, openai_error, raising
from deployer.sandbox.dataplane.finetuning import FineTuningApi
from deployer.sandbox.dataplane.legacy import read_texts
from deployer.sandbox.dataplane.openai_catalog import (
    LAST_TRAINING,
    OFFERED,
    OfferedModel,
    base_of,
    find_offered,
    is_shut_down,
)
from deployer.sandbox.dataplane.openai_dialect import ORGANIZATION_ID, VENDOR, OpenAIDialect
from deployer.sandbox.dataplane.project import Project, Tenant
from deployer.sandbox.dataplane.rate import rate_headers
from deployer.sandbox.dataplane.response import Responses, Said
from deployer.sandbox.dataplane.window import check_room
from deployer.sandbox.training.fit import FittedModel
from deployer.sandbox.training.job import Job
from deployer.sandbox.training.order import JobOrder
from deployer.sandbox.training.workshop import Workshop
from deployer.sandbox.wire import Handler, Headers, Request, Response, Route
from deployer.sandbox.world import World

Wish = TypeVar("Wish")
_FORMS = ("openai.files.create", "openai.uploads.part")
"""What is sent as a form; everything else is JSON."""


def routes(world: World) -> list[Route]:
    tenant = Tenant(world)
    found = [*OpenAIDataPlane(world, tenant).routes(), *organization.routes(world, tenant)]
    return [route if route.operation in _FORMS else json_only(route) for route in found]


@dataclass(frozen=True)
class Caller:
    """A project that calls a model, by the names that the answer and the bounds go by."""

    project: Project
    model: str
    base: str
    tuned: FittedModel | None


class OpenAIDataPlane:
    """Handlers over one world and its OpenAI organisation."""

    def __init__(self, world: World, tenant: Tenant) -> None:
        self._world, self._tenant = world, tenant
        self._workshop = Workshop(world, VENDOR)

    def routes(self) -> list[Route]:
        table: list[tuple[str, str, str, Handler]] = [
            ("POST", "/v1/chat/completions", "chat", self._chat),
            ("POST", "/v1/completions", "completions", self._complete),
            ("POST", "/v1/embeddings", "embeddings", self._embed),
            *Responses(self._world, self._owner, self._respond).routes("/v1"),
            ("GET", "/v1/models", "models.list", self._list_models),
            ("GET", "/v1/models/{model}", "models.get", self._get_model),
            ("DELETE", "/v1/models/{model}", "models.delete", self._delete_model),
        ]
        own = [Route(m, pattern, f"openai.{name}", raising(handler, _bad_body)) for m, pattern, name, handler in table]
        api = FineTuningApi(self._world, self._workshop, OpenAIDialect(), self._owner, self._may_train)
        return [*own, *api.routes("/v1", "openai")]

    def _owner(self, request: Request) -> str:
        return self._tenant.caller(request).id

    def _may_train(self, order: JobOrder) -> None:
        if self._world.now() >= LAST_TRAINING or not self._world.settings.training_available:
            message = "Fine-tuning jobs can no longer be created by this organization."
            raise openai_error(403, message, code="training_not_available")

    # --- chat ---------------------------------------------------------------------------------

    def _chat(self, request: Request) -> Response:
        project = self._tenant.caller(request)
        chat = _read(lambda: read_chat(request.json()))
        caller = self._admit(project, chat.model, chats=True)
        answer = self._say(caller, chat)
        response = write_completion(answer, chat, self._heading(caller, "chatcmpl"))
        response.headers += self._room(caller)
        return response

    def _complete(self, request: Request) -> Response:
        """The legacy endpoint: prompts are completed by the models that are older than chat."""
        project = self._tenant.caller(request)
        texts = _read(lambda: read_texts(request.json()))
        caller = self._admit(project, texts.chats[0].model, chats=False)
        answers = [self._say(caller, chat) for chat in texts.chats]
        response = write_texts(answers, texts.prefixes, texts.chats[0], self._heading(caller, "cmpl"))
        response.headers += self._room(caller)
        return response

    def _respond(self, request: Request, chat: Chat) -> Said:
        caller = self._admit(self._tenant.caller(request), chat.model, chats=True)
        return Said(self._say(caller, chat), self._heading(caller, "resp"), self._room(caller))

    def _embed(self, request: Request) -> Response:
        """No model of the sandbox makes embeddings."""
        project, body = self._tenant.caller(request), request.document()
        caller = self._admit(project, str(body.get("model") or ""), chats=True)
        raise openai_error(403, f"You are not allowed to generate embeddings from this model: {caller.model}")

    def _admit(self, project: Project, model: str, *, chats: bool) -> Caller:
        """Who calls which model, when it can be called. Raises ApiError."""
        if not model:
            raise openai_error(400, "you must provide a model parameter")
        tuned = self._require_model(project, model, self._world.now())
        offered = find_offered(model)
        base = offered or base_of(model)
        _require_endpoint(base, chats)
        name = offered.id if offered else model
        self._tenant.require_allowed(project, {model, name, offered.alias if offered else name})
        self._tenant.require_room(project, name)
        return Caller(project, name, base.alias if base else name, tuned)

    def _say(self, caller: Caller, chat: Chat) -> Answer:
        answer = say(chat, caller.tuned)
        _read(lambda: check_room(chat, answer, caller.base))
        self._tenant.spellings[caller.model.lower()] = caller.model
        said = answer.completion_tokens * chat.choices
        self._world.record_call(caller.project.id, caller.model, self._world.now(), 200, answer.prompt_tokens, said)
        return answer

    def _heading(self, caller: Caller, prefix: str) -> Heading:
        identifier = f"{prefix}-{self._world.naming.hex('completion', 29)}"
        return Heading(identifier, caller.model, int(seconds_of(self._world.now())))

    def _room(self, caller: Caller) -> Headers:
        """What is left of the rate."""
        return rate_headers(self._world, caller.project.id, caller.model, *_rate(caller.project, caller.model))

    def _require_model(self, project: Project, name: str, now: datetime) -> FittedModel | None:
        """The fine-tuned model to answer with, None for a base model. Raises ApiError when it cannot be called."""
        base = find_offered(name) or base_of(name)
        tuned = self._workshop.model(project.id, name)
        if base is None or (tuned is None and name.startswith("ft:")):
            raise _no_model(name)
        if is_shut_down(base, now):
            message = f"The model `{name}` has been deprecated, learn more here: https://platform.openai.com/docs/deprecations"
            raise openai_error(404, message, code="model_not_found")
        return tuned

    # --- models -------------------------------------------------------------------------------

    def _list_models(self, request: Request) -> Response:
        return Response.json({"object": "list", "data": self._models(self._owner(request))})

    def _get_model(self, request: Request) -> Response:
        name = request.params["model"]
        offered = find_offered(name)
        wanted = offered.id if offered else name
        for row in self._models(self._owner(request)):
            if row["id"] == wanted:
                return Response.json({**row, "id": name})
        raise _no_model(name)

    def _delete_model(self, request: Request) -> Response:
        owner, name = self._owner(request), request.params["model"]
        if not self._workshop.forget_model(owner, name):
            raise _no_model(name)
        return Response.json({"id": name, "object": "model", "deleted": True})

    def _models(self, owner: str) -> list[dict[str, Any]]:
        """Each by its dated and its undated name; retired models stay in the list: their date tells."""
        named = [(name, model) for model in OFFERED for name in dict.fromkeys((model.id, model.alias))]
        rows = [_model(name, model.created, "system", model.shutdown_date) for name, model in named]
        return rows + [_tuned_model(name, job) for name, job in self._workshop.models_of(owner)]


def _tuned_model(name: str, job: Job) -> dict[str, Any]:
    base, end = base_of(name), job.schedule.ends() or datetime.fromtimestamp(0, UTC)
    return _model(name, int(end.timestamp()), ORGANIZATION_ID, base.shutdown_date if base else None)


def _model(model_id: str, created: int, owner: str, shutdown_date: str | None) -> dict[str, Any]:
    return {
        "id": model_id,
        "object": "model",
        "created": created,
        "owned_by": owner,
        "shutdown_date": shutdown_date,
    }


def _rate(project: Project, model: str) -> tuple[int, int]:
    """Requests and tokens a minute; a fine-tune has those of its base."""
    base = base_of(model)
    limit = project.rate_limits.get(f"rl-{base.id if base else model}")
    limits = limit.limits if limit else {}
    return limits.get("max_requests_per_1_minute", 10_000), limits.get("max_tokens_per_1_minute", 10_000_000)


def _read(read: Callable[[], Wish]) -> Wish:
    """What `read` makes of the request; what is wrong with it in the vendor's words."""
    try:
        return read()
    except BadChat as error:
        raise openai_error(400, str(error), param=error.param or None, code=error.code) from error


def _require_endpoint(model: OfferedModel | None, chats: bool) -> None:
    """Each sort of model has its own endpoint. Raises ApiError."""
    if model is None or model.chats is chats:
        return
    said, meant = ("not a chat model", "v1/completions") if chats else ("a chat model", "v1/chat/completions")
    message = f"This is {said} and thus not supported in the {'v1/chat/completions' if chats else 'v1/completions'} "
    raise openai_error(404, f"{message}endpoint. Did you mean to use {meant}?", param="model")


def _no_model(name: str) -> ApiError:
    message = f"The model `{name}` does not exist or you do not have access to it."
    return openai_error(404, message, code="model_not_found")


def _bad_body(message: str) -> ApiError:
    return openai_error(400, message)
