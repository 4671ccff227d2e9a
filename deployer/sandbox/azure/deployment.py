"""Deployments as ARM shows them, and the long-running operations that change them.

As recorded: a PUT answers 201 with `provisioningState: Creating`, looks answer `Running` with
`percentComplete` 0.0 all along, then `Succeeded`; a DELETE answers 202, and the deployment
shows `Deleting` until it is gone. Some keys come in lower case (`ratelimits`).
"""

from typing import Any

from deployer.sandbox.azure.account import ACCOUNT
from deployer.sandbox.azure.error import guarded, not_found
from deployer.sandbox.azure.lookup import missing, require_account, require_deployment, require_subscription
from deployer.sandbox.azure.page import arm_page
from deployer.sandbox.catalog import INFERENCE_SKUS, TUNED_SKUS, sizes
from deployer.sandbox.clock import at_seconds, stamp
from deployer.sandbox.resource import Deployed, Operation, Refusal
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

TYPE = "Microsoft.CognitiveServices/accounts/deployments"
LOCATION = "/subscriptions/{subscription}/providers/Microsoft.CognitiveServices/locations/{location}"
PAUSE_SINCE = "2026-01-15-preview"
"""The first api-version that Microsoft's clients pause deployments with."""
CAPABILITIES = {"chatCompletion": "true", "responses": "true", "area": "US", "maxContextToken": "128000"}


def routes(world: World) -> list[Route]:
    service = Deployments(world)
    one = ACCOUNT + "/deployments/{deployment}"
    return [
        Route("GET", ACCOUNT + "/deployments", "deployments.list", guarded(world, service.list)),
        Route("GET", one, "deployments.get", guarded(world, service.get)),
        Route("PUT", one, "deployments.put", guarded(world, service.put)),
        Route("PATCH", one, "deployments.patch", guarded(world, service.patch)),
        Route("DELETE", one, "deployments.delete", guarded(world, service.delete)),
        Route("POST", one + "/pause", "deployments.pause", guarded(world, service.pause)),
        Route("POST", one + "/resume", "deployments.resume", guarded(world, service.resume)),
        Route("GET", one + "/skus", "deployments.skus", guarded(world, service.skus)),
        Route("GET", LOCATION + "/operations/{operation}", "operations.get", guarded(world, service.operation)),
        Route("GET", LOCATION + "/operationResults/{operation}", "operations.result", guarded(world, service.result)),
    ]


