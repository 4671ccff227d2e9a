"""One change of a cap: what the journal keeps of it, carrying it out, taking it back, finishing it after a crash.

Caps are few and cheap to read, so the whole state goes into the journal, and what is put back is
exactly what the act changed. After a crash the journal says what was wished and the cloud what is
so; a cap that is neither as wished nor as it was has been changed by somebody else and is left alone.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from deployer.domain.act import Act, Phase
from deployer.domain.cap import AccountCaps, Cap, CapKind, describe, holds, same
from deployer.domain.deployment import Account
from deployer.errors import CloudError, DeployerError, InvalidUsage
from deployer.guard.context import GuardContext
from deployer.guard.outcome import ActResult
from deployer.guard.undeploy import end
from deployer.ports.cloud import Caps


def caps_of(context: GuardContext, provider: str) -> Caps:
    """The caps of that cloud. Raises InvalidUsage where there are none to set."""
    cloud = context.providers.get(provider)
    if cloud is None:
        raise InvalidUsage(f"provider {provider!r} is not configured", next_step="`deployer doctor`")
    if cloud.caps is None:
        raise InvalidUsage(f"{provider} has no caps that stop spending: its budgets only send e-mail")
    return cloud.caps


def subject_of(account: Account) -> str:
    """What the journal calls the caps of an account."""
    return f"cap:{account.provider}:{account.name}".lower()


# --- doing ------------------------------------------------------------------------------------


def carry_out(context: GuardContext, caps: Caps, act: Act) -> ActResult:
    """Call, then look until it is so; after an error look once, because the work may have been done."""
    account, wanted = account_of(act), wanted_by(act)
    clock, failure = context.clock, ""
    try:
        caps.set(account, wanted)
        context.ledger.journal.step(act.id, Phase.CALLED, clock.now(), "the cloud took it")
    except DeployerError as error:
        failure = error.message
    started = clock.monotonic()
    while seen := _look(caps, account, wanted):
        waited = clock.monotonic() - started
        if failure or waited >= context.verify_seconds:
            return end(context, act, Phase.FAILED, failure or f"{seen} after {waited:.0f} s")
        clock.sleep(min(context.verify_every, context.verify_seconds - waited))
    return end(context, act, Phase.DONE, describe(wanted))


def finish_cap(context: GuardContext, act: Act) -> ActResult:
    """After a crash: done if it is so, done now if it is as it was, given up if somebody changed it meanwhile."""
    account, wanted = account_of(act), wanted_by(act)
    try:
        caps = caps_of(context, account.provider)
        now = caps.read(account)
        require_read(now, wanted.kind)
    except (CloudError, InvalidUsage) as error:
        return ActResult(act.kind, act.subject, act.phase, f"left open for the next start: {error.message}", act.id)
    if holds(now, wanted):
        return end(context, act, Phase.DONE, f"found at the next start: {describe(wanted)}")
    if not same(now.find(wanted.kind, wanted.key), _narrowed(before_of(act), wanted)):
        return end(context, act, Phase.WITHDRAWN, "given up at the next start: somebody changed it meanwhile")
    return carry_out(context, caps, act)


def require_read(now: AccountCaps, kind: CapKind) -> None:
    """Raises CloudError when that kind of cap could not be read: what is not known is not changed."""
    if cause := now.unread.get(kind):
        raise CloudError(f"not changed, because what is there is not known: {cause}", next_step="`deployer doctor`")


def _look(caps: Caps, account: Account, wanted: Cap) -> str:
    """What is seen instead of what is wanted; "" when it is so."""
    try:
        now = caps.read(account)
        require_read(now, wanted.kind)
    except CloudError as error:
        return f"not verified ({error.message})"
    return "" if holds(now, wanted) else f"still {describe(standing(now, wanted))}"


# --- what the journal keeps -------------------------------------------------------------------


def pack(before: AccountCaps, wanted: Cap) -> dict[str, Any]:
    """Everything that was there, and what is wanted, as plain data."""
    return {
        "provider": before.account.provider,
        "account": asdict(before.account),
        "wanted": _plain(wanted),
        "before": [_plain(cap) for cap in before.caps],
        "unread": {kind.value: cause for kind, cause in before.unread.items()},
    }


def account_of(act: Act) -> Account:
    return Account(**act.body["account"])


def wanted_by(act: Act) -> Cap:
    return _cap(act.body["wanted"])


def before_of(act: Act) -> Cap:
    """What stood where the act put something."""
    wanted = wanted_by(act)
    there = (cap for cap in map(_cap, act.body["before"]) if (cap.kind, cap.key) == (wanted.kind, wanted.key))
    return next(there, Cap(wanted.kind, None, wanted.key))


def standing(now: AccountCaps, wanted: Cap) -> Cap:
    """What stands where `wanted` goes; of a rate limit only the fields that it is about."""
    return _narrowed(now.find(wanted.kind, wanted.key), wanted)


def inverse(act: Act, now: AccountCaps) -> Cap:
    """The cap that takes the act back, as things stand now: an alert that was made goes, one that went comes."""
    wanted, before = wanted_by(act), before_of(act)
    if wanted.kind is not CapKind.ALERT:
        return _narrowed(before, wanted)
    if wanted.key:
        return Cap(CapKind.ALERT, before.value)
    old = {data["key"] for data in act.body["before"]}
    made = (cap for cap in now.of(CapKind.ALERT) if cap.key not in old and same(cap, wanted))
    return Cap(CapKind.ALERT, None, next((cap.key for cap in made), "gone"))


def _narrowed(cap: Cap, wanted: Cap) -> Cap:
    if cap.kind is not CapKind.RATE_LIMIT or cap.value is None or wanted.value is None:
        return cap
    return Cap(cap.kind, {name: cap.value[name] for name in wanted.value if name in cap.value}, cap.key)


def _plain(cap: Cap) -> dict[str, Any]:
    return {"kind": cap.kind.value, "key": cap.key, "value": None if cap.value is None else dict(cap.value)}


def _cap(data: Mapping[str, Any]) -> Cap:
    return Cap(CapKind(data["kind"]), data["value"], data["key"])
