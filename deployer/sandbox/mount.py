"""All services on one port: which modules are mounted, and what answers where none is."""

from deployer.sandbox import control
from deployer.sandbox.azure import (
    account,
    activity,
    child,
    definition,
    deployment,
    entra,
    error,
    expense,
    graph,
    graveyard,
    group,
    identity,
    inventory,
    lock,
    metric,
    model,
    offering,
    retail,
    role,
    subscription,
)
from deployer.sandbox.dataplane import azure as azure_openai
from deployer.sandbox.dataplane import openai
from deployer.sandbox.dataplane.error import not_found, wrong_method
from deployer.sandbox.manner import is_openai
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

MODULES = (
    entra, identity, subscription, group, lock, role, inventory, account, child, graveyard, offering, deployment, model,
    graph, metric, activity, definition, expense, retail, azure_openai, openai,
)  # fmt: skip


def service_routes(world: World) -> list[Route]:
    return [route for module in MODULES for route in module.routes(world)]


def refuse(world: World, request: Request, allowed: tuple[str, ...]) -> Response:
    """The answer to a path or method that nobody serves, in the words of the vendor who owns the path."""
    if request.path.startswith("/_sandbox"):
        return control.refuse(request, allowed)
    if is_openai(request.path):
        return wrong_method(request) if allowed else not_found(request)
    if request.path.startswith("/accounts/"):
        return not_found(request)
    if request.path.startswith("/api/"):
        return retail.refuse(request, allowed)
    if entra.owns(request.path):
        return entra.refuse(request)
    return error.refuse(world, request, allowed)
