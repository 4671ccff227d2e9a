"""What the clouds themselves say of money, asked for sparingly.

Microsoft recommends one call a day: the figures change about every four hours, and the quota belongs to the whole
tenant. So what was asked for a short while ago, by any process on this ledger, is not asked for again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from deployer.domain.charge import VendorForecast
from deployer.domain.deployment import Account
from deployer.domain.period import Period
from deployer.domain.snapshot import Gap
from deployer.ports.cloud import Provider
from deployer.ports.ledger import Ledger
from deployer.reports.survey import survey

FRESH = timedelta(hours=4)
"""How often Cost Management refreshes its figures, at best."""


@dataclass(frozen=True)
class Asked:
    """`gaps` are bills that could not be read; `fresh` names clouds whose bill was asked for within `FRESH`."""

    gaps: tuple[Gap, ...] = ()
    fresh: tuple[str, ...] = ()


def ask_for_bills(
    providers: Mapping[str, Provider], ledger: Ledger, span: Period, now: datetime, *, refresh: bool = False
) -> Asked:
    """Read the bills of `span` into the ledger, unless that was done a short while ago; `refresh` does it anyway."""
    holder = uuid4().hex
    due = {name: one for name, one in providers.items() if _take(ledger, name, span, holder, now) or refresh}
    gaps: list[Gap] = []
    for name, provider in due.items():
        accounts, missed = _accounts(name, provider, now)
        bills, unread = provider.billing.billed((*accounts, *_former(name, ledger, span, accounts)), span)
        ledger.readings.record_bills(bills)
        missed += unread
        if missed:
            ledger.release(_lease(name, span), holder)
        gaps += missed
    return Asked(tuple(gaps), tuple(name for name in providers if name not in due))


def vendor_forecasts(
    providers: Mapping[str, Provider], span: Period, now: datetime
) -> tuple[tuple[VendorForecast, ...], tuple[Gap, ...]]:
    """The clouds' own forecasts; what could not be read is a gap."""
    found: list[VendorForecast] = []
    gaps: list[Gap] = []
    for name, provider in providers.items():
        accounts, missed = _accounts(name, provider, now)
        forecasts, unread = provider.billing.forecast(accounts, span)
        found += forecasts
        gaps += missed + unread
    return tuple(found), tuple(gaps)


def _take(ledger: Ledger, provider: str, span: Period, holder: str, now: datetime) -> bool:
    """Whether it is our turn to ask: the lease runs out when there may be something new."""
    return ledger.lease(_lease(provider, span), holder, now, FRESH.total_seconds())


def _lease(provider: str, span: Period) -> str:
    return f"bill:{provider}:{span.start:%Y-%m-%d}:{span.end:%Y-%m-%d}"


def _former(name: str, ledger: Ledger, span: Period, standing: Sequence[Account]) -> tuple[Account, ...]:
    """Accounts that no list shows any more and that held, in `span`, what the ledger knows: their bill goes on."""
    listed = {one.resource_id.lower() for one in standing}
    known = [*ledger.readings.tracked().values(), *(one.tracked for one in ledger.readings.gone(span.start))]
    accounts = {one.deployment.account.resource_id.lower(): one.deployment.account for one in known}
    return tuple(one for key, one in accounts.items() if key not in listed and one.provider == name)


def _accounts(name: str, provider: Provider, now: datetime) -> tuple[tuple[Account, ...], tuple[Gap, ...]]:
    """Whose bills there are to read; of accounts that no list shows, nobody can ask for the bill."""
    seen = survey({name: provider}, now, usage=False)
    hidden = () if seen.complete else tuple(gap for gap in seen.gaps if gap.what == "accounts")
    return seen.accounts, tuple(Gap("bills", gap.where, gap.cause) for gap in hidden)
