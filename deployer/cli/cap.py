"""`deployer cap`: the limits that a cloud keeps by itself, also while nobody watches."""

from typing import TYPE_CHECKING, Any

import click

from deployer.cli.context import finish, pass_app, person
from deployer.cli.parameter import MONEY
from deployer.cli.render import Column, emit, list_output_option, output_option, progress, say, show_gaps, tell, warn

if TYPE_CHECKING:
    from deployer.app import App
    from deployer.domain.money import Money
    from deployer.guard.cap import CapResult
    from deployer.guard.capwish import Wish

COLUMNS = (
    Column("account"),
    Column("name"),
    Column("spend_limit", "limit a month", right=True, show=lambda cap: f"{cap['amount']} {cap['currency']}"),
    Column("enforcing"),
    Column("alerts", show=lambda caps: ", ".join(f"{cap['amount']} {cap['currency']}" for cap in caps)),
    Column("models", show=lambda text: str(text)),
    Column("rate_limits", "rate limits", right=True, show=lambda caps: str(len(caps))),
)


@click.group()
def cap() -> None:
    """Show, set and put back the caps that a cloud keeps by itself.

    \b
    They destroy nothing. From mild to hard: a spend alert only tells; a rate limit slows one
    model; a denied model is refused; a spend limit refuses every call until the month ends.

    \b
    Examples:
      deployer cap show
      deployer cap set proj_abc --spend-limit "100 USD"
      deployer cap restore 7
    """


@cap.command("show")
@click.argument("project", default="")
@list_output_option
@pass_app
def show(app: "App", project: str, output: str) -> None:
    """Show the caps of every project and of the organisation; with PROJECT, each of its rate limits too.

    The budgets that somebody set in Azure are shown beside them, with whom they tell and whether a policy about the
    same accounts has the same amount. They are evaluated once a day and send e-mail: they stop nothing.

    \b
    Examples:
      deployer cap show
      deployer cap show proj_abc
      deployer cap show -o json
    """
    from deployer.cli.budget import budget_row, say_budget
    from deployer.cli.capping import print_caps, row
    from deployer.errors import InvalidUsage
    from deployer.reports.budget import survey_budgets
    from deployer.reports.cap import survey_caps

    with progress("reading caps"):
        found = survey_caps(app.providers, project)
        budgets = survey_budgets(app.providers, app.policies_if_any.policies, app.clock.now(), project)
    if project and not (found.caps or found.gaps or budgets.lines):
        raise InvalidUsage(f"there is no project {project!r} with caps", next_step="`deployer cap show` lists them all")
    rows = [row(one) for one in found.caps]
    if output != "table":
        emit([*rows, *map(budget_row, budgets.lines)], output, COLUMNS)
    elif project:
        print_caps(found.caps)
    else:
        emit(rows, output, COLUMNS, empty="" if found.gaps or budgets.lines else "No caps are kept.")
    if output == "table":
        for line in budgets.lines:
            say_budget(line)
    for note in found.notes:
        tell(f"Note: {note}")
    for gap in budgets.gaps:
        warn(str(gap))
    code = show_gaps(found.gaps)
    finish(1 if found.blind else code)


@cap.command("set")
@click.argument("project")
@click.option("--alert", type=MONEY, metavar="AMOUNT", help="Tell by e-mail when a month has cost this much.")
@click.option("--email", multiple=True, help="Whom --alert tells (default: as other alerts do, else the owners).")
@click.option("--rate-limit", multiple=True, metavar="MODEL=N", help="At most N requests a minute of MODEL.")
@click.option("--deny-model", multiple=True, metavar="MODEL", help="Refuse calls of MODEL.")
@click.option("--spend-limit", type=MONEY, metavar="AMOUNT", help="Refuse all calls once a month has cost this much.")
@click.option("--reason", default="asked for", help="Why; written into the journal.")
@output_option
@pass_app
def set_caps(app: "App", /, project: str, reason: str, output: str, **given: Any) -> None:
    """Set caps of PROJECT (its id or name, or `organization`). What was there is journalled and can be put back.

    \b
    Examples:
      deployer cap set proj_abc --spend-limit "100 USD"
      deployer cap set proj_abc --alert "80 USD" --email team@example.com
      deployer cap set proj_abc --rate-limit gpt-4.1-mini-2025-04-14=60
      deployer cap set proj_abc --deny-model gpt-4.1-2025-04-14 --reason "too dear"
    """
    from deployer.guard.cap import find_capped, set_cap

    context = app.guard_context(policies_needed=False)
    _require_something(given)
    account = find_capped(context, project)
    results = []
    for wish in _wishes(app, account, given):
        with progress(f"setting caps of {account.name}"):
            results.append(set_cap(context, account, wish, who=person(), reason=reason))
    _emit(results, output)


@cap.command("restore")
@click.argument("act", type=int)
@click.option("--anyway", is_flag=True, help="Also when somebody has changed it since.")
@output_option
@pass_app
def restore(app: "App", act: int, anyway: bool, output: str) -> None:
    """Put a cap back as it was before journal entry ACT.

    \b
    Examples:
      deployer cap restore 7
      deployer cap restore 7 --anyway
    """
    from deployer.guard.cap import put_back

    with progress("putting back"):
        result = put_back(app.guard_context(policies_needed=False), act, who=person(), anyway=anyway)
    _emit([result], output)


def _require_something(given: dict[str, Any]) -> None:
    if not any(given[name] for name in ("rate_limit", "deny_model")) and not (given["alert"] or given["spend_limit"]):
        raise click.UsageError("say what to set: --alert, --rate-limit, --deny-model or --spend-limit")
    if given["email"] and not given["alert"]:
        raise click.UsageError("--email goes with --alert")


def _wishes(app: "App", account: Any, given: dict[str, Any]) -> "list[Wish]":
    """In the order of the ladder, the mildest first."""
    from deployer.guard import capwish
    from deployer.guard.cap import recipients_of

    wishes: list[Wish] = []
    alert: Money | None = given["alert"]
    if alert is not None:
        told = given["email"] or recipients_of(app.guard_context(policies_needed=False), account)
        wishes.append(capwish.alert_at(alert, told))
    wishes += [capwish.limit_rate(*_rate(text)) for text in given["rate_limit"]]
    wishes += [capwish.deny(model) for model in given["deny_model"]]
    limit: Money | None = given["spend_limit"]
    return wishes if limit is None else [*wishes, capwish.limit_spend(limit)]


def _rate(text: str) -> tuple[str, int]:
    model, _, number = text.rpartition("=")
    if not model or not number.strip().isdigit():
        raise click.UsageError(f"--rate-limit {text!r}: write MODEL=REQUESTS_PER_MINUTE, for example gpt-4.1-mini=60")
    return model.strip(), int(number)


def _emit(results: "list[CapResult]", output: str) -> None:
    from deployer.cli.capping import result_row, result_text

    if output == "table":
        for result in results:
            say(result_text(result))
    else:
        rows = [result_row(result) for result in results]
        emit(rows[0] if len(rows) == 1 else {"changes": rows}, output)
    failed = [result for result in results if result.failed]
    for result in failed:
        tell(f"Error: {result.account.name}: not {result.wanted}: {result.act.detail if result.act else ''}")
    if failed:
        tell("Next: `deployer cap show` says what is so now; then give the command again")
    finish(1 if failed else 0)
