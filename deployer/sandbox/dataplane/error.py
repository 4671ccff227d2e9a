"""Errors of the two vendors' data planes, and how a handler raises them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from deployer.sandbox.manner import is_openai
from deployer.sandbox.wire import BadBody, Handler, Request, Response, Route


class ApiError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, error: dict[str, Any]) -> None:
        super().__init__(str(error.get("message", "")))
        self.response = Response.json({"error": error}, status)


def openai_error(
    status: int, message: str, *, code: str | None = None, param: str | None = None, kind: str = "invalid_request_error"
) -> ApiError:
    """As OpenAI words it; `code` is what clients switch on."""
    return ApiError(status, {"message": message, "type": kind, "param": param, "code": code})


def azure_error(status: int, code: str, message: str) -> ApiError:
    """As Azure OpenAI words it."""
    return ApiError(status, {"code": code, "message": message})


def raising(handler: Handler, on_bad_body: Callable[[str], ApiError]) -> Handler:
    """`handler`, with the errors it raises as responses."""

    def handle(request: Request) -> Response:
        try:
            return handler(request)
        except ApiError as error:
            return error.response
        except BadBody as error:
            return on_bad_body(f"We could not parse the JSON body of your request. {error}").response

    return handle


def json_only(route: Route) -> Route:
    """A route of OpenAI's that refuses bodies of another kind than JSON, as the service does."""

    def handle(request: Request) -> Response:
        kind = request.header("content-type")
        if request.body and kind and kind.partition(";")[0].strip().lower() != "application/json":
            message = (
                f"Unsupported content type: '{kind}'. This API method only accepts 'application/json' requests, but "
                f"you specified the header 'Content-Type: {kind}'. Please try again with a supported content type."
            )
            return openai_error(400, message, code="unsupported_content_type").response
        return route.handler(request)

    return replace(route, handler=handle)


def not_found(request: Request) -> Response:
    """The answer to a data plane's path that nobody serves, in the words of its owner."""
    if is_openai(request.path):
        return openai_error(404, f"Invalid URL ({request.method} {request.path})").response
    return azure_error(404, "404", "Resource not found").response


def wrong_method(request: Request) -> Response:
    """The answer to a path of OpenAI's that is served, but not by this method."""
    message = f"Not allowed to {request.method} on {request.path}. (HINT: Perhaps you meant to use another method.)"
    return openai_error(405, message, code="method_not_supported").response
