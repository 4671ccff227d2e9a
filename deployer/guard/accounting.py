"""What was seen becomes charges: accrued on the way through every sweep, and once more when something is gone."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from deployer.domain.charge import Bound, Charge, Meter
from deployer.domain.deployment import Deployment
from deployer.domain.period import Period
from deployer.domain.snapshot import Snapshot, Tracked
from deployer.domain.usage import UsageReading
from deployer.errors import ReadOnlyLedger
from deployer.guard.context import GuardContext
from deployer.spend.accrual import accrue, close


def account(context: GuardContext, snapshot: Snapshot, tracked: Mapping[str, Tracked]) -> tuple[Charge, ...]:
    """Accrue everything up to the snapshot and write it down; what a read-only ledger did not take is returned."""
    accrual = accrue(tracked, snapshot, context.book, _charged(context, snapshot), snapshot.as_of)
    if context.read_only:
        return accrual.charges
    try:
        context.ledger.readings.record(snapshot, accrual.charges, accrual.gone)
    except ReadOnlyLedger:
        return accrual.charges
    return ()


def account_for(context: GuardContext, deployment: Deployment, reading: UsageReading | None, whole: Snapshot) -> None:
    """As `account`, for one deployment that was read again; the others keep what the sweep recorded."""
    key = deployment.id.key
    usage = {key: reading} if reading else {}
    alone = Snapshot(context.clock.now(), (deployment.account,), (deployment,), usage, whole.aliveness)
    account(context, alone, _tracked(context, key))


def charge_gone(context: GuardContext, deployment: Deployment, *, bound: Bound = Bound.UPPER) -> None:
    """Charge the last stretch of a deployment that was just proven to be gone."""
    known = context.ledger.readings.tracked().get(deployment.id.key)
    if known is None or context.read_only:
        return
    now = context.clock.now()
    emptied = Snapshot(now, accounts=(deployment.account,))
    context.ledger.readings.record(emptied, close(known, now, context.book, now, bound), [deployment.id.key])


def _tracked(context: GuardContext, key: str) -> Mapping[str, Tracked]:
    known = context.ledger.readings.tracked().get(key)
    return {key: known} if known else {}


def _charged(context: GuardContext, snapshot: Snapshot) -> Mapping[tuple[str, str, Meter, datetime], Decimal]:
    windows = [reading.window for reading in snapshot.usage.values()]
    if not windows:
        return {}
    span = Period(min(window.start for window in windows), max(window.end for window in windows))
    return context.ledger.readings.charged_tokens(snapshot.usage.keys(), span)
