"""The headers that each vendor puts on every answer: ids to quote to its support, and how not to cache.

Clients read them: SDKs show the id in their errors, log them, and send their own id to find it again.
"""

from deployer.sandbox.azure.entra import owns
from deployer.sandbox.clock import stamp
from deployer.sandbox.dataplane.project import FIRST_PROJECT
from deployer.sandbox.manner import cross_origin, is_openai
from deployer.sandbox.wire import Headers, Request, Response
from deployer.sandbox.world import World

_UNCACHED: Headers = (("cache-control", "no-cache"), ("pragma", "no-cache"), ("expires", "-1"))
_GUARDED: Headers = (
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
)


def add_headers(world: World, request: Request, response: Response, number: int) -> None:
    """What the owner of the path adds to its `number`th answer; what the answer has already stays."""
    path = request.path.lower()
    identifier = f"{world.seed & 0xFFFFFFFF:08x}-0000-4000-8000-{number:012x}"
    if is_openai(path):
        added = _openai(request, identifier)
    elif path.startswith("/accounts/"):
        added = _azure_openai(world, request, identifier)
    elif path.startswith("/msi/") or owns(path):
        added = _entra(request, identifier)
    elif path.startswith("/api/retail"):
        added = (("x-ms-request-id", identifier), *_GUARDED)
    else:
        added = _resource_manager(world, request, identifier)
    known = {name for name, _ in response.headers}
    added = (*added, *cross_origin(request))
    response.headers = (*response.headers, *(header for header in added if header[0] not in known))


def _resource_manager(world: World, request: Request, identifier: str) -> Headers:
    correlation = request.header("x-ms-correlation-request-id") or identifier
    at = stamp(world.now())[:19].replace("-", "").replace(":", "")
    return (
        ("x-ms-request-id", identifier),
        ("x-ms-correlation-request-id", correlation),
        ("x-ms-routing-request-id", f"EASTUS2:{at}Z:{identifier}"),
        *_echo(request),
        *_UNCACHED,
        *_GUARDED,
    )


def _entra(request: Request, identifier: str) -> Headers:
    sent = request.header("client-request-id")
    return (
        ("x-ms-request-id", identifier),
        ("x-ms-ests-server", "2.1.0 - sandbox"),
        ("cache-control", "no-store, no-cache"),
        *((("client-request-id", sent),) if sent else ()),
        *_UNCACHED[1:],
        *_GUARDED,
    )


def _azure_openai(world: World, request: Request, identifier: str) -> Headers:
    account = world.cloud.account(request.path.split("/")[2])
    region = (("x-ms-region", account.region),) if account else ()
    return (("apim-request-id", identifier), ("x-request-id", identifier), *region, *_echo(request), *_GUARDED)


def _openai(request: Request, identifier: str) -> Headers:
    return (
        ("x-request-id", f"req_{identifier.replace('-', '')}"),
        ("openai-version", "2020-10-01"),
        ("openai-organization", "org-sandbox"),
        ("openai-project", request.header("openai-project", FIRST_PROJECT)),
        ("openai-processing-ms", "1"),
        *_GUARDED,
    )


def _echo(request: Request) -> Headers:
    """The client's own id, where it asked to have it back."""
    sent = request.header("x-ms-client-request-id")
    wanted = request.header("x-ms-return-client-request-id").lower() == "true"
    return (("x-ms-client-request-id", sent),) if sent and wanted else ()
