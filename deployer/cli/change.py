"""`deployer deployment scale`, `pause` and `resume`: changes of a deployment that stands."""

from typing import TYPE_CHECKING, Any

import click

from deployer.cli.context import pass_app, person
from deployer.cli.render import emit, output_option, progress, say, warn

if TYPE_CHECKING:
    from deployer.app import App
    from deployer.guard.change import Changed

NOT_FREE = "Pausing is not known to stop the hosting fee; only `deployer deployment delete` is."


@click.command("scale")
@click.argument("name")
@click.option("--capacity", type=click.IntRange(min=1), required=True, help="Units of its SKU from now on.")
@click.option("--over-budget", metavar="REASON", default="", help="Scale although it exceeds a budget; journalled.")
@output_option
@pass_app
def scale(app: "App", name: str, capacity: int, over_budget: str, output: str) -> None:
    """Change how many units of its SKU a deployment has.

    Units of a provisioned SKU are paid by the hour, used or not: more of them pass the budgets like a
    new deployment. Of the other SKUs they are a rate limit and cost nothing.

    \b
    Examples:
      deployer deployment scale support-bot --capacity 20
      deployer deployment scale aoai-prod-swedencentral/chat --capacity 100 --over-budget "launch week"
    """
    from deployer.guard import change

    context = app.guard_context(policies_needed=False)
    with progress(f"scaling {name}"):
        changed = change.scale(context, name, capacity, who=person(), over_budget=over_budget)
    _emit(changed, output)


@click.command("pause")
@click.argument("name")
@output_option
@pass_app
def pause(app: "App", name: str, output: str) -> None:
    """Let a deployment answer no calls (423) until it is resumed.

    This stops what tokens cost. It is NOT known to stop the hosting fee of a fine-tuned model: only
    `deployer deployment delete` does, and `restore` puts it back. A preview operation of Azure, for the
    SKUs Standard, GlobalStandard and DataZoneStandard; pausing twice is no error.

    \b
    Examples:
      deployer deployment pause support-bot
    """
    _pause(app, name, True, output)


@click.command("resume")
@click.argument("name")
@output_option
@pass_app
def resume(app: "App", name: str, output: str) -> None:
    """Let a paused deployment answer calls again; resuming twice is no error.

    \b
    Examples:
      deployer deployment resume support-bot
    """
    _pause(app, name, False, output)


def _pause(app: "App", name: str, paused: bool, output: str) -> None:
    from deployer.guard import change

    context = app.guard_context(policies_needed=False)
    with progress(f"{'pausing' if paused else 'resuming'} {name}"):
        changed = change.pause(context, name, paused, who=person())
    _emit(changed, output)


def _emit(changed: "Changed", output: str) -> None:
    from deployer.domain.act import ActKind

    for warning in changed.warnings:
        warn(warning)
    if output != "table":
        emit(_document(changed), output)
        return
    lines = _scaled(changed) if changed.kind is ActKind.SCALE else _paused(changed)
    for line in lines:
        say(line)
    if changed.act_id is not None:
        say(f"  journal entry {changed.act_id}")


def _scaled(changed: "Changed") -> list[str]:
    from deployer.spend.price import Unpriced

    before, after = changed.before.capacity, changed.deployment.capacity
    if changed.act_id is None:
        return [f"{changed.deployment.id} has {after} units already"]
    lines = [f"Scaled {changed.deployment.id} ({changed.deployment.sku}) from {before} to {after} units"]
    if isinstance(changed.hourly, Unpriced):
        return [*lines, f"  {changed.hourly}: its cost is unknown, not zero"]
    if changed.hourly == changed.hourly_before:
        return [*lines, f"  costs {changed.hourly} an hour when unused, as before"]
    return [*lines, f"  costs {changed.hourly} an hour even when unused, before {changed.hourly_before}"]


def _paused(changed: "Changed") -> list[str]:
    from deployer.domain.act import ActKind
    from deployer.domain.money import Money

    name = changed.deployment.id
    if changed.kind is ActKind.RESUME:
        return [f"Resumed {name}: it answers calls again"]
    lines = [f"Paused {name}: calls are answered 423, and no tokens are spent"]
    if isinstance(changed.hourly, Money) and not changed.hourly.amount:
        return [*lines, "  it has no hosting fee"]
    if not isinstance(changed.hourly, Money):
        return [*lines, f"  {NOT_FREE} ({changed.hourly})"]
    return [*lines, f"  {NOT_FREE} {changed.hourly} an hour is taken to go on."]


def _document(changed: "Changed") -> dict[str, Any]:
    from deployer.cli.inventory import known

    return {
        "kind": changed.kind,
        "id": str(changed.deployment.id),
        "state": changed.deployment.state,
        "sku": changed.deployment.sku,
        "capacity_before": changed.before.capacity,
        "capacity": changed.deployment.capacity,
        "hourly_before": known(changed.hourly_before),
        "hourly": known(changed.hourly),
        "stops_hosting": False,
        "act": changed.act_id,
    }
