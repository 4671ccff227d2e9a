"""Signs data-plane requests with the shared credential; imported with the openai SDK only."""

from collections.abc import Callable, Generator

import httpx2


class TokenAuth(httpx2.Auth):
    """A bearer token on each request, and a new one once when the service refuses it with 401."""

    def __init__(self, token: Callable[[], str], renew: Callable[[str], None]) -> None:
        self._token = token
        self._renew = renew

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        token = self._sign(request)
        response = yield request
        if response.status_code == 401:
            self._renew(token)
            self._sign(request)
            yield request

    def _sign(self, request: httpx2.Request) -> str:
        token = self._token()
        request.headers["Authorization"] = f"Bearer {token}"
        return token
