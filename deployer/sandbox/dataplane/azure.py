"""Azure OpenAI's data plane under each account's endpoint, in both of its surfaces.

Classic: `/openai/deployments/{deployment}/chat/completions?api-version=`; v1: `/openai/v1/...` with
the deployment as `model`. Both take an account key or a bearer token. A deployment that is not
there (never made, still being made, undeployed) answers 404 `DeploymentNotFound`.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from deployer.sandbox.catalog import MODELS, BaseModel, find_base
from deployer.sandbox.clock import seconds_of
from deployer.sandbox.credential import MODELS as MODEL_AUDIENCES
from deployer.sandbox.dataplane.azure_dialect import VENDOR, AzureDialect, tier_of
from deployer.sandbox.dataplane.chat import Answer, Chat, read_chat, say
from deployer.sandbox.dataplane.completion import Heading, write_completion, write_texts
from deployer.sandbox.dataplane.demand import BadChat
from deployer.sandbox.dataplane.error import ApiError, azure_error, openai_error, raising
from deployer.sandbox.dataplane.finetuning import FineTuningApi
from deployer.sandbox.dataplane.legacy import read_texts
from deployer.sandbox.dataplane.rate import rate_headers
from deployer.sandbox.dataplane.response import Responses, Said
from deployer.sandbox.dataplane.window import check_room
from deployer.sandbox.resource import Account, Deployed
from deployer.sandbox.training.order import JobOrder
from deployer.sandbox.training.workshop import Workshop
from deployer.sandbox.wire import Handler, Headers, Request, Response, Route
from deployer.sandbox.world import World

Wish = TypeVar("Wish")
_CLASSIC = "/accounts/{account}/openai"
_V1 = "/accounts/{account}/openai/v1"


def routes(world: World) -> list[Route]:
    return AzureDataPlane(world).routes()


class AzureDataPlane:
    """Handlers over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._workshop = Workshop(world, VENDOR)

    def routes(self) -> list[Route]:
        responses = Responses(self._world, self._owner, self._respond)
        table: list[tuple[str, str, str, Handler]] = [
            ("POST", f"{_CLASSIC}/deployments/{{deployment}}/chat/completions", "chat", self._chat),
            ("POST", f"{_V1}/chat/completions", "chat", self._chat),
            ("POST", f"{_CLASSIC}/deployments/{{deployment}}/completions", "completions", self._complete),
            ("POST", f"{_V1}/completions", "completions", self._complete),
            ("POST", f"{_CLASSIC}/deployments/{{deployment}}/embeddings", "embeddings", self._embed),
            ("POST", f"{_V1}/embeddings", "embeddings", self._embed),
            *responses.routes(_CLASSIC),
            *responses.routes(_V1),
            ("GET", f"{_CLASSIC}/models", "models.list", self._list_models),
            ("GET", f"{_V1}/models", "models.list", self._list_models),
            ("GET", f"{_CLASSIC}/models/{{model}}", "models.get", self._get_model),
            ("GET", f"{_V1}/models/{{model}}", "models.get", self._get_model),
            ("DELETE", f"{_CLASSIC}/fine_tuning/jobs/{{job}}", "jobs.delete", self._delete_job),
        ]
        chat = [Route(m, pattern, f"azure.{name}", raising(handler, _bad_body)) for m, pattern, name, handler in table]
        api = FineTuningApi(self._world, self._workshop, AzureDialect(), self._owner, _check_tier, self._require_room)
        return [*chat, *api.routes(_CLASSIC, "azure"), *api.routes(_V1, "azure")]

    def _require_room(self, owner: str, kind: str) -> None:
        """As the documents limit one resource; files that jobs made do not count. Raises ApiError."""
        files, settings = [file for file in self._workshop.files.of(owner) if not file.produced], self._world.settings
        jobs = len(self._workshop.of(owner))
        held, most = (len(files), settings.azure_files) if kind == "file" else (jobs, settings.azure_jobs)
        if held >= most:
            raise azure_error(400, "quotaExceeded", f"Quota exceeded: the resource has {held} of {most} {kind}s.")

    # --- who calls ----------------------------------------------------------------------------

    def _owner(self, request: Request) -> str:
        return self._account(request).name

    def _account(self, request: Request) -> Account:
        """The account of the path, when the caller may use it. Raises ApiError."""
        account = self._world.cloud.account(request.params["account"])
        classic = (
            not request.path.lower()
            .removeprefix(f"/accounts/{request.params['account'].lower()}")
            .startswith("/openai/v1")
        )
        if account is None or (classic and not request.query("api-version")):
            raise azure_error(404, "404", "Resource not found")
        if not self._is_known(request, account):
            raise azure_error(
                401,
                "401",
                "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key "
                "for an active subscription and use a correct regional API endpoint for your resource.",
            )
        return account

    def _is_known(self, request: Request, account: Account) -> bool:
        """Whether a key or a token of this account was shown. Raises ApiError where keys are switched off."""
        authorization = request.header("authorization")
        shown = request.header("api-key") or authorization.removeprefix("Bearer ")
        if shown in self._world.credentials.account_keys(account.name, account.keys):
            if account.properties.get("disableLocalAuth"):
                message = "Key based authentication is disabled for this resource."
                raise azure_error(403, "AuthenticationTypeDisabled", message)
            return True
        if self._world.credentials.misdirected(authorization, MODEL_AUDIENCES):
            text = "Access token is missing, invalid, audience is incorrect (https://cognitiveservices.azure.com), "
            raise azure_error(401, "Unauthorized", f"{text}or have expired.")
        return self._world.credentials.is_valid(authorization)

    # --- calls --------------------------------------------------------------------------------

    def _chat(self, request: Request) -> Response:
        deployed = self._deployed(request)
        self._require_operation(deployed, "chatCompletion", chats=True)
        chat = self._read(deployed, lambda: read_chat(request.json(), azure=True))
        answer = self._say(deployed, chat)
        response = write_completion(answer, chat, self._heading(deployed, "chatcmpl"))
        response.headers += self._room(deployed)
        return response

    def _complete(self, request: Request) -> Response:
        """The legacy endpoint, for the models that are older than chat."""
        deployed = self._deployed(request)
        self._require_operation(deployed, "completion", chats=False)
        texts = self._read(deployed, lambda: read_texts(request.json()))
        answers = [self._say(deployed, chat) for chat in texts.chats]
        response = write_texts(answers, texts.prefixes, texts.chats[0], self._heading(deployed, "cmpl"))
        response.headers += self._room(deployed)
        return response

    def _embed(self, request: Request) -> Response:
        """No model of the sandbox makes embeddings."""
        raise self._unfit(self._deployed(request), "embeddings")

    def _require_operation(self, deployed: Deployed, operation: str, *, chats: bool) -> None:
        """Each sort of model has its own operation. Raises ApiError."""
        base = find_base(deployed.base_model, "")
        if base is not None and base.chats is not chats:
            raise self._unfit(deployed, operation)

    def _unfit(self, deployed: Deployed, operation: str) -> ApiError:
        """A call of the wrong operation is a call that failed: it shows in the metrics."""
        self._world.record_call(deployed.account.name, deployed.name, self._world.now(), 400, 0, 0)
        text = f"The {operation} operation does not work with the specified model, {_model_name(deployed)}. "
        return azure_error(400, "OperationNotSupported", f"{text}Please choose different model and try again.")

    def _respond(self, request: Request, chat: Chat) -> Said:
        deployed = self._deployed(request)
        self._require_operation(deployed, "responses", chats=True)
        return Said(self._say(deployed, chat), self._heading(deployed, "resp"), self._room(deployed))

    def _deployed(self, request: Request) -> Deployed:
        """The deployment that is called, by the path or by the body, when it answers. Raises ApiError."""
        account, body = self._account(request), request.json()
        name = request.params.get("deployment") or str((body.get("model") if isinstance(body, dict) else "") or "")
        deployed = self._world.serving(account.name, name)
        if deployed is None:
            raise azure_error(
                404,
                "DeploymentNotFound",
                "The API deployment for this resource does not exist. If you created the deployment within the last "
                "5 minutes, please wait a moment and try again.",
            )
        if deployed.paused:
            raise azure_error(423, "DeploymentPaused", f"The deployment '{deployed.name}' is paused.")
        return deployed

    def _say(self, deployed: Deployed, chat: Chat) -> Answer:
        account = deployed.account.name
        answer = say(chat, self._workshop.model(account, deployed.model))
        self._read(deployed, lambda: check_room(chat, answer, deployed.base_model))
        said = answer.completion_tokens * chat.choices
        self._world.record_call(account, deployed.name, self._world.now(), 200, answer.prompt_tokens, said)
        return answer

    def _heading(self, deployed: Deployed, prefix: str) -> Heading:
        identifier = f"{prefix}-{self._world.naming.hex('completion', 29)}"
        return Heading(identifier, _model_name(deployed), int(seconds_of(self._world.now())), filtered=True)

    def _room(self, deployed: Deployed) -> Headers:
        """What is left of the deployment's rate."""
        units = deployed.capacity
        return rate_headers(self._world, deployed.account.name, deployed.name, units, units * 1000)

    def _read(self, deployed: Deployed, read: Callable[[], Wish]) -> Wish:
        """What `read` makes of the request. A failing call is a call: it shows in the metrics with its status."""
        try:
            return read()
        except BadChat as error:
            self._world.record_call(deployed.account.name, deployed.name, self._world.now(), 400, 0, 0)
            raise openai_error(400, str(error), param=error.param or None, code=error.code) from error

    # --- models and jobs ----------------------------------------------------------------------

    def _list_models(self, request: Request) -> Response:
        return Response.json({"object": "list", "data": _models(self._account(request))})

    def _get_model(self, request: Request) -> Response:
        account, wanted = self._account(request), request.params["model"]
        for row in _models(account):
            if row["id"].lower() == wanted.lower():
                return Response.json(row)
        raise azure_error(404, "notFound", f"The model '{wanted}' was not found.")

    def _delete_job(self, request: Request) -> Response:
        """204 whether or not there was such a job."""
        job = self._workshop.find(self._owner(request), request.params["job"])
        if job is not None and not job.phase(self._world.now()).ended:
            raise azure_error(409, "unexpectedEntityState", f"The job '{job.id}' is running: cancel it first.")
        if job is not None:
            del self._workshop.jobs[job.id]
        return Response(204)


