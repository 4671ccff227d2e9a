"""Errors as Azure Resource Manager words them, and what every ARM request must carry."""

import re
from collections.abc import Iterable
from datetime import date

from deployer.sandbox.credential import MANAGEMENT, METRICS
from deployer.sandbox.limit import Taken
from deployer.sandbox.resource import Refusal
from deployer.sandbox.wire import BadBody, Handler, Request, Response
from deployer.sandbox.world import World

SERVED = frozenset(
    {
        "microsoft.cognitiveservices", "microsoft.insights", "microsoft.costmanagement", "microsoft.resourcegraph",
        "microsoft.authorization", "microsoft.resources", "microsoft.consumption",
    }
)  # fmt: skip
"""The namespaces of which the sandbox serves at least something."""
_LOCKABLE = ("", "microsoft.cognitiveservices", "microsoft.resources")
_JSON = re.compile(r"(text|application)/([\w.-]+\+)?json", re.IGNORECASE)
_VERSION = re.compile(r"(\d{4}-\d{2}-\d{2})(-(private|public)?preview|-alpha|-beta)?", re.IGNORECASE)


def arm_error(status: int, code: str, message: str, headers: Iterable[tuple[str, str]] = ()) -> Response:
    return Response.json({"error": {"code": code, "message": message}}, status, headers)


def expired_token() -> Response:
    return arm_error(
        401,
        "ExpiredAuthenticationToken",
        "The access token has expired. Please renew it with the identity provider and try again.",
        [("www-authenticate", 'Bearer error="invalid_token", error_description="The access token has expired."')],
    )


def guarded(world: World, handler: Handler) -> Handler:
    """`handler` behind a bearer token, Resource Manager's limits and an api-version; refusals in the vendor's words."""

    def handle(request: Request) -> Response:
        refused = _check_token(world, request)
        if refused:
            return refused
        taken = world.limits.take(request.method, request.path) if world.settings.arm_limits else None
        if taken is None:
            return answer(request)
        if taken.wait:
            return _throttled(taken)
        response = answer(request)
        response.headers += taken.headers
        return response

    def answer(request: Request) -> Response:
        refused = _check_version(request) or _check_content(request) or _check_lock(world, request)
        if refused:
            return refused
        try:
            return handler(request)
        except Refusal as refusal:
            return arm_error(refusal.status, refusal.code, refusal.message)
        except BadBody as error:
            message = f"The request content was invalid and could not be deserialized: '{error}'."
            return arm_error(400, "InvalidRequestContent", message)
        except (ValueError, TypeError, AttributeError) as error:
            # A field of the wrong kind: read where it is used, told here.
            return arm_error(400, "InvalidRequestContent", f"The request is not well formed: {error}.")

    return handle


def _throttled(taken: Taken) -> Response:
    message = (
        f"Number of {taken.kind[:-1]} requests for {taken.scope} actor exceeded. Please try again after '{taken.wait}' "
        "seconds after additional tokens are available. "
        "Refer to https://aka.ms/arm-throttling for additional information."
    )
    headers = [("retry-after", str(taken.wait)), *taken.headers]
    return arm_error(429, f"{taken.scope.split()[0].capitalize()}RequestsThrottled", message, headers)


def _check_token(world: World, request: Request) -> Response | None:
    authorization = request.header("authorization")
    if not authorization:
        message = "Authentication failed. The 'Authorization' header is missing."
        return arm_error(401, "AuthenticationFailed", message, _challenge(world, message))
    if not world.credentials.is_valid(authorization):
        message = "The access token is invalid."
        return arm_error(401, "InvalidAuthenticationToken", message, _challenge(world, message))
    # Metrics have an audience of their own; Resource Manager's is let through there.
    own = (*MANAGEMENT, *METRICS) if "metrics:getbatch" in request.path.lower() else MANAGEMENT
    audience = world.credentials.misdirected(authorization, own)
    if audience:
        text = f"The access token has been obtained for wrong audience or resource '{audience}'. It should exactly "
        allowed = ",".join(f"'https://{host}/'" for host in own)
        text += f"match with one of the allowed audiences {allowed}."
        return arm_error(401, "InvalidAuthenticationTokenAudience", text, _challenge(world, text))
    return None


def _challenge(world: World, text: str) -> list[tuple[str, str]]:
    """Where to sign in: tools find the tenant of a subscription by asking without a token."""
    authority = f"{world.base_url}/{world.credentials.tenant_id}"
    value = f'Bearer authorization_uri="{authority}", error="invalid_token", error_description="{text}"'
    return [("www-authenticate", value)]


def _check_version(request: Request) -> Response | None:
    version = request.query("api-version")
    if not version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        return arm_error(400, "MissingApiVersionParameter", message)
    found = _VERSION.fullmatch(version)
    if not found or not _is_day(found[1]):
        return arm_error(400, "InvalidApiVersionParameter", f"The api-version '{version}' is invalid.")
    return None


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _check_content(request: Request) -> Response | None:
    kind = request.header("content-type").partition(";")[0].strip()
    if not request.body or not kind or _JSON.fullmatch(kind):
        return None
    message = f"The content media type '{kind}' is not supported. Only 'application/json' is supported."
    return arm_error(415, "UnsupportedMediaType", message)


def _check_lock(world: World, request: Request) -> Response | None:
    """Locks bind what manages resources: `CanNotDelete` their deletion, `ReadOnly` every change and action."""
    namespace = request.path.lower().rpartition("/providers/")[2].partition("/")[0]
    if request.method in ("GET", "HEAD") or namespace not in _LOCKABLE:
        return None
    deleting = request.method == "DELETE"
    lock = world.cloud.locked(request.path.rstrip("/"), deleting=deleting)
    if lock is None:
        return None
    return arm_error(
        409,
        "ScopeLocked",
        f"The scope '{request.path}' cannot perform {'delete' if deleting else 'write'} operation because following "
        f"scope(s) are locked: '{lock.scope}'. Please remove the lock and try again.",
    )


def refuse(world: World, request: Request, allowed: tuple[str, ...]) -> Response:
    """The answer to a path that no provider serves, or not by this method; who asks is looked at first."""
    refused = _check_token(world, request) or _check_version(request)
    if refused or not allowed:
        return refused or not_found(request)
    message = f"The requested resource does not support http method '{request.method}'."
    return arm_error(405, "MethodNotAllowed", message, [("allow", ", ".join(allowed))])


def not_found(request: Request) -> Response:
    """The answer to a path that no provider serves."""
    _, mark, rest = request.path.rpartition("/providers/")
    namespace, *kinds = rest.split("/")
    if not mark:
        return arm_error(404, "NotFound", f"The requested path '{request.path}' was not found.")
    if namespace.lower() not in SERVED:
        return arm_error(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")
    message = (
        f"The resource type '{'/'.join(kinds[::2])}' could not be found in the namespace '{namespace}' "
        f"for api version '{request.query('api-version')}'."
    )
    return arm_error(404, "InvalidResourceType", message)
