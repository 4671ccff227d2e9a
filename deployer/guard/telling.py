"""What people are told: one message per policy for what is due, one for each act that ended.

A warning counts from the moment at which somebody could have read it, so whether it was
delivered is written down with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from deployer.domain.act import ActKind, Phase
from deployer.domain.plan import Action, ActionKind
from deployer.guard.context import GuardContext
from deployer.guard.outcome import ActResult, Told
from deployer.policy.document import Policy
from deployer.ports.notifier import Message

_NOUN = {ActionKind.WARN: "warning", ActionKind.ALERT: "alert", ActionKind.UNDEPLOY: "undeploy"}


def tell_due(context: GuardContext, actions: Iterable[Action]) -> tuple[Told, ...]:
    """Deliver and record the warnings and alerts that are due."""
    due = [action for action in actions if action.kind is not ActionKind.UNDEPLOY]
    due.sort(key=lambda action: (action.policy, action.kind))
    told: list[Told] = []
    for (policy, kind), group in groupby(due, key=lambda action: (action.policy, action.kind)):
        told += _tell_group(context, policy, kind, list(group))
    return tuple(told)


def tell_ended(context: GuardContext, results: Iterable[ActResult]) -> tuple[ActResult, ...]:
    """Say how acts ended, and mark those that nobody heard of: they are journalled, so nothing waits for it."""
    return tuple(_tell_end(context, result) if result.phase.final else result for result in results)


def _tell_end(context: GuardContext, result: ActResult) -> ActResult:
    if result.act_id is None:
        return result
    policy = result.action.policy if result.action else ""
    return replace(result, unheard=not context.notifier.send(_ending(result), _channels(context, policy)))


def unheard(results: Iterable[ActResult]) -> tuple[str, ...]:
    """Failures of the guard: ends of acts that nobody was told of."""
    return tuple(
        f"nobody received the message on the end of {one.kind} {one.subject} (journal {one.act_id})"
        for one in results
        if one.unheard
    )


def undelivered(told: Iterable[Told]) -> tuple[str, ...]:
    """Failures of the guard: warnings and alerts that nobody received."""
    return tuple(
        f"nobody received the {_NOUN[one.action.kind]} about {subject_of(one.action)} ({one.action.reason})"
        for one in told
        if not one.delivered
    )


def subject_of(action: Action) -> str:
    """What an action is about, for people."""
    return str(action.target.id) if action.target else f"policy {action.policy}"


def _tell_group(context: GuardContext, policy: str, kind: ActionKind, actions: list[Action]) -> list[Told]:
    delivered = context.notifier.send(_message(policy, kind, actions), _channels(context, policy))
    for action in actions:
        context.ledger.decisions.record_told(action, context.clock.now(), delivered)
    return [Told(action, delivered) for action in actions]


def _message(policy: str, kind: ActionKind, actions: Sequence[Action]) -> Message:
    title = f"deployer: {len(actions)} {_NOUN[kind]}{'s' if len(actions) > 1 else ''} of policy {policy}"
    return Message(title, "\n".join(_line(action) for action in actions), urgent=kind is ActionKind.WARN)


def _line(action: Action) -> str:
    keep = ""
    if action.kind is ActionKind.WARN:
        keep = f" To keep it: deployer deployment protect {subject_of(action)}"
    return f"{subject_of(action)}: {action.reason}.{keep}"


def _ending(result: ActResult) -> Message:
    if result.kind is ActKind.REMOVED:
        lines = [f"{result.subject}: {result.detail}.", f"To put it back: {restore_command(result.subject)}"]
        return Message(f"deployer: gone, and not by us: {result.subject}", "\n".join(lines))
    word = {Phase.DONE: "done", Phase.FAILED: "FAILED", Phase.WITHDRAWN: "withdrawn"}[result.phase]
    lines = [f"{result.kind} of {result.subject} {word}: {result.detail}."]
    if result.action:
        lines.append(f"Why: {result.action.reason} (policy {result.action.policy}, rule {result.action.rule}).")
    if result.kind is ActKind.UNDEPLOY and result.phase is Phase.DONE:
        lines.append(f"To put it back: {restore_command(result.subject)}")
    return Message(f"deployer: {result.kind} {word}: {result.subject}", "\n".join(lines), urgent=True)


def restore_command(subject: str) -> str:
    """The command that undoes an undeploy."""
    return f"deployer deployment restore {subject}"


def _channels(context: GuardContext, policy: str) -> tuple[str, ...]:
    found = _policy(context, policy)
    return found.notify if found else ()


def _policy(context: GuardContext, name: str) -> Policy | None:
    return next((policy for policy in context.policies.policies if policy.name == name), None)
