"""What `doctor` checks: each finding says whether it is well and what to do if not.

A cloud that is not configured and a missing policy are warnings; what is configured and does not
work is a failure; what could not be looked at is unread.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from deployer.domain.plan import Mode
from deployer.domain.snapshot import InventoryReading
from deployer.errors import DeployerError, InvalidFile
from deployer.policy.document import PolicySet
from deployer.ports.cloud import Check, Provider
from deployer.reports.retiring import retiring, whereabouts
from deployer.spend.price import PriceBook

SKEW = timedelta(minutes=5)
"""Tokens are refused when clocks differ by more."""
PRICES_OLD = timedelta(days=120)


class Health(StrEnum):
    OK = "ok"
    WARNING = "warning"
    UNREAD = "unread"
    FAILED = "failed"
    INVALID = "invalid"


_CODES = {Health.INVALID: 4, Health.FAILED: 1, Health.UNREAD: 5}


@dataclass(frozen=True)
class Finding:
    area: str
    what: str
    health: Health
    detail: str
    next_step: str = ""


def exit_code(findings: Iterable[Finding]) -> int:
    """The first that applies: 4 invalid, 1 failed, 5 not observed, 0."""
    seen = {finding.health for finding in findings}
    return next((code for health, code in _CODES.items() if health in seen), 0)


def clouds(known: Iterable[str], providers: Iterable[Provider], now: datetime | None = None) -> list[Finding]:
    """Each known cloud: its own checks, then whether its inventory can be read to the end.

    With `now`, also which fine-tunes end soon and where data goes.
    """
    configured = {provider.name: provider for provider in providers}
    findings: list[Finding] = []
    for name in sorted({*known, *configured}):
        findings += _cloud(configured[name], now) if name in configured else [_unconfigured(name)]
    return findings


def _unconfigured(name: str) -> Finding:
    step = f"set its settings if you use it: `.env.example` lists them under {name}"
    return Finding(name, "settings", Health.WARNING, "not configured", step)


def _cloud(provider: Provider, now: datetime | None) -> list[Finding]:
    checks = provider.check()
    findings = [Finding(provider.name, check.what, _health(check), check.detail, check.next_step) for check in checks]
    if all(check.ok or check.optional for check in checks):
        findings += _inventory(provider, now)
    return findings


def _health(check: Check) -> Health:
    if check.ok:
        return Health.OK
    return Health.WARNING if check.optional else Health.FAILED


def _inventory(provider: Provider, now: datetime | None) -> list[Finding]:
    try:
        reading = provider.inventory.observe()
    except DeployerError as error:
        return [Finding(provider.name, "inventory", Health.UNREAD, error.message, error.next_step)]
    step = "give the credential the right to read it, or run again"
    gaps = [Finding(provider.name, gap.what, Health.UNREAD, f"{gap.where}: {gap.cause}", step) for gap in reading.gaps]
    counts = f"{len(reading.accounts)} accounts, {len(reading.deployments)} deployments"
    found = gaps or [Finding(provider.name, "inventory", Health.OK, counts)]
    return found if now is None else found + _foresight(provider, reading, now)


def _foresight(provider: Provider, reading: InventoryReading, now: datetime) -> list[Finding]:
    notices = [whereabouts(provider, reading), *retiring(provider, reading, now)]
    return [
        Finding(provider.name, one.what, Health.WARNING if one.soon else Health.OK, one.detail, one.next_step)
        for one in notices
    ]


def clock_skew(here: datetime, there: datetime, host: str) -> Finding:
    skew = abs(here - there)
    detail = f"{skew.total_seconds():.0f} s from {host}"
    if skew > SKEW:
        return Finding("clock", "skew", Health.FAILED, detail, "set the machine's clock (NTP): tokens are refused")
    return Finding("clock", "skew", Health.OK, detail)


def prices(book: PriceBook, now: datetime) -> Finding:
    age = book.age(now)
    if age is None:
        return Finding("prices", "price book", Health.FAILED, "it is empty", "reinstall deployer")
    detail = f"{len(book.rates)} prices, the oldest read {age.days} days ago ({book.read_on})"
    if age > PRICES_OLD:
        return Finding("prices", "price book", Health.WARNING, detail, "update deployer: list prices may have changed")
    return Finding("prices", "price book", Health.OK, detail)


def policies(loaded: PolicySet | InvalidFile, where: str) -> list[Finding]:
    """The policies, or every problem that keeps them from being read."""
    if isinstance(loaded, InvalidFile):
        step = loaded.next_step or "`deployer policy check` explains"
        return [Finding("policies", where, Health.INVALID, str(problem), step) for problem in loaded.problems]
    if not loaded.policies:
        return [Finding("policies", where, Health.WARNING, "there are none", "`deployer init` writes examples")]
    detail = f"{len(loaded.policies)} in mode {loaded.mode}"
    step = "write `mode: enforce` when you agree with `deployer guard plan`" if loaded.mode is Mode.OBSERVE else ""
    return [Finding("policies", where, Health.OK, detail, step)]
