"""One creation from its intent to its proof, and again at the next start when a crash came between.

The cloud's continuation token is written down as soon as it has taken the order, so that the next
start waits for the same operation. What was never sent is sent then: a person has asked for it, and
the money for its first day is held. After that day nobody waits for it any more.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.deployment import Account, Deployment
from deployer.domain.snapshot import Snapshot
from deployer.errors import CloudError
from deployer.guard.accounting import account_for
from deployer.guard.context import GuardContext
from deployer.guard.holding import GATED, settle_ids
from deployer.guard.outcome import ActResult
from deployer.guard.restoration import cleaned, unpack
from deployer.guard.undeploy import end
from deployer.ports.cloud import DeploymentRequest

TAKEN = "the cloud took it; operation "
LOST = "not known whether it was made: "
"""What the journal says of one whose answer was lost, and that could not be looked for either."""
UNDER_WAY = frozenset({"creating", "accepted", "moving"})
"""Provisioning states that pass."""
LOOK_EVERY, LONGEST_LOOK = 10.0, 600.0
Make = Callable[[DeploymentRequest], Deployment]


def request_of(kind: ActKind, wanted: Deployment) -> DeploymentRequest:
    """What is asked of the cloud: for a restore the stored document, without what the vendor fills in."""
    body = cleaned(wanted.body) if kind is ActKind.RESTORE else None
    model, version = wanted.model, wanted.model_version
    return DeploymentRequest(
        wanted.account, wanted.name, model, version, wanted.sku, wanted.capacity, wanted.tags, body
    )


def carry_out_creation(context: GuardContext, act: Act, request: DeploymentRequest, make: Make) -> Deployment:
    """Create it and record how that ended. Raises CloudError; then nothing is held for it any more.

    Unless nobody knows (`maybe_done`): then it stays open, with what is held for it, and the next start looks.
    """

    def begun(token: str) -> None:
        context.ledger.journal.step(act.id, Phase.CALLED, context.clock.now(), f"{TAKEN}{token}")

    try:
        made = _create_or_find(context, replace(request, begun=begun), make)
    except CloudError as error:
        if error.maybe_done:
            context.ledger.journal.step(act.id, Phase.VERIFYING, context.clock.now(), f"{LOST}{error.message}")
            error.next_step = "give the command again: what was made after all is found, and nothing is made twice"
            raise
        context.ledger.journal.step(act.id, Phase.FAILED, context.clock.now(), error.message)
        settle_ids(context, act, "never happened")
        raise
    _record(context, act, made, "serving")
    return made


def finish_creation(context: GuardContext, act: Act, *, asked_again: bool = False) -> ActResult:
    """Look by name first: what stands there was made by the act, which had found the name free.

    `asked_again`: a person waits for it; otherwise a pause of the guard keeps it from being sent.
    """
    wanted = unpack(act.body)
    if wanted.id.provider not in context.providers:
        return left_open(act, f"{wanted.id.provider} is not configured any more")
    try:
        return _finish(context, act, wanted, asked_again)
    except CloudError as error:
        return left_open(act, f"it could not be looked into: {error.message}")


def left_open(act: Act, reason: str) -> ActResult:
    """Not known and not ended: the next start tries again."""
    return ActResult(act.kind, act.subject, act.phase, f"left open for the next start: {reason}", act.id)


def continuation(act: Act) -> str:
    """The token of the operation that the cloud began for the act; "" when none was written down."""
    tokens = [step.detail.removeprefix(TAKEN) for step in act.steps if step.detail.startswith(TAKEN)]
    return tokens[-1] if tokens else ""


def _finish(context: GuardContext, act: Act, wanted: Deployment, asked_again: bool) -> ActResult:
    token = continuation(act)
    seen = context.providers[wanted.id.provider].inventory.read(wanted.account, wanted.name)
    if seen is None and token:
        return _given_up(context, act, wanted, "the cloud began it and made nothing")
    if seen is None:
        return _make_now(context, act, wanted, asked_again)
    if seen.model.lower() != wanted.model.lower():
        return _given_up(context, act, wanted, f"{seen.model} stands under its name now, which is not what was asked")
    seen = _waited_for(context, act, wanted, seen, token)
    if seen is None or seen.state.lower() in UNDER_WAY:
        return left_open(act, "the cloud is still at it")
    if not seen.serving:
        settle_ids(context, act, "never happened")
        return end(context, act, Phase.FAILED, f"found as {seen.state} at the next start", seen)
    _record(context, act, seen, "found serving at the next start")
    return ActResult(act.kind, act.subject, Phase.DONE, "found serving at the next start", act.id, deployment=seen)


def _make_now(context: GuardContext, act: Act, wanted: Deployment, asked_again: bool) -> ActResult:
    """It was never sent, or never arrived."""
    now = context.clock.now()
    if act.at is None or now - act.at >= GATED:
        return _given_up(context, act, wanted, "it was not made before the crash; run the command again")
    if not asked_again and any(step.detail.startswith(LOST) for step in act.steps):
        return _given_up(context, act, wanted, "it was never made, and whoever asked for it was told that it failed")
    if not asked_again and context.ledger.decisions.history(now).paused:
        return left_open(act, "the guard is paused")
    create = context.providers[wanted.id.provider].deployments.create
    try:
        made = carry_out_creation(context, act, request_of(act.kind, wanted), create)
    except CloudError as error:
        if error.maybe_done:
            return left_open(act, error.message)
        return ActResult(act.kind, act.subject, Phase.FAILED, error.message, act.id, deployment=wanted)
    return ActResult(act.kind, act.subject, Phase.DONE, "made at the next start", act.id, deployment=made)


def _waited_for(context: GuardContext, act: Act, wanted: Deployment, seen: Deployment, token: str) -> Deployment | None:
    """By the operation's own token, else by looking; None when it went away meanwhile."""
    provider = context.providers[wanted.id.provider]
    if token and seen.state.lower() in UNDER_WAY:
        try:
            return provider.deployments.create(replace(request_of(act.kind, wanted), continuation=token))
        except CloudError:  # vendors forget operations; the deployment itself still tells
            pass
    return _at_rest(context, wanted.account, wanted.name)