class Deployments:
    def __init__(self, world: World) -> None:
        self._world = world
        self._client = world.credentials.client_id

    def list(self, request: Request) -> Response:
        account = require_account(self._world, request)
        preview = _is_preview(request)
        rows = list(account.deployments.values())
        return arm_page(self._world, request, rows, lambda one: self.render(one, preview=preview))

    def get(self, request: Request) -> Response:
        """A look at the deployment counts as a look at its operation."""
        deployed = require_deployment(self._world, request)
        if deployed.operation and deployed.operation.finished is None:
            self._world.cloud.poll(deployed.operation, self._world.now())
        if deployed.gone is not None:
            raise missing(f"{TYPE}/{deployed.name}", deployed.account.resource_group)
        return Response.json(self.render(deployed, preview=_is_preview(request)))

    def put(self, request: Request) -> Response:
        account = require_account(self._world, request)
        name, now = request.params["deployment"], self._world.now()
        known, preview = name.lower() in account.deployments, _is_preview(request)
        body = request.document() if preview else _without_state(request.document())
        deployed = self._world.cloud.put(account, name, body, now, self._client)
        if known:
            return Response.json(self.render(deployed, preview=preview))
        headers = [("azure-asyncoperation", self._operation_url(request, deployed, "operations"))]
        return Response.json(self.render(deployed, preview=preview), 201, headers)

    def patch(self, request: Request) -> Response:
        deployed = require_deployment(self._world, request)
        return Response.json(self.render(self._world.cloud.patch(deployed, request.document(), self._world.now())))

    def pause(self, request: Request) -> Response:
        return self._pause(request, True)

    def resume(self, request: Request) -> Response:
        return self._pause(request, False)

    def _pause(self, request: Request, paused: bool) -> Response:
        """Only preview versions know it; to the stable ones it is a type of resource that does not exist."""
        deployed = require_deployment(self._world, request)
        if not _is_preview(request):
            return not_found(request)
        changed = self._world.cloud.pause(deployed, paused, self._world.now())
        return Response.json(self.render(changed, preview=True))

    def delete(self, request: Request) -> Response:
        account = require_account(self._world, request)
        deployed = account.deployments.get(request.params["deployment"].lower())
        if deployed is None:
            return Response(204)
        self._world.cloud.delete(deployed, self._world.now())
        names = {"azure-asyncoperation": "operations", "location": "operationResults"}
        headers = [(header, self._operation_url(request, deployed, kind)) for header, kind in names.items()]
        return Response(202, b"", tuple(headers))

    def skus(self, request: Request) -> Response:
        deployed = require_deployment(self._world, request)
        names = TUNED_SKUS if deployed.fine_tuned else INFERENCE_SKUS
        base = deployed.base_model
        rows = [{"resourceType": TYPE, "sku": {"name": name}, "capacity": sizes(name, base)} for name in names]
        return Response.json({"value": rows})

    def operation(self, request: Request) -> Response:
        operation = self._require_operation(request)
        done = self._world.cloud.poll(operation, self._world.now())
        body: dict[str, Any] = {
            "id": request.path,
            "name": operation.id,
            "status": "Succeeded" if done else "Running",
            "startTime": stamp(at_seconds(operation.started)),
            "percentComplete": 100.0 if done else 0.0,
        }
        if operation.finished is not None:
            body["endTime"] = stamp(at_seconds(operation.finished))
        return Response.json(body)

    def result(self, request: Request) -> Response:
        operation = self._require_operation(request)
        done = self._world.cloud.poll(operation, self._world.now())
        again = f"{self._world.base_url}{request.path}?{request.query_string}"
        return Response(204) if done else Response(202, b"", (("location", again),))

    def _require_operation(self, request: Request) -> Operation:
        require_subscription(self._world, request)
        operation = self._world.cloud.operations.get(request.params["operation"])
        if operation is None:
            text = f"The operation '{request.params['operation']}' was not found."
            raise Refusal(404, "OperationNotFound", text)
        return operation

    def _operation_url(self, request: Request, deployed: Deployed, kind: str) -> str:
        account, operation = deployed.account, deployed.operation
        provider = f"/subscriptions/{account.subscription}/providers/Microsoft.CognitiveServices"
        path = f"{provider}/locations/{account.region}/{kind}/{operation.id if operation else ''}"
        return f"{self._world.base_url}{path}?api-version={request.query('api-version')}"

    def render(self, deployed: Deployed, *, preview: bool = False) -> dict[str, Any]:
        created, modified = stamp(at_seconds(deployed.created)), stamp(at_seconds(deployed.modified))
        who = deployed.created_by or self._client
        return {
            "id": deployed.resource_id,
            "type": TYPE,
            "name": deployed.name,
            "sku": {"name": deployed.sku, "capacity": deployed.capacity},
            "properties": {
                "versionUpgradeOption": "OnceNewDefaultVersionAvailable",
                **deployed.properties,
                "model": {"format": "OpenAI", "name": deployed.model, "version": deployed.version},
                "currentCapacity": deployed.capacity,
                "capabilities": CAPABILITIES,
                "provisioningState": deployed.state,
                **({"deploymentState": "Paused" if deployed.paused else "Running"} if preview else {}),
                "ratelimits": [
                    {"key": "request", "renewalPeriod": 60, "count": deployed.capacity},
                    {"key": "token", "renewalPeriod": 60, "count": deployed.capacity * 1000},
                ],
            },
            "systemData": {
                "createdBy": who,
                "createdByType": "Application",
                "createdAt": created,
                "lastModifiedBy": who,
                "lastModifiedByType": "Application",
                "lastModifiedAt": modified,
            },
            "etag": f'"{deployed.name}-{int(deployed.created)}-{deployed.revision}"',
            "tags": deployed.tags,
        }


def _without_state(body: dict[str, Any]) -> dict[str, Any]:
    """The body as a stable api-version reads it: a property that it does not know is passed over."""
    properties = body.get("properties")
    if not isinstance(properties, dict):
        return body
    return {**body, "properties": {key: value for key, value in properties.items() if key != "deploymentState"}}


def _is_preview(request: Request) -> bool:
    """Whether the api-version is one that shows whether a deployment is paused."""
    version = request.query("api-version")
    return version.endswith("-preview") and version >= PAUSE_SINCE
