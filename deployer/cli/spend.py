"""`deployer spend`: what was spent, and where it is heading."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from deployer.cli.context import pass_app
from deployer.cli.render import Column, duration, emit, list_output_option, moment, progress, tell, warn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from deployer.app import App
    from deployer.domain.period import Period
    from deployer.reports.outlook import Basis, Outlook
    from deployer.reports.spend import Group

PERIODS = ("day", "week", "month", "quarter", "year", "all")
_UNCOUNTED_SHOWN = 3
GROUPINGS = ("deployment", "policy", "account", "meter")


@click.group()
def spend() -> None:
    """Show what was spent, accrued from what was seen and billed by the clouds, and where it is heading.

    \b
    Examples:
      deployer spend show --by policy
      deployer spend forecast
    """


@spend.command("show")
@click.option("--period", type=click.Choice(PERIODS), default="month", show_default=True, help="The current one; UTC.")
@click.option("--by", type=click.Choice(GROUPINGS), default="deployment", show_default=True, help="How to group.")
@click.option("--billed", is_flag=True, help="Ask the clouds for their bills first (a day or more late).")
@click.option("--refresh", is_flag=True, help="Ask again although the bills were asked for within the last 4 hours.")
@list_output_option
@pass_app
def show_spend(app: "App", period: str, by: str, billed: bool, refresh: bool, output: str) -> None:
    """Show what the period has cost so far: accrued, billed, the gap between them and the age of the bill.

    Accrued is what the ledger worked out of hours, tokens and list prices up to the last sweep. A bill
    comes by account, so only accounts and the total show one.

    \b
    Examples:
      deployer spend show
      deployer spend show --by account --period month --billed
      deployer spend show --by account --refresh
      deployer spend show --by policy -o csv
    """
    now = app.clock.now()
    span = _period(period, now)
    if billed or refresh:
        _ask_for_bills(app, span, refresh)
        now = app.clock.now()
    groups, total = _groups(app, span, by)
    rows = [_row(group, now) for group in [*groups, total]] if groups else []
    columns = [Column("name", by), Column("accrued_text", "accrued", right=True), Column("billed", right=True)]
    columns += [
        Column("gap", right=True),
        Column("bill_age", "bill asked", show=lambda span: f"{duration(span)} ago", right=True),
    ]
    emit(
        rows if output == "table" else [_without_text(row) for row in rows], output, columns, empty="Nothing was spent."
    )
    _tell_age(app, now)
    for name in total.accrued.unpriced:
        warn(f"no price known for {name}: the sum is a lower bound")


@spend.command("forecast")
@click.option("--period", type=click.Choice(PERIODS[:-1]), default="month", show_default=True, help="Ends when; UTC.")
@click.option(
    "--by", type=click.Choice(("policy", "deployment")), default="policy", show_default=True, help="Group by."
)
@click.option("--vendor", is_flag=True, help="Ask the clouds for their own forecasts, and show them beside ours.")
@list_output_option
@pass_app
def forecast_spend(app: "App", period: str, by: str, vendor: bool, output: str) -> None:
    """Show what the period will have cost by its end, if all that stands goes on standing.

    A policy with a budget is shown for its own budget period, with the share that will be used. A vendor
    forecasts whole subscriptions, from its bills of at least 28 days: a second opinion, a day or more late.

    \b
    Examples:
      deployer spend forecast
      deployer spend forecast --vendor
      deployer spend forecast --by deployment -o json
    """
    from deployer.reports.outlook import by_deployment, by_policy, read_basis

    now = app.clock.now()
    basis = read_basis(app.ledger.readings, app.book, now)
    policies = app.policies_if_any.policies
    outlooks = by_policy(basis, policies, period) if by == "policy" else by_deployment(basis, period)
    theirs = _vendor_outlooks(app, basis, period) if vendor else ()
    columns = [
        Column("name", by),
        Column("period_end", "until"),
        Column("spent_text", "accrued", right=True),
        Column("hourly", "$/h", right=True),
        Column("expected_text", "forecast", right=True),
        *([Column("vendor", right=True)] if vendor else []),
        Column("budget", right=True),
        Column("share", right=True, show=lambda value: f"{value:.0%}"),
        Column("reached", "budget reached"),
    ]
    rows = [_outlook(outlook) for outlook in (*outlooks, *theirs)]
    emit(
        rows if output == "table" else [_without_text(row) for row in rows],
        output,
        columns,
        empty="Nothing is known yet.",
    )
    _tell_age(app, now)


def _period(name: str, now: "datetime") -> "Period":
    from datetime import UTC, datetime

    from deployer.domain.period import Period
    from deployer.spend.budget import budget_period

    return Period(datetime(2020, 1, 1, tzinfo=UTC), now) if name == "all" else budget_period(name, "UTC", now)


def _groups(app: "App", span: "Period", by: str) -> "tuple[Sequence[Group], Group]":
    from deployer.reports import spend as report

    readings = app.ledger.readings
    spent, bills = readings.spent(span), readings.bills(span)
    groups = {
        "deployment": lambda: report.by_deployment(spent),
        "policy": lambda: report.by_policy(spent, app.policies_if_any.policies),
        "account": lambda: report.by_account(spent, bills),
        "meter": lambda: report.by_meter(readings.charges(span)),
    }[by]()
    return groups, report.total(spent, bills)


def _row(group: "Group", now: "datetime") -> dict[str, Any]:
    spent = group.accrued
    return {
        "name": group.name,
        "accrued_text": str(spent),
        "accrued": {"low": spent.low, "high": spent.high, "unpriced": spent.unpriced},
        "billed": group.billed,
        "gap": group.gap,
        "bill_as_of": group.billed_as_of,
        "bill_age": now - group.billed_as_of if group.billed_as_of else None,
        "members": group.members,
    }


def _outlook(outlook: "Outlook") -> dict[str, Any]:
    forecast = outlook.forecast
    return {
        "name": outlook.name,
        "period_start": forecast.period.start,
        "period_end": forecast.period.end,
        "spent_text": str(forecast.spent),
        "spent": {"low": forecast.spent.low, "high": forecast.spent.high},
        "hourly": forecast.hourly,
        "expected_text": str(forecast.expected),
        "expected": {"low": forecast.expected.low, "high": forecast.expected.high},
        "unpriced": forecast.expected.unpriced,
        "budget": outlook.budget,
        "share": outlook.share.quantize(Decimal("0.0001")) if outlook.share is not None else None,
        "reached": outlook.reached,
        "vendor": outlook.vendor.amount if outlook.vendor else None,
        "vendor_as_of": outlook.vendor.as_of if outlook.vendor else None,
        "source": forecast.source,
        "as_of": forecast.as_of,
    }


def _without_text(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if not key.endswith("_text")}


def _ask_for_bills(app: "App", span: "Period", refresh: bool) -> None:
    """A missing bill is a warning: it lags anyway."""
    from deployer.reports.billing import ask_for_bills

    with progress("asking the clouds for their bills"):
        asked = ask_for_bills(app.providers, app.ledger, span, app.clock.now(), refresh=refresh)
    for gap in asked.gaps:
        warn(str(gap))
    if asked.fresh:
        tell(f"The bill of {', '.join(asked.fresh)} was asked for within the last 4 hours: --refresh asks again.")


def _vendor_outlooks(app: "App", basis: "Basis", period: str) -> "tuple[Outlook, ...]":
    """A missing forecast is a warning: ours stands without it."""
    from deployer.reports.billing import vendor_forecasts
    from deployer.reports.outlook import by_vendor

    with progress("asking the clouds for their forecasts"):
        forecasts, gaps = vendor_forecasts(app.providers, _period(period, basis.now), basis.now)
    for gap in gaps:
        warn(str(gap))
    if not forecasts:
        tell("No cloud has a forecast of its own: Azure makes one from 28 days of bills on, OpenAI none.")
    return by_vendor(basis, forecasts)


def _tell_age(app: "App", now: "datetime") -> None:
    from deployer.reports.spend import last_seen

    seen = last_seen(app.ledger.readings, now)
    if seen is None:
        warn("nothing was read yet: `deployer guard plan` reads what is deployed and used")
    else:
        tell(f"Accrued up to {moment(seen)}, {duration(now - seen)} ago.")
    _warn_uncounted(app)


def _warn_uncounted(app: "App") -> None:
    from deployer.reports.spend import uncounted

    missing = sorted(uncounted(app.ledger.readings), key=lambda one: str(one.deployment.id))
    for one in missing[:_UNCOUNTED_SHOWN]:
        since = f"since {moment(one.used_to)}" if one.used_to else "yet"
        warn(f"the use of {one.deployment.id} could not be read {since}: what its tokens cost is not in the sum")
    if len(missing) > _UNCOUNTED_SHOWN:
        warn(f"nor that of {len(missing) - _UNCOUNTED_SHOWN} more; `deployer deployment list` says why")
