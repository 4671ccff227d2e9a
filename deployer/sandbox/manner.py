"""How the vendors treat methods and spellings that no operation is written for.

A HEAD is a GET without its body; Resource Manager says with 204 that there is such a resource. Browsers ask
beforehand by OPTIONS, and may read every answer. OpenAI compares paths by the letter, where Azure does not.
"""

from collections.abc import Callable

from deployer.sandbox.wire import Headers, Match, Request, Response

_ANY_ORIGIN: Headers = (("access-control-allow-origin", "*"),)
_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
Find = Callable[[str, str], Match]


def is_openai(path: str) -> bool:
    """Whether OpenAI owns a path; here all vendors share a host."""
    return path[:3].lower() == "/v1" and path[3:4] in ("", "/")


def find_route(find: Find, request: Request) -> Match:
    """Whose operation a request is; a HEAD is the GET's of its path, unless it has one of its own."""
    match = find(request.method, request.path)
    if match.route is None and request.method == "HEAD" and "GET" in match.allowed:
        match = find("GET", request.path)
    if match.route and is_openai(request.path) and not _to_the_letter(match.route.pattern, request.path):
        return Match(None, {})
    return match


def _to_the_letter(pattern: str, path: str) -> bool:
    """Whether a path is spelled as its pattern is, without a slash too many."""
    wanted, given = pattern.split("/"), path.split("/")
    same = (one.startswith("{") or one == other for one, other in zip(wanted, given, strict=False))
    return len(wanted) == len(given) and all(same)


def without_body(request: Request, response: Response) -> Response:
    """What a HEAD gets of a GET's answer."""
    managed = "/providers/" in request.path.lower() or request.path.lower().startswith("/subscriptions")
    status = 204 if managed and response.status == 200 else response.status
    return Response(status, b"", response.headers)


def preflight(request: Request) -> Response | None:
    """The answer to a browser that asks whether it may ask; None for any other request."""
    wanted = request.header("access-control-request-method")
    if request.method != "OPTIONS" or not request.header("origin") or not wanted:
        return None
    headers = request.header("access-control-request-headers") or "*"
    allowed = (("access-control-allow-methods", _METHODS), ("access-control-allow-headers", headers))
    return Response(200, b"", (*_ANY_ORIGIN, *allowed, ("access-control-max-age", "600")))


def cross_origin(request: Request) -> Headers:
    """What lets a page of another origin read the answer."""
    return (*_ANY_ORIGIN, ("access-control-expose-headers", "*")) if request.header("origin") else ()
