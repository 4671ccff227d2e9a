"""`deployer deployment protect` and `unprotect`: a person's word against every rule."""

from typing import TYPE_CHECKING

import click

from deployer.cli.context import pass_app, person
from deployer.cli.render import emit, output_option, progress, say

if TYPE_CHECKING:
    from deployer.app import App


@click.command("protect")
@click.argument("name")
@click.option("--reason", default="", help="Why, for whoever wonders later.")
@output_option
@pass_app
def protect(app: "App", name: str, reason: str, output: str) -> None:
    """Keep the guard from undeploying a deployment, whatever a policy says, until it is unprotected.

    It goes on costing, and is counted. `deployer deployment delete` deletes it all the same.

    \b
    Examples:
      deployer deployment protect support-bot
      deployer deployment protect aoai-dev-eastus2/support-bot --reason "demo on Friday"
    """
    from deployer.guard import protection

    context = app.guard_context(policies_needed=False)
    with progress(f"protecting {name}"):
        found = protection.protect(context, name, who=person(), reason=reason)
    _tell(str(found), True, output)


@click.command("unprotect")
@click.argument("name")
@click.option("--reason", default="", help="Why, for whoever wonders later.")
@output_option
@pass_app
def unprotect(app: "App", name: str, reason: str, output: str) -> None:
    """Let the policies act on a deployment again. `guard status` lists what is protected.

    \b
    Examples:
      deployer deployment unprotect support-bot
    """
    from deployer.guard import protection

    context = app.guard_context(policies_needed=False)
    _tell(protection.unprotect(context, name, who=person(), reason=reason), False, output)


def _tell(name: str, protected: bool, output: str) -> None:
    if output != "table":
        emit({"id": name, "protected": protected}, output)
    elif protected:
        say(f"Protected {name}: no rule undeploys it; take it back with `deployer deployment unprotect {name}`")
    else:
        say(f"Unprotected {name}: the policies act on it again")
