"""One undeploy, from its intent to its proof: journal, delete, look until it is really gone, charge, record.

A vendor's 202 is a promise. Hosting bills until the deployment is gone, so an act is done only
when the cloud answers 404, and it is recorded as failed when it does not in time.
"""

from collections.abc import Mapping

from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.charge import Bound
from deployer.domain.deployment import Deployment
from deployer.errors import CloudError, NotFound
from deployer.guard.accounting import charge_gone
from deployer.guard.context import GuardContext
from deployer.guard.lock import exclusive
from deployer.guard.outcome import ActResult
from deployer.guard.restoration import pack

BY_OTHERS = "the platform or somebody else removed it"


def undeploy(
    context: GuardContext, deployment: Deployment, *, who: str, reason: str, numbers: Mapping[str, str]
) -> ActResult:
    """Write the intent with the whole body, then delete and verify. Errors of the cloud end in a failed act."""
    with exclusive(context, act_lock(deployment.id.key)) as hold:
        if hold is None:
            return busy(ActKind.UNDEPLOY, deployment.id.key)
        act = _left_open(context, deployment) or context.ledger.journal.intend(
            kind=ActKind.UNDEPLOY,
            subject=deployment.id.key,
            instance=deployment.instance,
            who=who,
            reason=reason,
            body=pack(deployment),
            numbers=numbers,
            at=context.clock.now(),
        )
        return carry_out(context, act, deployment)


def _left_open(context: GuardContext, deployment: Deployment) -> Act | None:
    """An undeploy of the same instance that a crash left: it is carried on, so that one deletion is one act."""
    instance = deployment.instance
    for act in context.ledger.journal.unfinished():
        if act.kind is ActKind.UNDEPLOY and act.subject == deployment.id.key and act.instance == instance:
            return act
    return None


def act_lock(subject: str) -> str:
    """The name of the lock that whoever acts on `subject` holds."""
    return f"act {subject}"


def busy(kind: ActKind, subject: str) -> ActResult:
    """Nothing was done: somebody else is at it."""
    return ActResult(kind, subject, Phase.WITHDRAWN, "somebody else is acting on it at this moment")


def carry_out(context: GuardContext, act: Act, deployment: Deployment) -> ActResult:
    """Delete and verify an act whose intent is written; used again at the next start after a crash."""
    try:
        phase, detail = _delete(context, act, deployment)
    except CloudError as error:
        phase, detail = Phase.FAILED, error.message
    if phase is Phase.DONE:
        charge_gone(context, deployment, bound=Bound.UPPER if detail == BY_OTHERS else Bound.EXACT)
    return end(context, act, phase, detail, deployment)


def end(context: GuardContext, act: Act, phase: Phase, detail: str, deployment: Deployment | None = None) -> ActResult:
    """Record the last step of an act."""
    context.ledger.journal.step(act.id, phase, context.clock.now(), detail)
    return ActResult(act.kind, act.subject, phase, detail, act.id, deployment=deployment)


def _delete(context: GuardContext, act: Act, deployment: Deployment) -> tuple[Phase, str]:
    provider = context.providers[deployment.id.provider]
    try:
        existed = provider.deployments.delete(deployment.account, deployment.name)
    except NotFound:
        existed = False
    except CloudError as error:
        if not error.maybe_done:
            raise
        existed = True
    if not existed and _look(context, deployment)[0]:
        return Phase.DONE, BY_OTHERS
    context.ledger.journal.step(act.id, Phase.CALLED, context.clock.now(), "the cloud took the deletion")
    return _verify(context, act, deployment)


def _verify(context: GuardContext, act: Act, deployment: Deployment) -> tuple[Phase, str]:
    """Look until it is gone or the time is up; a look that fails is repeated."""
    clock = context.clock
    started = clock.monotonic()
    context.ledger.journal.step(act.id, Phase.VERIFYING, clock.now(), f"for at most {context.verify_seconds:g} s")
    while True:
        gone, seen = _look(context, deployment)
        waited = clock.monotonic() - started
        if gone:
            return Phase.DONE, f"gone after {waited:.0f} s"
        if waited >= context.verify_seconds:
            return Phase.FAILED, f"{seen} after {waited:.0f} s"
        clock.sleep(min(context.verify_every, context.verify_seconds - waited))


def _look(context: GuardContext, deployment: Deployment) -> tuple[bool, str]:
    """Whether it is gone, and otherwise what was seen; another instance under the name means that ours is gone."""
    inventory = context.providers[deployment.id.provider].inventory
    try:
        seen = inventory.read(deployment.account, deployment.name)
    except CloudError as error:
        return False, f"not verified, still unknown ({error.message})"
    return seen is None or seen.replaces(deployment), "still there"
