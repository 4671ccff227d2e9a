"""Finding what a path names, or refusing in ARM's words."""

from deployer.sandbox.group import Group
from deployer.sandbox.resource import Account, Deployed, Refusal
from deployer.sandbox.wire import Request
from deployer.sandbox.world import World


def require_subscription(world: World, request: Request) -> str:
    """The subscription of the path, as it was made. Raises Refusal."""
    wanted = request.params["subscription"]
    for subscription in world.cloud.subscriptions:
        if subscription.lower() == wanted.lower():
            return subscription
    raise Refusal(404, "SubscriptionNotFound", f"The subscription '{wanted}' could not be found.")


def require_group(world: World, request: Request) -> Group:
    """The group of the path. Raises Refusal."""
    subscription, wanted = require_subscription(world, request), request.params["group"]
    found = world.cloud.groups.find(subscription, wanted)
    if found is None:
        raise Refusal(404, "ResourceGroupNotFound", f"Resource group '{wanted}' could not be found.")
    return found


def require_account(world: World, request: Request) -> Account:
    """The account of the path, in its own subscription and resource group. Raises Refusal."""
    group = require_group(world, request).name
    account = world.cloud.account(request.params["account"])
    wanted = request.params["subscription"].lower()
    if account and account.subscription.lower() == wanted and account.resource_group.lower() == group.lower():
        return account
    raise missing(f"Microsoft.CognitiveServices/accounts/{request.params['account']}", group)


def require_deployment(world: World, request: Request) -> Deployed:
    account, name = require_account(world, request), request.params["deployment"]
    found = account.deployments.get(name.lower())
    if found is None:
        resource = f"Microsoft.CognitiveServices/accounts/{account.name}/deployments/{name}"
        raise missing(resource, account.resource_group)
    return found


def missing(resource: str, group: str) -> Refusal:
    message = (
        f"The Resource '{resource}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return Refusal(404, "ResourceNotFound", message)
