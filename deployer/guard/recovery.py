"""What a crash left half done is finished once, at the next start.

The journal says what was meant, the cloud says what became of it. A deployment that is gone was
deleted; one that still stands is decided on again before it is touched; a thing that was to be
made is looked for, and made when it was never begun: a person had asked for it.
"""

from collections.abc import Callable
from dataclasses import replace

from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.deployment import Deployment
from deployer.domain.snapshot import Snapshot
from deployer.guard.accounting import charge_gone
from deployer.guard.capact import finish_cap
from deployer.guard.change import finish_change
from deployer.guard.context import GuardContext
from deployer.guard.creation import finish_creation, left_open
from deployer.guard.departure import finish_removed
from deployer.guard.lock import exclusive
from deployer.guard.outcome import ActResult
from deployer.guard.reconsider import NoLonger, locate, reconsider
from deployer.guard.restoration import unpack
from deployer.guard.telling import tell_ended
from deployer.guard.undeploy import act_lock, carry_out, end

Finish = Callable[[GuardContext, Snapshot, Act], ActResult]


def recover(context: GuardContext, whole: Snapshot) -> tuple[ActResult, ...]:
    """Finish or give up every act without an end, except those that a living process is at."""
    results = [_recover(context, whole, act) for act in context.ledger.journal.unfinished()]
    return tell_ended(context, [result for result in results if result is not None])


def recover_kind(context: GuardContext, kind: ActKind) -> tuple[ActResult, ...]:
    """Finish only acts of a kind that needs no view of the whole."""
    whole = Snapshot(context.clock.now())
    acts = [act for act in context.ledger.journal.unfinished() if act.kind is kind]
    return tuple(result for act in acts if (result := _recover(context, whole, act)) is not None)


def by_policy(act: Act) -> bool:
    """Whether the guard began it, so that the policies must still ask for it; a person's word stands."""
    return act.who.startswith("policy ")


def _recover(context: GuardContext, whole: Snapshot, act: Act) -> ActResult | None:
    finish = _FINISH.get(act.kind)
    if finish is None:
        return None
    with exclusive(context, act_lock(act.subject)) as hold:
        current = context.ledger.journal.act(act.id)
        if hold is None or current is None or current.phase.final:
            return None
        return finish(context, whole, current)


# --- undeploy ---------------------------------------------------------------------------------


def _finish_undeploy(context: GuardContext, whole: Snapshot, act: Act) -> ActResult:
    target = unpack(act.body)
    found = locate(context, target)
    if isinstance(found, NoLonger):
        return _ended_without_us(context, act, target, found)
    if by_policy(act) and found.serving:
        still = reconsider(context, whole, target)
        if isinstance(still, NoLonger):
            return _ended_without_us(context, act, target, still)
    return carry_out(context, act, found)


def _ended_without_us(context: GuardContext, act: Act, target: Deployment, why: NoLonger) -> ActResult:
    called = act.phase in {Phase.CALLED, Phase.VERIFYING}
    if why.gone or (why.replaced and called):
        charge_gone(context, target)
        return end(context, act, Phase.DONE, f"found gone at the next start ({why.reason})", target)
    if why.phase is Phase.FAILED:
        return left_open(act, why.reason)
    result = end(context, act, Phase.WITHDRAWN, f"given up at the next start: {why.reason}", target)
    return replace(result, unread=why.unread)


# --- jobs -------------------------------------------------------------------------------------


_FINISH: dict[ActKind, Finish] = {
    ActKind.UNDEPLOY: _finish_undeploy,
    ActKind.CREATE: lambda context, _, act: finish_creation(context, act),
    ActKind.RESTORE: lambda context, _, act: finish_creation(context, act),
    ActKind.SCALE: lambda context, _, act: finish_change(context, act),
    ActKind.PAUSE: lambda context, _, act: finish_change(context, act),
    ActKind.RESUME: lambda context, _, act: finish_change(context, act),
    ActKind.REMOVED: lambda context, _, act: finish_removed(context, act),
    ActKind.CAP: lambda context, _, act: finish_cap(context, act),
}
