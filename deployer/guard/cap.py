"""Set one cap of a cloud, or put one back: intent with everything that was there, call, look, outcome."""

from dataclasses import dataclass

from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.cap import ORGANISATION, AccountCaps, Cap, CapKind, describe, holds
from deployer.domain.deployment import Account
from deployer.errors import InvalidUsage, Refused
from deployer.guard.capact import (
    account_of,
    caps_of,
    carry_out,
    inverse,
    pack,
    require_read,
    standing,
    subject_of,
    wanted_by,
)
from deployer.guard.capwish import Wish
from deployer.guard.context import GuardContext
from deployer.guard.lock import exclusive
from deployer.guard.outcome import ActResult
from deployer.guard.recovery import recover_kind
from deployer.guard.undeploy import act_lock
from deployer.ports.cloud import Caps


@dataclass(frozen=True)
class CapResult:
    """How it ended, `was` and `wanted` in words; `act` is None when everything was so already."""

    account: Account
    was: str
    wanted: str
    act: ActResult | None = None

    @property
    def failed(self) -> bool:
        return self.act is not None and self.act.failed


def set_cap(context: GuardContext, account: Account, wish: Wish, *, who: str, reason: str = "asked for") -> CapResult:
    """Make one cap as wished. Raises Refused, InvalidUsage or CloudError; nothing is done without its intent."""
    caps = caps_of(context, account.provider)
    recover_kind(context, ActKind.CAP)
    with exclusive(context, act_lock(subject_of(account))) as hold:
        if hold is None:
            raise Refused(f"somebody else is changing the caps of {account.name}", next_step="try again in a minute")
        before = caps.read(account)
        wanted = wish(before)
        require_read(before, wanted.kind)
        was = describe(standing(before, wanted))
        if holds(before, wanted):
            return CapResult(account, was, describe(wanted))
        act = _intend(context, before, wanted, who, reason)
        return CapResult(account, was, describe(wanted), carry_out(context, caps, act))


def put_back(context: GuardContext, act_id: int, *, who: str, anyway: bool = False) -> CapResult:
    """Make the cap that an act changed as it was before. Raises InvalidUsage, Refused or CloudError.

    What somebody has changed since is not overwritten, unless `anyway`.
    """
    act = _done_act(context, act_id)
    wanted = wanted_by(act)

    def wish(now: AccountCaps) -> Cap:
        back = inverse(act, now)
        if not (anyway or holds(now, wanted) or holds(now, back)):
            raise Refused(
                f"{now.account.name} has {describe(standing(now, back))} by now, "
                f"not {describe(wanted)} as journal entry {act_id} left it",
                next_step="put the later change back first, or go on with --anyway",
            )
        return back

    return set_cap(context, account_of(act), wish, who=who, reason=f"put back of journal entry {act_id}")


def find_capped(context: GuardContext, name: str) -> Account:
    """The project of that id or name, or the organisation. Raises InvalidUsage, or CloudError without the right."""
    found: list[Account] = []
    known: list[str] = []
    for caps in _all_caps(context):
        for account in caps.accounts():
            known.append(account.name)
            found += [account] if name.lower() in {account.name.lower(), account.tags.get("name", "").lower()} else []
    if len(found) == 1:
        return found[0]
    seen = ", ".join(known) or "none"
    what = f"{name!r} names several projects" if found else f"there is no project {name!r}"
    raise InvalidUsage(f"{what} (seen: {seen})", next_step=f"name one by its id, or {ORGANISATION!r} for all of them")


def recipients_of(context: GuardContext, account: Account) -> tuple[str, ...]:
    """Whom an alert tells when nobody is named: whoever the account's alerts tell already, else the owners."""
    caps = caps_of(context, account.provider)
    there = [cap.value["recipients"] for cap in caps.read(account).of(CapKind.ALERT) if cap.value]
    found = tuple(there[0]) if there else caps.owners()
    if not found:
        raise InvalidUsage("nobody would receive the alert", next_step="name somebody with --email")
    return found


def _all_caps(context: GuardContext) -> list[Caps]:
    found = [provider.caps for provider in context.providers.values() if provider.caps is not None]
    if not found:
        raise InvalidUsage(
            "no cloud is configured that keeps caps (OpenAI does; Azure's budgets only send e-mail)",
            next_step="set OPENAI_ADMIN_KEY",
        )
    return found


def _done_act(context: GuardContext, act_id: int) -> Act:
    act = context.ledger.journal.act(act_id)
    if act is None or act.kind is not ActKind.CAP:
        raise InvalidUsage(f"journal entry {act_id} is no change of a cap", next_step="`deployer journal list`")
    if act.phase is not Phase.DONE:
        raise Refused(f"journal entry {act_id} is {act.phase}, so there is nothing to put back")
    return act


def _intend(context: GuardContext, before: AccountCaps, wanted: Cap, who: str, reason: str) -> Act:
    return context.ledger.journal.intend(
        kind=ActKind.CAP,
        subject=subject_of(before.account),
        instance="",
        who=who,
        reason=reason,
        body=pack(before, wanted),
        numbers={"was": describe(standing(before, wanted)), "wanted": describe(wanted)},
        at=context.clock.now(),
    )
