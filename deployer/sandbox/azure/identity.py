"""Managed identity: tokens for whoever runs on the platform, without any secret of theirs.

Both ways of it: App Service (`IDENTITY_ENDPOINT` with a header) and the metadata service of virtual machines. A client
that knows neither tenant nor secret signs in so, and one that cannot be told to trust another cloud's authority.
https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

from deployer.sandbox.azure.entra import as_older
from deployer.sandbox.credential import TOKEN_SECONDS
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

APP_SERVICE = "/msi/token"


def routes(world: World) -> list[Route]:
    service = ManagedIdentity(world)
    return [
        Route("GET", APP_SERVICE, "identity.token", service.app_service),
        Route("GET", "/metadata/identity/oauth2/token", "identity.token", service.machine),
    ]


class ManagedIdentity:
    def __init__(self, world: World) -> None:
        self._world = world

    def app_service(self, request: Request) -> Response:
        if request.header("x-identity-header") != self._world.credentials.identity_header:
            return Response.json({"statusCode": 401, "message": "The X-IDENTITY-HEADER is missing or wrong."}, 401)
        return self._token(request)

    def machine(self, request: Request) -> Response:
        if request.header("metadata").lower() != "true":
            return _error("invalid_request", "Required metadata header not specified")
        return self._token(request)

    def _token(self, request: Request) -> Response:
        resource, credentials = request.query("resource"), self._world.credentials
        if not resource:
            return _error("invalid_request", "Required query variable 'resource' is missing")
        client = request.query("client_id") or request.query("clientid")
        if client and client != credentials.client_id:
            return _error("invalid_request", "Identity not found")
        granted = as_older({"token_type": "Bearer", "expires_in": TOKEN_SECONDS}, resource)
        token = credentials.issue(resource)
        return Response.json({**granted, "access_token": token.text, "client_id": credentials.client_id})


def _error(error: str, text: str) -> Response:
    return Response.json({"error": error, "error_description": text}, 400)
