"""`deployer sandbox`: the emulated clouds, for developers and tests.

These commands need only the state folder: settings that still point at a sandbox which has ended
must not keep the next one from starting.
"""

import shlex
import signal
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import click

from deployer.cli.control import control, refuse_second, told
from deployer.cli.parameter import DURATION, INSTANT, FiniteType
from deployer.cli.render import Column, emit, iso, output_option, say, tell
from deployer.errors import DeployerError, InvalidUsage

FAULTS = (
    "status", "cut_before", "cut_after", "slow", "expired_token", "reshaped",
    "metrics_null", "metrics_empty", "metrics_truncated", "metrics_error_code",
)  # fmt: skip


@click.group()
def sandbox() -> None:
    """Run the emulated clouds and control them: their clock, faults, traffic and true invoice.

    \b
    Examples:
      deployer sandbox up --frozen --start 2026-09-01
      eval "$(deployer sandbox env)"
      deployer sandbox advance 24h
    """


@sandbox.command()
@click.option("--port", default=0, show_default="any free one", type=click.IntRange(0, 65535), help="Where to listen.")
@click.option("--seed", default=0, show_default=True, help="Fixes everything that varies.")
@click.option("--empty", is_flag=True, help="Start without accounts.")
@click.option("--start", type=INSTANT, help="The instant at which its time begins (default: now; frozen: 2026-09-01).")
@click.option("--frozen", is_flag=True, help="Its time moves only by `sandbox advance`.")
def up(port: int, seed: int, empty: bool, start: datetime | None, frozen: bool) -> None:
    """Run the emulated clouds until told to stop (Ctrl-C or SIGTERM).

    \b
    Examples:
      deployer sandbox up
      deployer sandbox up --port 8443 --frozen --start 2026-09-01 --seed 7
    """
    from deployer.sandbox.process import start as start_sandbox
    from deployer.settings import load_home, prepare_home

    home = prepare_home(load_home())
    refuse_second(home)
    _stop_at_sigterm()
    with told(), start_sandbox(seed=seed, start=start, frozen=frozen, empty=empty, port=port) as running:
        file = running.announce(home)
        try:
            _print_how(running.url, running.client.now(), frozen)
            code = running.wait()
        except KeyboardInterrupt:
            tell("sandbox ended")
            return
        finally:
            file.unlink(missing_ok=True)
    raise DeployerError(f"the sandbox ended by itself (exit {code})", next_step="its own words stand above")


@sandbox.command()
@click.option("--tools", is_flag=True, help="Also what az, azure-identity's default credential, Node and curl need.")
@output_option
def env(tools: bool, output: str) -> None:
    """Print the settings that point any client at the running sandbox.

    \b
    Examples:
      eval "$(deployer sandbox env)"
      eval "$(deployer sandbox env --tools)"
      deployer sandbox env -o json
    """
    with control() as client:
        settings = client.environment(tools=tools)
    # The secrets of a sandbox are no secrets: they are printed on purpose, unscrubbed.
    if output == "table":
        for name, value in settings.items():
            click.echo(f"export {name}={shlex.quote(value)}")
    else:
        _emit_raw(settings, output)


@sandbox.command()
@click.argument("duration", type=DURATION, required=False)
@click.option("--to", type=INSTANT, help="Move to this instant instead.")
@output_option
def advance(duration: timedelta | None, to: datetime | None, output: str) -> None:
    """Move the sandbox's time forward by DURATION (90m, 24h, 15d) or to an instant.

    \b
    Examples:
      deployer sandbox advance 24h
      deployer sandbox advance --to 2026-09-18T00:00Z
    """
    if (duration is None) == (to is None):
        raise click.UsageError("give either a DURATION or --to")
    with control() as client:
        now = client.advance(seconds=_seconds(client.now(), duration, to))
    if output == "table":
        say(iso(now))
    else:
        emit({"now": now}, output)


@sandbox.command()
@click.argument("kind", type=click.Choice(FAULTS), metavar="[KIND]", required=False)
@click.option("--clear", is_flag=True, help="End all faults.")
@click.option("--method", help="Only requests with this HTTP method.")
@click.option("--path", help="Only paths that this regular expression finds.")
@click.option("--operation", help="Only this operation (see `by_operation` of the request counts).")
@click.option("--status", type=click.IntRange(400, 599), help="Status to answer (kind status).")
@click.option("--header", "headers", multiple=True, metavar="NAME:VALUE", help="Header to answer; may be repeated.")
@click.option("--seconds", type=FiniteType(min=0), help="How slow (kind slow).")
@click.option("--drop", "dropped", multiple=True, metavar="KEY", help="Leave this key out (kind reshaped); repeatable.")
@click.option(
    "--add", "added", multiple=True, metavar="KEY", help="Add a key unknown to all (kind reshaped); repeatable."
)
@click.option("--lower", is_flag=True, help="Write all keys in lower case (kind reshaped).")
@click.option("--takes", type=FiniteType(min=0), help="Seconds by which each such request moves the sandbox's time on.")
@click.option("--after", type=click.IntRange(min=1), help="How many such requests pass first.")
@click.option("--times", type=click.IntRange(min=1), help="How often; default: until cleared.")
@click.option("--rate", type=FiniteType(0, 1), help="Share of the requests; default: all.")
def fault(
    kind: str | None,
    clear: bool,
    headers: tuple[str, ...],
    dropped: tuple[str, ...],
    added: tuple[str, ...],
    **given: Any,
) -> None:
    """Make requests go wrong.

    KIND is status (an error answer), cut_before or cut_after (the connection ends before or after the
    work was done), slow, expired_token, reshaped (keys left out, added or in lower case), or what metrics
    may do: metrics_null, metrics_empty, metrics_truncated, metrics_error_code (an error inside a 200).

    \b
    Examples:
      deployer sandbox fault status --status 429 --header Retry-After:5 --times 3
      deployer sandbox fault cut_after --method DELETE --times 1
      deployer sandbox fault reshaped --drop status --add brand_new
      deployer sandbox fault --clear
    """
    if clear == bool(kind):
        raise click.UsageError("give either a KIND or --clear")
    with control() as client:
        if clear:
            client.clear_faults()
            say("no faults")
        else:
            shape = {"drop": list(dropped) or None, "add": dict.fromkeys(added, "unknown") or None}
            order = {"kind": kind, "headers": _headers(headers) or None, **shape, **given}
            number = client.fault({key: value for key, value in order.items() if value is not None})
            say(f"fault {number}: {kind}")


