"""Routing: who answers a path."""

import pytest

from deployer.sandbox.wire import BadBody, Request, Response, Route, Router


def route(method: str, pattern: str) -> Route:
    return Route(method, pattern, pattern, lambda request: Response())


ROUTER = Router(
    [
        route("GET", "/things/{name}"),
        route("DELETE", "/things/{name}"),
        route("GET", "/things/new"),
        route("GET", "/{tenant}/token"),
        route("GET", "/files/{path...}"),
    ]
)


@pytest.mark.parametrize(
    ("path", "pattern", "params"),
    [
        ("/things/Blue", "/things/{name}", {"name": "Blue"}),
        ("/THINGS/new", "/things/new", {}),
        ("/things/token", "/things/{name}", {"name": "token"}),
        ("/me/token/", "/{tenant}/token", {"tenant": "me"}),
        ("/files/a/B/c", "/files/{path...}", {"path": "a/B/c"}),
    ],
)
def test_literals_win_and_names_keep_their_case(path: str, pattern: str, params: dict[str, str]) -> None:
    match = ROUTER.find("GET", path)
    assert match.route is not None
    assert (match.route.pattern, match.params) == (pattern, params)


def test_an_unknown_path_has_no_route_and_allows_nothing() -> None:
    match = ROUTER.find("GET", "/things/a/b")
    assert (match.route, match.allowed) == (None, ())


def test_an_unknown_method_tells_which_are_allowed() -> None:
    match = ROUTER.find("POST", "/things/blue")
    assert (match.route, match.allowed) == (None, ("DELETE", "GET"))


def test_query_names_are_read_without_case() -> None:
    request = Request("GET", "/", "$Top=5&group_by=a&group_by=b")
    assert (request.query("$top"), request.values("group_by"), request.query("none", "x")) == ("5", ["a", "b"], "x")


def test_a_body_that_is_not_json_is_refused() -> None:
    with pytest.raises(BadBody):
        Request("POST", "/", body=b"{").json()
