"""`deployer doctor`: is everything there that the guard needs, and what to do about what is not."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from deployer.cli.context import finish, pass_app
from deployer.cli.render import emit, list_output_option, progress, say

if TYPE_CHECKING:
    from deployer.app import App
    from deployer.reports.health import Finding

ROLES = ("watcher", "reaper", "operator")


@click.command()
@click.option("--role", type=click.Choice(ROLES), help="Print the least-privilege role for Azure instead, as JSON.")
@list_output_option
@pass_app
def doctor(app: "App", role: str | None, output: str) -> None:
    """Check credentials, rights, endpoints, clock, prices, policies and ledger; say what to do.

    Also where data goes, and which fine-tunes end within 90 days because their base retires.
    Exit code 0: nothing is broken (warnings may remain). 1: something is. 5: something could not be
    looked at. 4: a policy is invalid.

    A watcher reads, a reaper also undeploys, an operator does everything.

    \b
    Examples:
      deployer doctor
      deployer doctor -o json
      deployer doctor --role watcher > role.json && az role definition create --role-definition @role.json
    """
    if role:
        return emit(app.role_definition(role), "yaml" if output == "yaml" else "json")
    from deployer.reports.health import exit_code

    with progress("checking"):
        findings = _findings(app)
    if output == "table":
        _print(findings)
    else:
        emit([_row(finding) for finding in findings], output)
    finish(exit_code(findings))


def _print(findings: "list[Finding]") -> None:
    """A line for each check, what to do below it: details are too long for columns."""
    areas = max(len(finding.area) for finding in findings)
    for finding in findings:
        say(f"{finding.health:<8} {finding.area:<{areas}}  {finding.what}: {finding.detail}")
        if step := _step(finding):
            say(f"{'':<8} {'':<{areas}}  -> {step}")


def _step(finding: "Finding") -> str:
    """What to do; that this command would say more is no advice here."""
    return finding.next_step.partition("; `deployer doctor`")[0]


def _row(finding: "Finding") -> dict[str, Any]:
    return {
        "area": finding.area,
        "what": finding.what,
        "health": finding.health,
        "ok": finding.health in ("ok", "warning"),
        "detail": finding.detail,
        "next_step": _step(finding) or None,
    }


def _findings(app: "App") -> "list[Finding]":
    from deployer.app import BUILT_IN
    from deployer.errors import InvalidFile
    from deployer.reports import health
    from deployer.settings import exposed_dotenv

    settings = app.settings
    findings = [health.Finding("settings", "names", health.Health.WARNING, text) for text in settings.warnings]
    if exposed := exposed_dotenv():
        step = f"chmod 600 {exposed}"
        findings.append(health.Finding("settings", "files", health.Health.WARNING, f"others may read {exposed}", step))
    findings += health.clouds(BUILT_IN, app.providers.values(), app.clock.now())
    findings += _clock(app)
    findings.append(health.prices(app.book, app.clock.now()))
    try:
        findings += health.policies(app.policies_if_any, str(settings.policies))
    except InvalidFile as error:
        findings += health.policies(error, str(settings.policies))
    return [*findings, _ledger(app), _channels(app)]


def _clock(app: "App") -> "list[Finding]":
    """Compared with the servers that judge our tokens; in a sandbox's time there is nothing to compare."""
    from deployer.errors import Unreachable
    from deployer.remoteclock import server_time
    from deployer.reports.health import Finding, Health, clock_skew

    settings = app.settings
    if settings.clock_url:
        return [Finding("clock", "source", Health.OK, f"a sandbox's time, {app.clock.now():%Y-%m-%d %H:%M} UTC")]
    names = {"azure": "AZURE_AUTHORITY_HOST", "openai": "OPENAI_BASE_URL"}
    findings = []
    for name in sorted(names.keys() & app.providers.keys()):
        url = settings.get(names[name])
        try:
            there = server_time(url, settings.any_ca_bundle)
            findings.append(clock_skew(app.clock.now(), there, urlsplit(url).hostname or url))
        except Unreachable as error:
            findings.append(
                Finding("clock", "skew", Health.UNREAD, error.message, "check the network and the endpoint")
            )
    return findings


def _ledger(app: "App") -> "Finding":
    from deployer.errors import DeployerError
    from deployer.reports.health import Finding, Health

    settings = app.settings
    where = str(settings.ledger_file) if settings.own_database else "DEPLOYER_DATABASE_URL"
    try:
        if settings.own_database and not settings.ledger_file.exists():
            return Finding("ledger", where, Health.OK, "not there yet; the first sweep makes it")
        ledger = app.open_ledger(read_only=True)
        try:
            sweep = ledger.decisions.last_sweep()
        finally:
            ledger.close()
    except DeployerError as error:
        return Finding("ledger", where, Health.FAILED, error.message, error.next_step)
    if sweep is None:
        step = "`deployer guard plan`, then `deployer serve` or `deployer guard apply` from cron"
        return Finding("ledger", where, Health.WARNING, "no sweep yet", step)
    return Finding("ledger", where, Health.OK, f"last sweep {sweep[0]:%Y-%m-%d %H:%M} UTC")


def _channels(app: "App") -> "Finding":
    from deployer.errors import DeployerError
    from deployer.reports.health import Finding, Health

    count = len(app.settings.notify_urls)
    if not count:
        step = "set DEPLOYER_NOTIFY_URLS to be told by e-mail or chat"
        return Finding("notify", "channels", Health.WARNING, "none: messages go to the terminal, log and journal", step)
    try:
        _ = app.notifier
    except DeployerError as error:
        return Finding("notify", "channels", Health.INVALID, error.message, error.next_step)
    return Finding("notify", "channels", Health.OK, f"{count} configured")