def _models(account: Account) -> list[dict[str, Any]]:
    """Base models, and the account's own fine-tuned ones."""
    rows = [_model(model.full_name, model, tunable=bool(model.fine_tune_until)) for model in MODELS]
    for tuned in account.models.values():
        base = find_base(tuned.base_model, tuned.base_version) or MODELS[0]
        rows.append(_model(tuned.name, base) | {"model": f"{tuned.base_model}-{tuned.base_version}"})
    return rows


def _model(model_id: str, base: BaseModel, *, tunable: bool = False) -> dict[str, Any]:
    deprecation = {"inference": _midnight(base.inference_until)}
    if base.fine_tune_until:
        deprecation["fine_tune"] = _midnight(base.fine_tune_until)
    return {
        "object": "model",
        "id": model_id,
        "status": "succeeded",
        "created_at": _midnight(base.released),
        "lifecycle_status": "generally-available",
        "deprecation": deprecation,
        "capabilities": {
            "fine_tune": tunable,
            "inference": True,
            "chat_completion": base.chats,
            "completion": not base.chats,
            "embeddings": False,
        },
    }


def _midnight(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def _model_name(deployed: Deployed) -> str:
    """What the answer names: base models with their version, fine-tuned ones by their own name."""
    base = None if deployed.fine_tuned else find_base(deployed.model, deployed.version)
    return base.full_name if base else deployed.model


def _bad_body(message: str) -> ApiError:
    return azure_error(400, "BadRequest", message)


def _check_tier(order: JobOrder) -> None:
    tier_of(order.training_type)
