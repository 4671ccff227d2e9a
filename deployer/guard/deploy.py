"""The life of one deployment in a person's hands: create, delete, restore; gated, journalled, crash-safe."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.deployment import MANAGED_TAG, Account, Deployment, DeploymentId
from deployer.domain.model import base_model, is_fine_tuned
from deployer.domain.money import Money
from deployer.domain.sku import spelled, tier_of
from deployer.domain.snapshot import Snapshot
from deployer.domain.subject import Subject
from deployer.errors import InvalidUsage, NotFound, Refused
from deployer.guard.accounting import account_for
from deployer.guard.context import GuardContext
from deployer.guard.creation import carry_out_creation, finish_creation, request_of
from deployer.guard.gate import Pass, gate
from deployer.guard.holding import GATED, release_orphans
from deployer.guard.hosting import mark_hosted
from deployer.guard.lock import exclusive
from deployer.guard.outcome import ActResult
from deployer.guard.prospect import first_undeploy
from deployer.guard.readiness import Say, is_awaited, when_ready
from deployer.guard.residence import keep_residency
from deployer.guard.restoration import pack, unpack
from deployer.guard.room import check_room
from deployer.guard.search import find_account, find_deployment, find_provider, last_undeploy
from deployer.guard.telling import tell_ended
from deployer.guard.undeploy import act_lock, undeploy
from deployer.policy.match import matching
from deployer.ports.cloud import DeploymentRequest
from deployer.spend.price import Rate, Unpriced
from deployer.spend.standing import PROVISIONED, Standing, standing

HOURS_A_MONTH = 730
_HOURS_HELD = GATED // timedelta(hours=1)


@dataclass(frozen=True)
class Order:
    """A deployment that a person asks for; `account` is the account's name."""

    provider: str
    account: str
    name: str
    model: str
    model_version: str = ""
    sku: str = "Standard"
    capacity: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Deployed:
    """What a create or restore came to, with what it costs and when a policy will end it.

    `created` is false, and no act journalled, where the cloud serves every model by its own name.
    """

    deployment: Deployment
    hourly: Money | Unpriced
    rate: Rate | None
    policies: tuple[str, ...]
    undeploy_at: datetime | None
    undeploy_reason: str
    act_id: int
    warnings: tuple[str, ...] = ()
    created: bool = True

    @property
    def monthly(self) -> Money | Unpriced:
        """730 hours, as the vendors reckon a month."""
        return self.hourly if isinstance(self.hourly, Unpriced) else self.hourly * HOURS_A_MONTH


def create(
    context: GuardContext,
    order: Order,
    *,
    who: str,
    unguarded: bool = False,
    over_budget: str = "",
    say: Say = lambda _: None,
) -> Deployed:
    """Create `order` and wait until it serves. Raises Refused (no policy, over budget, exists) or CloudError.

    A model that a job has just made is waited for; `say` tells so.
    """
    account = find_account(context, order.provider, order.account)
    if not context.providers[order.provider].deployments.deploys:
        return _as_it_is(context, account, order.model, say)
    tags, sku = {**order.tags, MANAGED_TAG[0]: MANAGED_TAG[1]}, spelled(order.sku)
    if tier_of(sku) in PROVISIONED and order.capacity is None:
        raise InvalidUsage(f"{sku} is paid by the unit: say how many", next_step="give --capacity")
    wanted = Deployment(
        id=DeploymentId(account.provider, account.name, order.name),
        account=account,
        model=order.model,
        base_model=base_model(order.model),
        fine_tuned=is_fine_tuned(order.model),
        model_version=order.model_version,
        sku=sku,
        tier=tier_of(sku),
        capacity=order.capacity,
        created_at=context.clock.now(),
        tags=tags,
        managed=True,
    )
    request = request_of(ActKind.CREATE, wanted)
    return _make(context, _Making(ActKind.CREATE, wanted, request, who, "asked for", unguarded, over_budget, say))


def restore(
    context: GuardContext, target: str, *, who: str, unguarded: bool = False, over_budget: str = ""
) -> Deployed:
    """Put back the newest deployment of that name that was undeployed, as it was. Raises Refused or CloudError."""
    act = last_undeploy(context, target)
    was = unpack(act.body)
    find_provider(context, was.id.provider)
    wanted = replace(was, created_at=context.clock.now())
    request = request_of(ActKind.RESTORE, wanted)
    reason = f"restore of journal entry {act.id}"
    return _make(context, _Making(ActKind.RESTORE, wanted, request, who, reason, unguarded, over_budget))


def delete(context: GuardContext, target: str, *, who: str, reason: str = "") -> ActResult:
    """Delete one deployment, `provider:account/name`, `account/name` or a name that is unique, and verify it."""
    found = find_deployment(context, target)
    (hosted,) = mark_hosted(context.providers, (found,), context.book, context.clock.now())
    account_for(context, Snapshot(context.clock.now()), hosted)  # no sweep may have seen it, or it as it is now
    return undeploy(context, found, who=who, reason=reason or "asked for", numbers={})


def _as_it_is(context: GuardContext, account: Account, model: str, say: Say) -> Deployed:
    """The model where a cloud has no deployments: it can be called by its own name, so nothing is made or held."""
    provider, clock = context.providers[account.provider], context.clock

    def read() -> Deployment:
        if (there := provider.inventory.read(account, model)) is None:
            raise NotFound(
                f"{provider.name}:{account.name} has no model {model}",
                status=404,
                next_step="`deployer finetune list` shows what was trained",
            )
        return there

    there = when_ready(clock, read, lambda: is_awaited(clock, provider.training, account, model), model, say)
    price = standing(there, context.book, clock.now())
    return Deployed(
        deployment=there,
        hourly=price.hourly if isinstance(price, Standing) else price,
        rate=price.rate if isinstance(price, Standing) else None,
        policies=tuple(policy.name for policy in matching(context.policies.policies, Subject.of(there))),
        undeploy_at=None,
        undeploy_reason="",
        act_id=0,
        created=False,
    )


