"""`deployer price`: look up the price book."""

from typing import TYPE_CHECKING, Any

import click

from deployer.cli.context import pass_app
from deployer.cli.render import Column, days_ago, emit, list_output_option, price_text, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deployer.app import App
    from deployer.spend.price import Rate

METERS = ("hosting", "provisioned", "training", "training-hours", "input", "cached-input", "output")
UNITS = {"hosting": "hour", "provisioned": "PTU-hour", "training-hours": "hour"}


@click.group()
def price() -> None:
    """Look up the price book: dated list prices, each with its source.

    \b
    Examples:
      deployer price list --model "gpt-4.1*"
      deployer price show gpt-4.1-mini
    """


@price.command("list")
@click.option("--provider", default="", help="Only this cloud (azure, openai).")
@click.option("--model", default="", help="Only this model; * stands for anything.")
@click.option("--meter", type=click.Choice(METERS), help="Only what is counted this way.")
@click.option("--all-dates", is_flag=True, help="Also prices that a newer one has replaced.")
@list_output_option
@pass_app
def list_prices(app: "App", provider: str, model: str, meter: str | None, all_dates: bool, output: str) -> None:
    """List the prices in force.

    \b
    Examples:
      deployer price list --provider azure --meter hosting
      deployer price list --model "gpt-4o*" --all-dates -o csv
    """
    from deployer.domain.charge import Meter
    from deployer.reports.price import RateFilter, rates

    day = None if all_dates else app.clock.now().date()
    wanted = RateFilter(provider, model, Meter(meter) if meter else None, day)
    _show(app, rates(app.book, wanted), output)


@price.command("show")
@click.argument("model")
@list_output_option
@pass_app
def show_price(app: "App", model: str, output: str) -> None:
    """Show every price of MODEL, past ones included.

    \b
    Examples:
      deployer price show gpt-4.1-mini
      deployer price show gpt-4o-mini -o json
    """
    from deployer.reports.price import rates_of

    _show(app, rates_of(app.book, model), output)


def _show(app: "App", found: "Sequence[Rate]", output: str) -> None:
    from deployer.reports.price import newest_reading

    columns = [
        Column("provider"),
        Column("model"),
        Column("meter"),
        Column("fine_tuned"),
        Column("tier"),
        Column("region"),
        Column("shown", "price", right=True),
        Column("effective_from", "from", spare=True),
        Column("read_on", spare=True),
        Column("source", spare=True),
    ]
    emit([_row(rate, output) for rate in found], output, columns, empty="No price fits; try `deployer price list`.")
    newest = newest_reading(found)
    if newest and output == "table":
        tell(f"Newest price read {days_ago(newest, app.clock.now())}.")


def _row(rate: "Rate", output: str) -> dict[str, Any]:
    unit = UNITS.get(rate.meter.value, "token")
    row: dict[str, Any] = {
        "provider": rate.provider,
        "model": rate.model,
        "meter": rate.meter,
        "fine_tuned": rate.fine_tuned,
        "tier": rate.tier,
        "region": rate.region,
        "price": price_text(rate.price),
        "currency": rate.currency,
        "per": rate.per,
        "unit": unit,
        "effective_from": rate.effective_from,
        "read_on": rate.read_on,
        "source": rate.source,
    }
    return row | {"shown": _shown(rate, unit)} if output == "table" else row


def _shown(rate: "Rate", unit: str) -> str:
    """`$1.70 / hour`, `$5.50 / 1M tokens`."""
    symbol = "$" if rate.currency == "USD" else f"{rate.currency} "
    if rate.per == 1:
        return f"{symbol}{price_text(rate.price)} / {unit}"
    many = {1_000_000: "1M", 1_000: "1K"}.get(int(rate.per), f"{rate.per:,}")
    return f"{symbol}{price_text(rate.price)} / {many} {unit}s"