def _at_rest(context: GuardContext, account: Account, name: str) -> Deployment | None:
    """What stands under the name once it is not under way any more, or after the longest look."""
    inventory, clock = context.providers[account.provider].inventory, context.clock
    last, deadline = inventory.read(account, name), clock.monotonic() + LONGEST_LOOK
    while last is not None and last.state.lower() in UNDER_WAY and clock.monotonic() < deadline:
        clock.sleep(LOOK_EVERY)
        last = inventory.read(account, name)
    return last


def _given_up(context: GuardContext, act: Act, wanted: Deployment, why: str) -> ActResult:
    settle_ids(context, act, "never happened")
    return end(context, act, Phase.WITHDRAWN, why, wanted)


def _record(context: GuardContext, act: Act, made: Deployment, detail: str) -> None:
    """Known to the ledger before the act ends: an ended act of an unknown deployment holds no money any more."""
    account_for(context, Snapshot(context.clock.now()), made)
    context.ledger.journal.step(act.id, Phase.DONE, context.clock.now(), detail)


def _create_or_find(context: GuardContext, request: DeploymentRequest, make: Make) -> Deployment:
    """After an answer that leaves the outcome open, look; what cannot be seen, or not to its end, stays open."""
    try:
        return make(request)
    except CloudError as error:
        if not error.maybe_done:
            raise
        lost = error
    with suppress(CloudError):
        made = _at_rest(context, request.account, request.name)
        lost.maybe_done = made is not None and made.state.lower() in UNDER_WAY
        if made is not None and made.serving and not lost.maybe_done:
            return made
    raise lost
