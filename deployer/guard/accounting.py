"""What was seen becomes charges: accrued on the way through every sweep, and once more when something is gone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from deployer.domain.charge import Bound, Charge, Meter
from deployer.domain.deployment import Deployment
from deployer.domain.period import Period
from deployer.domain.snapshot import Snapshot, Tracked
from deployer.errors import ReadOnlyLedger
from deployer.guard.context import GuardContext
from deployer.guard.credence import doubt
from deployer.spend.accrual import accrue, close


@dataclass(frozen=True)
class Accounted:
    """What was seen, as far as it may be believed, and charges that a read-only ledger did not take."""

    snapshot: Snapshot
    unrecorded: tuple[Charge, ...] = ()


def account(context: GuardContext, snapshot: Snapshot, tracked: Mapping[str, Tracked]) -> Accounted:
    """Accrue everything up to the snapshot and write it down."""
    charged = _charged(context, snapshot)
    believed = doubt(snapshot, charged)
    accrual = accrue(tracked, believed, context.book, charged, snapshot.as_of)
    if context.read_only:
        return Accounted(believed, accrual.charges)
    try:
        context.ledger.readings.record(believed, accrual.charges, accrual.gone)
    except ReadOnlyLedger:
        return Accounted(believed, accrual.charges)
    return Accounted(believed)


def account_for(context: GuardContext, snapshot: Snapshot, deployment: Deployment) -> Snapshot:
    """As `account`, for one deployment that was read again; the others keep what the sweep recorded."""
    key = deployment.id.key
    known = context.ledger.readings.tracked().get(key)
    usage = {key: snapshot.usage[key]} if key in snapshot.usage else {}
    alone = replace(snapshot, accounts=(deployment.account,), deployments=(deployment,), usage=usage, gaps=())
    believed = account(context, alone, {key: known} if known else {}).snapshot
    return replace(snapshot, usage={**snapshot.usage, **believed.usage})


def charge_gone(context: GuardContext, deployment: Deployment, *, bound: Bound = Bound.UPPER) -> None:
    """Charge the last stretch of a deployment that was just proven to be gone."""
    known = context.ledger.readings.tracked().get(deployment.id.key)
    if known is None or context.read_only:
        return
    now = context.clock.now()
    emptied = Snapshot(now, accounts=(deployment.account,))
    context.ledger.readings.record(emptied, close(known, now, context.book, now, bound), [deployment.id.key])


def _charged(context: GuardContext, snapshot: Snapshot) -> Mapping[tuple[str, str, Meter, datetime], Decimal]:
    windows = [reading.window for reading in snapshot.usage.values()]
    if not windows:
        return {}
    span = Period(min(window.start for window in windows), max(window.end for window in windows))
    return context.ledger.readings.charged_tokens(snapshot.usage.keys(), span)
