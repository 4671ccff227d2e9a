"""What is gone without an act of ours, and the last tokens of everything that is gone.

Azure removes deployments by itself: developer-tier ones after 24 hours, and fine-tuned ones that had
no calls for 15 days; people and other programs delete them too. Such an end is written down with all
that a restore needs, and told. Metrics stay readable after an end, and the last hour arrives late, so
the sweeps after it read what was used up to there and charge it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.charge import Charge
from deployer.domain.period import Period
from deployer.domain.snapshot import Gone, Snapshot, Tracked
from deployer.domain.usage import UsageReading
from deployer.errors import ReadOnlyLedger
from deployer.guard.accounting import ASKED
from deployer.guard.context import GuardContext
from deployer.guard.lock import exclusive
from deployer.guard.memory import memory_of
from deployer.guard.outcome import ActResult
from deployer.guard.restoration import pack
from deployer.guard.telling import tell_ended
from deployer.guard.undeploy import end
from deployer.policy.decide import usage_window
from deployer.spend.consumption import Consumption, by_grain, charge_tokens

REMEMBERED = timedelta(days=3)
"""How long after its end it is still told that something is gone."""
LATE = timedelta(minutes=30)
"""After so long the numbers of the last minutes have arrived."""
WHO = "the platform or somebody else"
UNUSED_LIFE = timedelta(days=15)
_DEPTH = 1000


def record_removed(context: GuardContext) -> tuple[ActResult, ...]:
    """Journal and tell what went without an act of ours; each once."""
    fresh = _unexplained(context)
    if not fresh or context.read_only:
        return ()
    with exclusive(context, "departures") as hold:
        if hold is None:
            return ()
        results = tuple(_record(context, one) for one in _without_act(context, fresh))
    memory_of(context.ledger).explained.update(_who(one) for one in fresh)
    return tell_ended(context, results)


def finish_removed(context: GuardContext, act: Act) -> ActResult:
    """The intent was all: nothing was to be done."""
    return end(context, act, Phase.DONE, act.reason)


def charge_late_usage(context: GuardContext) -> None:
    """Read and charge what was used before the end, once the numbers of the last minutes have come."""
    now = context.clock.now()
    last = {one.tracked.deployment.id.key: one for one in context.ledger.readings.gone(now - ASKED)}
    due = {key: one for key, one in last.items() if (one.tracked.used_to or one.at - LATE) < one.at + LATE}
    if not due or context.read_only:
        return
    heirs = {key: known for key, known in context.ledger.readings.tracked().items() if key in due}
    late = [one for key, one in due.items() if key not in heirs or heirs[key].deployment.created_at is not None]
    for provider in context.providers:
        members = [one for one in late if one.tracked.deployment.id.provider == provider]
        if members:
            _charge(context, provider, members, now, heirs)


# --- what is gone -------------------------------------------------------------------------------


def _unexplained(context: GuardContext) -> list[Gone]:
    explained = memory_of(context.ledger).explained
    gone = context.ledger.readings.gone(context.clock.now() - REMEMBERED)
    return [one for one in gone if _who(one) not in explained]


def _without_act(context: GuardContext, gone: Iterable[Gone]) -> list[Gone]:
    """Those of which the journal does not say that we undeployed them, or that they were found gone."""
    acts = context.ledger.journal.acts(limit=_DEPTH)
    kinds = {ActKind.UNDEPLOY, ActKind.REMOVED}
    known = {(act.subject, act.instance) for act in acts if act.kind in kinds and act.phase is not Phase.WITHDRAWN}
    return [one for one in gone if _who(one) not in known and _is_deployed(context, one)]


def _is_deployed(context: GuardContext, one: Gone) -> bool:
    """Where a cloud serves models by their own names, nothing was deployed that could be put back."""
    provider = context.providers.get(one.tracked.deployment.id.provider)
    return provider is not None and provider.deployments.deploys


def _record(context: GuardContext, one: Gone) -> ActResult:
    deployment = one.tracked.deployment
    act = context.ledger.journal.intend(
        kind=ActKind.REMOVED,
        subject=deployment.id.key,
        instance=one.tracked.instance,
        who=WHO,
        reason=_why(one),
        body=pack(deployment),
        numbers={"last seen": one.tracked.last_seen.isoformat(), "found gone": one.at.isoformat()},
        at=context.clock.now(),
    )
    return end(context, act, Phase.DONE, act.reason, deployment)


def _why(one: Gone) -> str:
    """As much as its kind and age tell: the platform does not say why."""
    deployment = one.tracked.deployment
    age = one.at - deployment.created_at if deployment.created_at else timedelta()
    if deployment.expires is not None and one.at >= deployment.expires:
        return "the platform removed it: developer-tier deployments end after 24 hours"
    if deployment.fine_tuned and age >= UNUSED_LIFE:
        return "the platform (fine-tuned deployments without calls for 15 days) or somebody else removed it"
    return "somebody else or the platform removed it"


def _who(one: Gone) -> tuple[str, str]:
    return (one.tracked.deployment.id.key, one.tracked.instance)


# --- what it used before ------------------------------------------------------------------------


def _charge(
    context: GuardContext, provider: str, gone: Sequence[Gone], now: datetime, heirs: Mapping[str, Tracked]
) -> None:
    start = min(one.tracked.used_to or one.tracked.deployment.created_at or one.at for one in gone)
    earliest = max(min(start, *(one.at for one in gone)) - LATE, now - 93 * timedelta(days=1))
    window = Period(earliest.replace(minute=0, second=0, microsecond=0), usage_window(context.policies, now).end)
    ended = [one.tracked.deployment for one in gone]
    seen = context.providers[provider].usage.observe(ended, window)
    proof = Snapshot(now, usage=seen.readings, aliveness=seen.aliveness)
    counted = context.ledger.readings.charged_tokens([_who(one)[0] for one in gone], window)
    readings: dict[tuple[str, str], UsageReading] = {}
    charges: list[Charge] = []
    for one in gone:
        reading = seen.readings.get(one.tracked.deployment.id.key)
        if reading is not None:
            readings[_who(one)] = reading if proof.settled(one.tracked.deployment) else _unproven(reading)
            own = _before(reading, heirs.get(one.tracked.deployment.id.key))
            used = Consumption(one.tracked.deployment, own, one.tracked, now)
            charges.extend(charge_tokens(used, context.book, by_grain(counted)))
    _write(context, now, readings, charges)


def _before(reading: UsageReading, heir: Tracked | None) -> UsageReading:
    """Without what another instance used that bears the name by now: its own reading shows that."""
    created = heir.deployment.created_at if heir else None
    if created is None:
        return reading
    return replace(reading, buckets=tuple(bucket for bucket in reading.buckets if bucket.end <= created))


def _unproven(reading: UsageReading) -> UsageReading:
    """It is asked for again: an answer without a number, from a metric that never showed one, settles nothing."""
    return replace(reading, complete=False, cause=reading.cause or "the metric has never shown a number here")


def _write(
    context: GuardContext, now: datetime, readings: Mapping[tuple[str, str], UsageReading], charges: Iterable[Charge]
) -> None:
    try:
        context.ledger.readings.record_gone(now, readings, charges)
    except ReadOnlyLedger:
        return
