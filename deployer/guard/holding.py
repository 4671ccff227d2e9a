"""Money held for deployments: from the gate until a day has passed or the deployment is gone.

The first day is reserved before a deployment is made. While it runs, what it has accrued and what
is still held are the same money, so the accrued part is not counted twice.
"""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.money import Money
from deployer.domain.subject import SubjectSpend
from deployer.guard.context import GuardContext

GATED = timedelta(hours=24)
"""How much hosting a deployment holds against its budget."""
RESERVATIONS, RESERVED = "reservations", "reserved"
"""Where an act's numbers keep the ids and the amount of what is held for it."""
CLOCK_SKEW = timedelta(minutes=5)
"""How far the cloud's clock may be behind ours."""
ORPHANED = timedelta(hours=1)
_DEPTH = 1000


def release_ended(context: GuardContext) -> tuple[Act, ...]:
    """Let go what is held for deployments whose day has passed or that are gone; the acts that still hold."""
    acts = context.ledger.journal.acts(limit=_DEPTH)
    tracked = context.ledger.readings.tracked()  # read after the acts: what an ended act has made is known by now
    still = []
    for act in acts:
        if (
            act.kind not in {ActKind.CREATE, ActKind.RESTORE, ActKind.SCALE}
            or RESERVATIONS not in act.numbers
            or act.at is None
        ):
            continue
        if not act.phase.final or (act.subject in tracked and context.clock.now() - act.at < GATED):
            still.append(act)
        else:
            settle_ids(context, act, "its day has passed" if act.phase is Phase.DONE else "never happened")
    return tuple(still)


def release_orphans(context: GuardContext, subject: str = "") -> None:
    """Let go what a process held when it died, before it could write down what for.

    Between the two lie milliseconds, so after an hour nobody will write it any more; and whoever holds
    the lock of `subject` knows at once that nobody else is on the way there.
    """
    now = context.clock.now()
    suspects = [
        one
        for one in context.ledger.reservations.open()
        if one.at is not None and (now - one.at >= ORPHANED or (subject and one.subject == subject))
    ]
    if not suspects:
        return
    acts = context.ledger.journal.acts(limit=_DEPTH)
    held = {number for act in acts for number in act.numbers.get(RESERVATIONS, "").split()}
    oldest = acts[-1].at if len(acts) == _DEPTH else None
    for one in suspects:
        if str(one.id) not in held and (oldest is None or (one.at is not None and one.at > oldest)):
            context.ledger.reservations.settle(one.id, now, "nothing followed: its process had died")


def settle_ids(context: GuardContext, act: Act, outcome: str) -> None:
    """End the reservations that the journal says are held for an act."""
    for held in act.numbers.get(RESERVATIONS, "").split():
        context.ledger.reservations.settle(int(held), context.clock.now(), outcome)


def counted_twice(holding: Iterable[Act], members: Iterable[SubjectSpend], currency: str) -> Money:
    """How much of what the members have spent is also still held for them."""
    spends = list(members)
    double = Money.zero(currency)
    for act in holding:
        reserved = Money(Decimal(act.numbers.get(RESERVED, "0")), currency)
        accrued = Money.total((one.spend.high for one in spends if _of(act, one)), currency)
        double += min(reserved, accrued)
    return double


def _of(act: Act, one: SubjectSpend) -> bool:
    """Whether this was spent by the instance that the act made, and not by an earlier one of that name."""
    created = one.subject.created_at
    begun = act.at
    if created is None or begun is None:
        return False
    return one.subject.key == act.subject and created >= begun - CLOCK_SKEW
