"""`deployer deployment`: what is deployed, and the life of one deployment."""

from typing import TYPE_CHECKING

import click

from deployer.cli.change import pause, resume, scale
from deployer.cli.context import finish, pass_app, person
from deployer.cli.parameter import MESSAGE, NAME
from deployer.cli.protection import protect, unprotect
from deployer.cli.render import confirm, emit, list_output_option, output_option, progress, say, show_gaps, tell, warn

if TYPE_CHECKING:
    from deployer.app import App
    from deployer.domain.deployment import Deployment
    from deployer.domain.snapshot import Snapshot


@click.group()
def deployment() -> None:
    """List, create, call, delete and restore deployments.

    NAME is a deployment's name, account/name or provider:account/name.

    \b
    Examples:
      deployer deployment list
      deployer deployment show aoai-dev-eastus2/support-bot
      deployer deployment restore support-bot
    """


@deployment.command("list")
@click.option("--provider", default="", help="Only this cloud.")
@click.option("--account", default="", help="Only this account; * stands for anything.")
@click.option("--unguarded", is_flag=True, help="Only what no policy matches.")
@click.option("--no-usage", is_flag=True, help="Do not ask whether each was used; faster.")
@list_output_option
@pass_app
def list_deployments(app: "App", provider: str, account: str, unguarded: bool, no_usage: bool, output: str) -> None:
    """List every deployment that the credentials see, dearest first, and when each stops answering.

    \b
    Examples:
      deployer deployment list
      deployer deployment list --unguarded --no-usage -o json
    """
    from deployer.cli.inventory import COLUMNS, listed, summary, tell_paused, warn_undated
    from deployer.reports.inventory import Selection, inventory
    from deployer.reports.survey import unread_use

    policies = app.policies_if_any
    snapshot = _survey(app, usage=not no_usage, dates=True)
    lines = inventory(snapshot, app.book, policies.policies, used=not no_usage)
    chosen = [line for line in lines if Selection(provider, account, unguarded).fits(line)]
    rows = [listed(line, output) for line in chosen]
    emit(rows, output, COLUMNS, empty="" if snapshot.gaps else "Nothing is deployed.")
    warn_undated(chosen)
    tell_paused(chosen)
    if output == "table" and chosen:
        tell(summary(chosen))
    code = show_gaps([*snapshot.gaps, *unread_use(snapshot)])
    finish(1 if snapshot.blind else code)


@deployment.command("show")
@click.argument("name")
@output_option
@pass_app
def show_deployment(app: "App", name: str, output: str) -> None:
    """Show one deployment: what it is, what it costs, whether it is used, who guards it, when it retires.

    \b
    Examples:
      deployer deployment show support-bot
      deployer deployment show azure:aoai-dev-eastus2/support-bot -o json
    """
    from dataclasses import replace

    from deployer.cli.inventory import document, tell_paused
    from deployer.guard.hosting import hosting_of
    from deployer.reports.inventory import inventory
    from deployer.reports.survey import unread_use

    policies = app.policies_if_any
    snapshot = _survey(app, usage=True, dates=True)
    found = _found(app, snapshot, name)
    (line,) = inventory(replace(snapshot, deployments=(found,)), app.book, policies.policies, used=True)
    hosting = hosting_of(app.providers, found, app.book, app.clock.now())
    emit(document(line) | {"pays_by_the_hour": hosting.pays, "hosting_source": hosting.source}, output)
    tell_paused([line])
    own = {key: reading for key, reading in snapshot.usage.items() if key == found.id.key}
    finish(show_gaps(unread_use(replace(snapshot, usage=own))))


@deployment.command("create")
@click.argument("name", type=NAME)
@click.option("--account", default="", help="Azure OpenAI resource or OpenAI project (default: the only one).")
@click.option("--model", required=True, help="Base model, or the full name of a fine-tuned one.")
@click.option("--checkpoint", type=click.IntRange(min=1), help="Its state after this step; --model may name the job.")
@click.option("--version", default="", help="Version of the model; default: the vendor's.")
@click.option("--sku", default="Standard", show_default=True, help="How it is billed and where it runs.")
@click.option("--capacity", type=click.IntRange(min=1), help="Capacity units of the SKU.")
@click.option("--provider", default="", help="Which cloud, when several are configured (default azure).")
@click.option("--unguarded", is_flag=True, help="Create it although no policy matches it.")
@click.option("--over-budget", metavar="REASON", default="", help="Create it although it exceeds a budget; journalled.")
@output_option
@pass_app
def create_deployment(
    app: "App",
    name: str,
    account: str,
    model: str,
    checkpoint: int | None,
    version: str,
    sku: str,
    capacity: int | None,
    provider: str,
    unguarded: bool,
    over_budget: str,
    output: str,
) -> None:
    """Create a deployment within the budgets that match it, and say what it costs and when it will end.

    OpenAI serves each model by its own name: there the same command creates nothing and says what to call.

    \b
    Examples:
      deployer deployment create support-bot --account aoai-dev-eastus2 --model gpt-4.1-mini
      deployer deployment create trial --account aoai-dev-eastus2 --model gpt-4.1-mini --unguarded
      deployer deployment create early --model ftjob-abc123 --checkpoint 40
    """
    from deployer.cli.inventory import emit_deployed
    from deployer.guard.deploy import Order, create

    cloud = provider or (next(iter(app.providers)) if len(app.providers) == 1 else "azure")
    model = _checkpoint(app, cloud, account, model, checkpoint) if checkpoint else model
    order = Order(cloud, account, name, model, model_version=version, sku=sku, capacity=capacity)
    context = app.guard_context(policies_needed=not unguarded)
    with progress(f"creating {account or cloud}/{name}"):
        made = create(context, order, who=person(), unguarded=unguarded, over_budget=over_budget, say=tell)
    emit_deployed(made, output, app.clock.now(), "Created", context.policies.mode)


