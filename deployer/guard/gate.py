"""The gate: money is reserved in the ledger before something that will cost is started."""

from dataclasses import dataclass
from datetime import datetime

from deployer.domain.money import Money
from deployer.domain.subject import Subject
from deployer.guard.context import GuardContext
from deployer.ports import Reservation
from deployer.spend.price import Unpriced


@dataclass(frozen=True)
class Pass:
    """What the gate let through: what is held, under which policies, and what to say loudly."""

    reservations: tuple[Reservation, ...] = ()
    policies: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def gate(
    context: GuardContext,
    subject: Subject,
    amount: Money | Unpriced,
    *,
    what: str,
    override: str = "",
    unguarded: bool = False,
    hourly: Money | None = None,
) -> Pass:
    """Reserve `amount` under every budget that governs `subject`, or raise `Refused` with the arithmetic.

    `what` names the thing in messages ("24 h of hosting", "this job"); `override` is the person's
    reason to go over; `hourly` is what it burns afterwards, for the forecast.
    """
    raise NotImplementedError


def settle(context: GuardContext, passed: Pass, at: datetime, outcome: str) -> None:
    """End the reservations: what they stood for is a charge by now, or never happened."""
    for reservation in passed.reservations:
        context.ledger.reservations.settle(reservation.id, at, outcome)
