"""When a rule warns and when it acts: the same for every rule that undeploys.

Due at an instant; warned `warn` before; never done sooner than `warn` after a warning that
somebody received. What was not foreseen is warned about now and done `warn` later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deployer.domain.deployment import Deployment
from deployer.domain.money import Money
from deployer.domain.plan import Action, ActionKind, Deferred, Warned
from deployer.policy.document import Policy
from deployer.policy.phrase import instant
from deployer.policy.view import Verdict

WILL_BE = "it will be undeployed at"
"""What a warning promises."""


@dataclass(frozen=True)
class Due:
    """An undeploy that a rule asks for at `at`. `warned` is the warning that still holds, delivered or not."""

    deployment: Deployment
    policy: Policy
    rule: str
    reason: str
    at: datetime
    warn: timedelta
    warned: Warned | None = None
    episode: str = ""
    hourly: Money | None = None
    unless: str = ""
    numbers: Mapping[str, str] = field(default_factory=dict)

    def action(self, kind: ActionKind, due: datetime, reason: str) -> Action:
        return Action(
            kind=kind,
            policy=self.policy.name,
            rule=self.rule,
            reason=reason,
            due=due,
            target=self.deployment,
            episode=self.episode,
            numbers=self.numbers,
            hourly=self.hourly,
        )


def schedule(due: Due, now: datetime) -> Verdict:
    """What of it is to be done now, and what is to be booked for later."""
    if not due.warn:
        return _act_or_book(due, due.at, now)
    warned = due.warned
    if warned and (warned.delivered or due.policy.act_unwarned):
        return _act_or_book(due, max(due.at, warned.at + due.warn), now)
    if now < due.at - due.warn:
        return Verdict(upcoming=(_warning(due, due.at - due.warn, due.at), _act(due, due.at)))
    act_at = max(due.at, now + due.warn)
    warning = _warning(due, now, act_at)
    if warned and now >= max(due.at, warned.at + due.warn):
        return Verdict(actions=(warning,), deferred=(_unheard(due, warned),))
    return Verdict(actions=(warning,), upcoming=(_act(due, act_at),))


def _act_or_book(due: Due, at: datetime, now: datetime) -> Verdict:
    act = _act(due, at)
    return Verdict(actions=(act,)) if now >= at else Verdict(upcoming=(act,))


def _act(due: Due, at: datetime) -> Action:
    return due.action(ActionKind.UNDEPLOY, at, due.reason)


def _warning(due: Due, at: datetime, act_at: datetime) -> Action:
    unless = f" unless {due.unless}" if due.unless else ""
    return due.action(ActionKind.WARN, at, f"{due.reason}; {WILL_BE} {instant(act_at)}{unless}")


def _unheard(due: Due, warned: Warned) -> Deferred:
    why = f"the warning of {instant(warned.at)} reached nobody (act_unwarned: true in the policy acts all the same)"
    return Deferred(_act(due, due.at), why)