# --- making -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Making:
    """One create or restore on its way."""

    kind: ActKind
    wanted: Deployment
    request: DeploymentRequest
    who: str
    reason: str
    unguarded: bool
    over_budget: str
    say: Say = lambda _: None


def _make(context: GuardContext, making: _Making) -> Deployed:
    wanted = making.wanted
    with exclusive(context, act_lock(wanted.id.key)) as hold:
        if hold is None:
            raise Refused(f"somebody else is acting on {wanted.id} at this moment", next_step="try again in a minute")
        release_orphans(context, wanted.id.key)
        earlier = _interrupted(context, making)
        if earlier is not None and earlier.deployment is not None and _is_asked_for(earlier, wanted):
            picked_up = f"an earlier start had begun it (journal entry {earlier.act_id}); that one was finished"
            return _deployed(context, making, earlier.deployment, earlier.act_id or 0, (picked_up,))
        _refuse_existing(context, wanted)
        _refuse_unguarded(context, making)
        keep_residency(context, Subject.of(wanted), wanted.sku)
        unknown = check_room(context, making.request)
        (priced,) = mark_hosted(context.providers, (wanted,), context.book, context.clock.now())
        passed = _gated(context, making, standing(priced, context.book, context.clock.now()))
        act = _intend(context, making, passed)
        made = _call(context, act, making)
        return _deployed(context, making, made, act.id, (*unknown, *passed.warnings, *_woken(wanted, made)))


def _woken(was: Deployment, made: Deployment) -> tuple[str, ...]:
    """A pause that could not be put back is to be known: calls cost tokens again."""
    if not was.paused or made.paused:
        return ()
    return (f"{made.id} was paused when it was undeployed; it was put back running, and answers calls",)


def _deployed(
    context: GuardContext, making: _Making, made: Deployment, act_id: int, warnings: tuple[str, ...]
) -> Deployed:
    price = standing(making.wanted, context.book, context.clock.now())
    due = first_undeploy(context, made)
    return Deployed(
        deployment=made,
        hourly=price.hourly if isinstance(price, Standing) else price,
        rate=price.rate if isinstance(price, Standing) else None,
        policies=tuple(policy.name for policy in matching(context.policies.policies, Subject.of(making.wanted))),
        undeploy_at=due.due if due else None,
        undeploy_reason=due.reason if due else "",
        act_id=act_id,
        warnings=warnings,
    )


def _refuse_existing(context: GuardContext, wanted: Deployment) -> None:
    there = context.providers[wanted.id.provider].inventory.read(wanted.account, wanted.name)
    if there is not None:
        raise Refused(
            f"{there.id} exists already ({there.model}, {there.state or 'state unknown'})",
            next_step="take another name, or delete it first with `deployer deployment delete`",
        )


def _refuse_unguarded(context: GuardContext, making: _Making) -> None:
    """Raises Refused when no policy will guard it and nobody accepts that."""
    matched = matching(context.policies.policies, Subject.of(making.wanted))
    if not matched and not making.unguarded:
        raise Refused(
            f"no policy matches {making.wanted.id}: nobody would notice when it is forgotten",
            next_step="write a policy that matches it, or accept that with --unguarded",
        )


def _gated(context: GuardContext, making: _Making, price: Standing | Unpriced) -> Pass:
    hourly = price.hourly if isinstance(price, Standing) else None
    return gate(
        context,
        Subject.of(making.wanted),
        price if isinstance(price, Unpriced) else price.hourly * _HOURS_HELD,
        what=f"{_HOURS_HELD} h of hosting",
        override=making.over_budget,
        unguarded=making.unguarded,
        hourly=hourly,
    )


def _intend(context: GuardContext, making: _Making, passed: Pass) -> Act:
    override = {"over budget": making.over_budget} if making.over_budget else {}
    unguarded = {"unguarded": "yes"} if making.unguarded else {}
    return context.ledger.journal.intend(
        kind=making.kind,
        subject=making.wanted.id.key,
        instance="",
        who=making.who,
        reason=making.reason,
        body=pack(making.wanted),
        numbers=passed.numbers | override | unguarded,
        at=context.clock.now(),
    )


def _call(context: GuardContext, act: Act, making: _Making) -> Deployment:
    """Create it; a model that a job has just made is waited for."""
    request, clock = making.request, context.clock
    provider = context.providers[request.account.provider]

    def awaited() -> bool:
        return making.wanted.fine_tuned and is_awaited(clock, provider.training, request.account, request.model)

    def make(told: DeploymentRequest) -> Deployment:
        return when_ready(clock, lambda: provider.deployments.create(told), awaited, request.model, making.say)

    return carry_out_creation(context, act, request, make)


def _interrupted(context: GuardContext, making: _Making) -> ActResult | None:
    """What an earlier start left half done under this name comes to its end first."""
    ended = None
    for act in context.ledger.journal.unfinished():
        if act.subject == making.wanted.id.key and act.kind in {ActKind.CREATE, ActKind.RESTORE}:
            ended = finish_creation(context, act, asked_again=True)
            if not ended.phase.final:
                raise Refused(f"an earlier start has begun {making.wanted.id}: {ended.detail}", next_step="try again")
            tell_ended(context, [ended])
    return ended


def _is_asked_for(result: ActResult | None, wanted: Deployment) -> bool:
    made = result.deployment if result is not None and result.phase is Phase.DONE else None
    return made is not None and (made.model.lower(), made.sku.lower()) == (wanted.model.lower(), wanted.sku.lower())
