"""The life of one deployment in a person's hands: create, delete, restore; gated, journalled, crash-safe."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.deployment import MANAGED_TAG, Account, Deployment, DeploymentId
from deployer.domain.model import base_model, is_fine_tuned
from deployer.domain.money import Money
from deployer.domain.sku import tier_of
from deployer.domain.snapshot import Snapshot
from deployer.domain.subject import Subject
from deployer.errors import CloudError, NotFound, Refused
from deployer.guard.accounting import account_for
from deployer.guard.context import GuardContext
from deployer.guard.gate import Pass, gate, settle
from deployer.guard.holding import GATED
from deployer.guard.lock import exclusive
from deployer.guard.outcome import ActResult
from deployer.guard.prospect import first_undeploy
from deployer.guard.readiness import Say, is_awaited, when_ready
from deployer.guard.residence import keep_residency
from deployer.guard.restoration import cleaned, pack, unpack
from deployer.guard.search import find_account, find_deployment, find_provider, last_undeploy
from deployer.guard.undeploy import act_lock, undeploy
from deployer.policy.match import matching
from deployer.ports import DeploymentRequest
from deployer.spend.price import Rate, Unpriced
from deployer.spend.standing import Standing, standing

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
    tags = {**order.tags, MANAGED_TAG[0]: MANAGED_TAG[1]}
    wanted = Deployment(
        id=DeploymentId(account.provider, account.name, order.name),
        account=account,
        model=order.model,
        base_model=base_model(order.model),
        fine_tuned=is_fine_tuned(order.model),
        model_version=order.model_version,
        sku=order.sku,
        tier=tier_of(order.sku),
        capacity=order.capacity,
        created_at=context.clock.now(),
        tags=tags,
        managed=True,
    )
    request = DeploymentRequest(account, order.name, order.model, order.model_version, order.sku, order.capacity, tags)
    return _make(context, _Making(ActKind.CREATE, wanted, request, who, "asked for", unguarded, over_budget, say))


def restore(
    context: GuardContext, target: str, *, who: str, unguarded: bool = False, over_budget: str = ""
) -> Deployed:
    """Put back the newest deployment of that name that was undeployed, as it was. Raises Refused or CloudError."""
    act = last_undeploy(context, target)
    was = unpack(act.body)
    find_provider(context, was.id.provider)
    wanted = replace(was, created_at=context.clock.now())
    request = DeploymentRequest(
        was.account, was.name, was.model, was.model_version, was.sku, was.capacity, was.tags, cleaned(was.body)
    )
    reason = f"restore of journal entry {act.id}"
    return _make(context, _Making(ActKind.RESTORE, wanted, request, who, reason, unguarded, over_budget))


def delete(context: GuardContext, target: str, *, who: str, reason: str = "") -> ActResult:
    """Delete one deployment, `provider:account/name`, `account/name` or a name that is unique, and verify it."""
    found = find_deployment(context, target)
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
        _refuse_existing(context, wanted)
        policies = _policies(context, making)
        keep_residency(context, Subject.of(wanted), wanted.sku)
        price = standing(wanted, context.book, context.clock.now())
        passed = _gated(context, making, price)
        act = _intend(context, making, passed)
        made = _call(context, act, passed, making)
        due = first_undeploy(context, made)
    return Deployed(
        deployment=made,
        hourly=price.hourly if isinstance(price, Standing) else price,
        rate=price.rate if isinstance(price, Standing) else None,
        policies=policies,
        undeploy_at=due.due if due else None,
        undeploy_reason=due.reason if due else "",
        act_id=act.id,
        warnings=passed.warnings,
    )


def _refuse_existing(context: GuardContext, wanted: Deployment) -> None:
    there = context.providers[wanted.id.provider].inventory.read(wanted.account, wanted.name)
    if there is not None:
        raise Refused(
            f"{there.id} exists already ({there.model}, {there.state or 'state unknown'})",
            next_step="take another name, or delete it first with `deployer deployment delete`",
        )


def _policies(context: GuardContext, making: _Making) -> tuple[str, ...]:
    """The names of the policies that will guard it. Raises Refused when none will and nobody accepts that."""
    matched = matching(context.policies.policies, Subject.of(making.wanted))
    if not matched and not making.unguarded:
        raise Refused(
            f"no policy matches {making.wanted.id}: nobody would notice when it is forgotten",
            next_step="write a policy that matches it, or accept that with --unguarded",
        )
    return tuple(policy.name for policy in matched)


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


def _call(context: GuardContext, act: Act, passed: Pass, making: _Making) -> Deployment:
    """Create it and record how that ended."""
    try:
        made = _create_or_find(context, making)
    except CloudError as error:
        context.ledger.journal.step(act.id, Phase.FAILED, context.clock.now(), error.message)
        settle(context, passed, context.clock.now(), "never happened")
        raise
    # Known to the ledger before the act ends: an ended act of an unknown deployment holds no money any more.
    account_for(context, Snapshot(context.clock.now()), made)
    context.ledger.journal.step(act.id, Phase.DONE, context.clock.now(), "serving")
    return made


def _create_or_find(context: GuardContext, making: _Making) -> Deployment:
    """After an answer that leaves the outcome open, look before saying that it failed."""
    request, clock = making.request, context.clock
    provider = context.providers[request.account.provider]

    def awaited() -> bool:
        return making.wanted.fine_tuned and is_awaited(clock, provider.training, request.account, request.model)

    try:
        return when_ready(clock, lambda: provider.deployments.create(request), awaited, request.model, making.say)
    except CloudError as error:
        made = provider.inventory.read(request.account, request.name) if error.maybe_done else None
        if made is None:
            raise
        return made