@deployment.command("call")
@click.argument("name")
@click.argument("text", type=MESSAGE)
@output_option
@pass_app
def call_deployment(app: "App", name: str, text: str, output: str) -> None:
    """Send TEXT as one chat message to a deployment and print the answer.

    \b
    Examples:
      deployer deployment call support-bot "Where is my parcel?"
      deployer deployment call ft:gpt-4.1-mini-2025-04-14:acme:support:abc123 "Where is my parcel?"
    """
    from deployer.errors import DeployerError
    from deployer.guard.call import call, unlisted

    try:
        found = _find(app, name)
    except DeployerError:
        if (made := unlisted(app.providers, name)) is None:
            raise
        found = made
    answer = call(app.clock, app.providers[found.id.provider], found, text, tell)
    if output == "table":
        say(answer)
    else:
        emit({"deployment": str(found.id), "model": found.model, "answer": answer}, output)


@deployment.command("delete")
@click.argument("name")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--reason", default="", help="Why, for the journal.")
@output_option
@pass_app
def delete_deployment(app: "App", name: str, yes: bool, reason: str, output: str) -> None:
    """Undeploy: delete a deployment, keep its model, and journal what is needed to restore it.

    \b
    Examples:
      deployer deployment delete support-bot
      deployer deployment delete aoai-dev-eastus2/support-bot --yes --reason "project ended"
    """
    from deployer.cli.inventory import emit_act
    from deployer.guard.deploy import delete

    target = name
    if not yes:
        found = _find(app, name)
        target = str(found.id)
        confirm(f"Delete {found.id} ({found.model})? It stops answering at once.", yes=False)
    with progress(f"deleting {target} until it is really gone"):
        result = delete(app.guard_context(policies_needed=False), target, who=person(), reason=reason)
    finish(emit_act(result, output))


@deployment.command("restore")
@click.argument("name")
@click.option("--unguarded", is_flag=True, help="Restore it although no policy matches it.")
@click.option(
    "--over-budget", metavar="REASON", default="", help="Restore it although it exceeds a budget; journalled."
)
@output_option
@pass_app
def restore_deployment(app: "App", name: str, unguarded: bool, over_budget: str, output: str) -> None:
    """Put back a deployment that was undeployed, as it was.

    \b
    Examples:
      deployer deployment restore support-bot
      deployer deployment restore aoai-dev-eastus2/support-bot --over-budget "demo on Friday"
    """
    from deployer.cli.inventory import emit_deployed
    from deployer.guard.deploy import restore

    context = app.guard_context(policies_needed=False)
    with progress(f"restoring {name}"):
        made = restore(context, name, who=person(), unguarded=unguarded, over_budget=over_budget)
    emit_deployed(made, output, app.clock.now(), "Restored", context.policies.mode)


def _survey(app: "App", *, usage: bool, dates: bool = False) -> "Snapshot":
    from deployer.reports.survey import survey

    if not app.providers:
        warn("no cloud is configured: set AZURE_* or OPENAI_* (`deployer init` writes a commented .env)")
    with progress("asking the clouds what is deployed"):
        return survey(app.providers, app.clock.now(), usage=usage, dates=dates)


def _checkpoint(app: "App", cloud: str, account: str, made: str, step: int) -> str:
    from deployer.guard.search import find_account, find_provider
    from deployer.training.checkpoint import checkpoint_model

    context = app.guard_context(policies_needed=False)
    training = find_provider(context, cloud).training
    return checkpoint_model(training, find_account(context, cloud, account), made, step)


def _find(app: "App", name: str) -> "Deployment":
    return _found(app, _survey(app, usage=False), name)


def _found(app: "App", snapshot: "Snapshot", name: str) -> "Deployment":
    """What `name` names; of what was undeployed the error says when, by whom and how to put it back."""
    from deployer.errors import DeployerError, NotFound
    from deployer.guard.search import explained
    from deployer.reports.survey import find_deployment

    try:
        return find_deployment(snapshot, name)
    except NotFound as absence:
        try:
            context = app.guard_context(policies_needed=False)
            reason = explained(context, name, absence)
        except DeployerError:  # the journal cannot be read: the absence stands as it is
            reason = absence
        raise reason from absence


for changing in (scale, pause, resume, protect, unprotect):
    deployment.add_command(changing)
