"""Changes of a deployment that stands: its capacity, and whether it takes calls; gated, journalled, crash-safe.

More units of a provisioned SKU cost more by the hour, so they pass the gate like a new deployment.
Pausing stops calls, and with them what tokens cost. No vendor's document says that it stops the
hosting fee, so nothing here counts on that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.deployment import Deployment
from deployer.domain.money import Money
from deployer.domain.snapshot import Snapshot
from deployer.domain.subject import Subject
from deployer.errors import CloudError, Refused
from deployer.guard.accounting import account_for
from deployer.guard.context import GuardContext
from deployer.guard.creation import left_open
from deployer.guard.gate import Pass, gate
from deployer.guard.holding import GATED, release_orphans, settle_ids
from deployer.guard.lock import exclusive
from deployer.guard.outcome import ActResult
from deployer.guard.restoration import pack, unpack
from deployer.guard.room import check_capacity, check_room
from deployer.guard.search import JOURNAL_DEPTH, find_deployment
from deployer.guard.undeploy import act_lock, end
from deployer.ports.cloud import DeploymentRequest
from deployer.spend.price import Unpriced
from deployer.spend.standing import hourly

FROM, TO = "capacity before", "capacity"
"""Where an act's numbers keep the units."""
_HOURS = int(GATED.total_seconds() // 3600)
Do = Callable[[Deployment], Deployment]


@dataclass(frozen=True)
class Changed:
    """What a change came to; `act_id` is None when there was nothing to change."""

    kind: ActKind
    before: Deployment
    deployment: Deployment
    hourly_before: Money | Unpriced
    hourly: Money | Unpriced
    act_id: int | None
    warnings: tuple[str, ...] = ()


def scale(context: GuardContext, target: str, capacity: int, *, who: str, over_budget: str = "") -> Changed:
    """Give a deployment so many units. Raises Refused (quota, budget), InvalidUsage, NotFound or CloudError."""
    found = find_deployment(context, target)
    with exclusive(context, act_lock(found.id.key)) as hold:
        _require(hold, found)
        if found.capacity == capacity:
            return _changed(context, ActKind.SCALE, found, found, None)
        release_orphans(context, found.id.key)
        unknown = _room(context, found, capacity)
        passed = _gated(context, found, capacity, over_budget)
        numbers = {FROM: str(found.capacity or "unknown"), TO: str(capacity), **passed.numbers}
        act = _intend(context, ActKind.SCALE, found, who, numbers | _override(over_budget))
        made = _carry_out(context, act, found, _work(context, act))
    return _changed(context, ActKind.SCALE, found, made, act.id, (*unknown, *passed.warnings))


def pause(context: GuardContext, target: str, paused: bool, *, who: str) -> Changed:
    """Let a deployment take no calls, or again. Raises InvalidUsage, NotFound or CloudError."""
    found = find_deployment(context, target)
    kind = ActKind.PAUSE if paused else ActKind.RESUME
    with exclusive(context, act_lock(found.id.key)) as hold:
        _require(hold, found)
        act = _intend(context, kind, found, who, {})
        made = _carry_out(context, act, found, _work(context, act))
    return _changed(context, kind, found, made, act.id)


def finish_change(context: GuardContext, act: Act) -> ActResult:
    """All three are idempotent: what a crash left open is asked for once more, if it is still the same instance.

    What somebody did since stands: an old order must not undo a newer one.
    """
    was = unpack(act.body)
    provider = context.providers.get(was.id.provider)
    if provider is None:
        return left_open(act, f"{was.id.provider} is not configured any more")
    try:
        found = provider.inventory.read(was.account, was.name)
    except CloudError as error:
        return left_open(act, f"it could not be read: {error.message}")
    if found is None or found.created_at != was.created_at:
        settle_ids(context, act, "never happened")
        return end(context, act, Phase.WITHDRAWN, "it is gone, or another instance stands under its name", was)
    if overtaken := _overtaken(context, act, found):
        settle_ids(context, act, "never happened")
        return end(context, act, Phase.WITHDRAWN, overtaken, was)
    try:
        made = _carry_out(context, act, found, _work(context, act))
    except CloudError as error:
        return ActResult(act.kind, act.subject, Phase.FAILED, error.message, act.id, deployment=found)
    return ActResult(act.kind, act.subject, Phase.DONE, "done at the next start", act.id, deployment=made)


def _overtaken(context: GuardContext, act: Act, found: Deployment) -> str:
    """What came after the act and says otherwise; "" when nothing did."""
    rivals = {ActKind.SCALE} if act.kind is ActKind.SCALE else {ActKind.PAUSE, ActKind.RESUME}
    for later in context.ledger.journal.acts(JOURNAL_DEPTH):
        if later.id <= act.id:
            break
        if later.subject == act.subject and later.kind in rivals and later.phase is Phase.DONE:
            return f"overtaken by journal entry {later.id}"
    if act.kind is ActKind.SCALE and str(found.capacity or "unknown") not in (act.numbers[FROM], act.numbers[TO]):
        return f"somebody gave it {found.capacity} units since"
    return ""


# --- steps ------------------------------------------------------------------------------------


def _require(hold: object, found: Deployment) -> None:
    if hold is None:
        raise Refused(f"somebody else is acting on {found.id} at this moment", next_step="try again in a minute")


def _work(context: GuardContext, act: Act) -> Do:
    deployments = context.providers[unpack(act.body).id.provider].deployments
    if act.kind is ActKind.SCALE:
        return lambda found: deployments.scale(found, int(act.numbers[TO]))
    return lambda found: deployments.pause(found, act.kind is ActKind.PAUSE)


def _room(context: GuardContext, found: Deployment, capacity: int) -> tuple[str, ...]:
    """Only more units need room; that the SKU has the size is asked either way."""
    held = found.capacity or 0
    wanted = DeploymentRequest(
        found.account, found.name, found.model, found.model_version, found.sku, capacity, found.tags
    )
    if capacity <= held:
        check_capacity(context, wanted)
        return ()
    return check_room(context, wanted, held=held, standing=True)


def _gated(context: GuardContext, found: Deployment, capacity: int, over_budget: str) -> Pass:
    """The first day of what it will cost more; a price that is not known is not nothing."""
    now = context.clock.now()
    before = hourly(found, context.book, now)
    after = hourly(replace(found, capacity=capacity), context.book, now)
    if found.capacity is not None and capacity < found.capacity:
        return Pass()
    if isinstance(after, Money) and isinstance(before, Money):
        if after <= before:
            return Pass()
        more: Money | Unpriced = (after - before) * _HOURS
        burn: Money | None = after - before
    else:
        more, burn = (after * _HOURS, after) if isinstance(after, Money) else (after, None)
    what = f"{_HOURS} h of {capacity - (found.capacity or 0)} more units"
    return gate(context, Subject.of(found), more, what=what, override=over_budget, hourly=burn)


def _override(over_budget: str) -> dict[str, str]:
    return {"over budget": over_budget} if over_budget else {}


def _intend(context: GuardContext, kind: ActKind, found: Deployment, who: str, numbers: Mapping[str, str]) -> Act:
    return context.ledger.journal.intend(
        kind=kind,
        subject=found.id.key,
        instance=found.instance,
        who=who,
        reason="asked for",
        body=pack(found),
        numbers=numbers,
        at=context.clock.now(),
    )


def _carry_out(context: GuardContext, act: Act, found: Deployment, work: Do) -> Deployment:
    """Charge what it was until now, change it, and let the ledger know what it is before the act ends."""
    account_for(context, Snapshot(context.clock.now()), found)
    try:
        made = work(found)
    except CloudError as error:
        if error.maybe_done:  # the next start asks again
            raise
        context.ledger.journal.step(act.id, Phase.FAILED, context.clock.now(), error.message)
        settle_ids(context, act, "never happened")
        raise
    account_for(context, Snapshot(context.clock.now()), made)
    context.ledger.journal.step(act.id, Phase.DONE, context.clock.now(), _detail(act, made))
    return made


def _detail(act: Act, made: Deployment) -> str:
    return f"{made.capacity} units" if act.kind is ActKind.SCALE else made.state


def _changed(
    context: GuardContext,
    kind: ActKind,
    before: Deployment,
    after: Deployment,
    act_id: int | None,
    warnings: tuple[str, ...] = (),
) -> Changed:
    now, book = context.clock.now(), context.book
    return Changed(kind, before, after, hourly(before, book, now), hourly(after, book, now), act_id, warnings)