@sandbox.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--account", default="", help="Account that is called.")
@click.option("--deployment", default="", help="Deployment that is called.")
@click.option("--start", type=INSTANT, help="First request; default: the sandbox's now.")
@click.option("--for", "length", type=DURATION, default="24h", show_default=True, help="How long.")
@click.option("--per-hour", type=FiniteType(min=0, min_open=True), default=60, show_default=True, help="Requests.")
@click.option("--input-tokens", type=click.IntRange(min=0), default=500, show_default=True, help="Of each request.")
@click.option("--output-tokens", type=click.IntRange(min=0), default=200, show_default=True, help="Of each request.")
@click.option("--status", type=click.IntRange(200, 599), default=200, show_default=True, help="How they are answered.")
def traffic(
    file: Path | None,
    account: str,
    deployment: str,
    start: datetime | None,
    length: timedelta,
    per_hour: float,
    input_tokens: int,
    output_tokens: int,
    status: int,
) -> None:
    """Call a deployment as others would: evenly, or as a trace FILE says.

    FILE is a JSON list of streams, or a CSV trace (gzip too) with the columns TIMESTAMP, ContextTokens and
    GeneratedTokens, replayed from --start on. Metrics and invoice follow from it.

    \b
    Examples:
      deployer sandbox traffic --account aoai-dev-eastus2 --deployment support-bot --for 48h --per-hour 30
      deployer sandbox traffic trace.csv --account aoai-dev-eastus2 --deployment support-bot
    """
    from deployer.sandbox.trace import read_streams

    if file is None and not (account and deployment):
        raise click.UsageError("give a FILE, or --account and --deployment")
    with control() as client:
        begin = start or client.now()
        even = {
            "account": account,
            "deployment": deployment,
            "start": begin,
            "end": begin + length,
            "requests_per_hour": per_hour,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "status": status,
        }
        streams = read_streams(file, account, deployment, begin) if file else [even]
        client.traffic(streams)
    say(f"{len(streams)} stream{'s' if len(streams) != 1 else ''} of traffic from {iso(begin)}")


@sandbox.command()
@click.option("--start", type=INSTANT, help="From this instant.")
@click.option("--end", type=INSTANT, help="Up to this instant, excluded.")
@output_option
def invoice(start: datetime | None, end: datetime | None, output: str) -> None:
    """Print the true invoice: what everything cost, by the sandbox's own meters and prices.

    \b
    Examples:
      deployer sandbox invoice
      deployer sandbox invoice --start 2026-09-01 --end 2026-10-01 -o json
    """
    with control() as client:
        document = client.invoice(start, end)
    if output != "table":
        emit(document, output)
        return
    columns = [
        Column("account"),
        Column("what"),
        Column("meter"),
        Column("quantity", right=True, show=_four_places),
        Column("unit"),
    ]
    columns += [Column("unit_price", "unit price", right=True), Column("amount", right=True, show=_four_places)]
    lines = [line | {"what": line.get("deployment") or line.get("job")} for line in document["lines"]]
    emit(lines, output, columns, empty="Nothing was used.")
    say(f"total {document['total']} {document['currency']}")


# --- showing ----------------------------------------------------------------------------------


def _seconds(now: datetime, duration: timedelta | None, to: datetime | None) -> float:
    if to is not None and to < now:
        raise InvalidUsage(f"it is {iso(now)} already: time does not run back")
    try:
        return ((to or now + (duration or timedelta())) - now).total_seconds()
    except OverflowError:
        raise InvalidUsage("so far the calendar does not go") from None


def _stop_at_sigterm() -> None:
    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


def _print_how(url: str, now: datetime, frozen: bool) -> None:
    say(f"sandbox at {url}, its time {iso(now)} ({'frozen' if frozen else 'flowing'})")
    say('point a client at it:  eval "$(deployer sandbox env)"')
    say("end it:  Ctrl-C")


def _four_places(figure: str) -> str:
    return f"{Decimal(figure):,.4f}"


def _headers(given: tuple[str, ...]) -> dict[str, str]:
    wrong = [header for header in given if ":" not in header]
    if wrong:
        raise click.UsageError(f"--header {wrong[0]!r} is not NAME:VALUE")
    return {name.strip(): value.strip() for name, _, value in (header.partition(":") for header in given)}


def _emit_raw(settings: dict[str, str], output: str) -> None:
    if output == "json":
        import json

        click.echo(json.dumps(settings, indent=2))
    else:
        import yaml

        click.echo(yaml.safe_dump(settings, sort_keys=False).rstrip("\n"))
