"""What the use cases need of the ledger: readings, journal, decisions, reservations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.charge import Bill, Charge, Meter
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.plan import Action, History
from deployer.domain.snapshot import Gone, Snapshot, Tracked
from deployer.domain.subject import Subject, SubjectSpend
from deployer.domain.usage import UsageReading


@dataclass(frozen=True)
class Reservation:
    id: int
    policy: str
    amount: Money
    subject: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class ReservationRequest:
    """Hold `amount` under `policy` if what is spent and held leaves room.

    `spent` is the upper bound of what the policy's subjects cost in `period` so far, read by the
    caller; the ledger adds the open reservations of the same policy and period, atomically.
    """

    policy: str
    period: Period
    subject: Subject
    amount: Money
    spent: Money
    limit: Money
    at: datetime
    override: str = ""


@dataclass(frozen=True)
class ReservationRefusal:
    """The arithmetic of a no."""

    policy: str
    spent: Money
    reserved: Money
    asked: Money
    limit: Money


class Readings(Protocol):
    def record(self, snapshot: Snapshot, charges: Iterable[Charge], gone: Iterable[str]) -> None:
        """Append one sweep in one transaction: sightings, usage, charges; `gone` are keys no longer there."""
        ...

    def tracked(self) -> Mapping[str, Tracked]:
        """Deployments believed alive, by `DeploymentId.key`."""
        ...

    def gone(self, since: datetime) -> tuple[Gone, ...]:
        """Deployments that were found gone at `since` or later, oldest first."""
        ...

    def record_gone(
        self, at: datetime, readings: Mapping[tuple[str, str], UsageReading], charges: Iterable[Charge]
    ) -> None:
        """Append what metrics said, after its end, about what is gone, by (subject key, instance)."""
        ...

    def charged_tokens(self, keys: Iterable[str], window: Period) -> Mapping[tuple[str, str, Meter, datetime], Decimal]:
        """Tokens already charged, by (subject key, instance, meter, start of the grain)."""
        ...

    def spent(self, period: Period) -> tuple[SubjectSpend, ...]:
        """Charges of the period per subject, gone ones included; charges across its edges count in proportion."""
        ...

    def metered(self, period: Period) -> tuple[tuple[str, Money], ...]:
        """What the tokens of all grains that began in the period cost, by subject key; once for each currency."""
        ...

    def charges(self, period: Period) -> tuple[Charge, ...]: ...

    def record_subject(self, subject: Subject, charges: Iterable[Charge] = ()) -> None:
        """Append charges of a subject that no sweep observes (a fine-tune job)."""
        ...

    def record_bills(self, bills: Iterable[Bill]) -> None: ...

    def bills(self, period: Period) -> tuple[Bill, ...]: ...


class Journal(Protocol):
    def intend(
        self,
        kind: ActKind,
        subject: str,
        instance: str,
        who: str,
        reason: str,
        body: Mapping[str, Any],
        numbers: Mapping[str, str],
        at: datetime,
    ) -> Act:
        """Write the intent durably before anything is done."""
        ...

    def step(self, act_id: int, phase: Phase, at: datetime, detail: str = "") -> None: ...

    def unfinished(self) -> tuple[Act, ...]:
        """Acts without a final step, oldest first."""
        ...

    def acts(self, limit: int = 100) -> tuple[Act, ...]:
        """The newest first."""
        ...

    def act(self, act_id: int) -> Act | None: ...


class Decisions(Protocol):
    def history(self, now: datetime) -> History: ...

    def record_told(self, action: Action, at: datetime, delivered: bool) -> None:
        """Append a warning or alert that was given."""
        ...

    def protect(self, key: str, protected: bool, who: str, reason: str, at: datetime) -> None: ...

    def pause(self, paused: bool, who: str, at: datetime) -> None: ...

    def record_sweep(self, at: datetime, summary: Mapping[str, Any]) -> None:
        """Append one line about a sweep that ended, for `guard status`."""
        ...

    def last_sweep(self) -> tuple[datetime, Mapping[str, Any]] | None: ...


class Reservations(Protocol):
    def reserve(self, requests: Sequence[ReservationRequest]) -> tuple[Reservation, ...] | ReservationRefusal:
        """All or none, in one transaction: of two at once that fit only singly, one is refused."""
        ...

    def open(self) -> tuple[Reservation, ...]:
        """Those of the newest thousand that nobody has ended, oldest first."""
        ...

    def settle(self, reservation_id: int, at: datetime, outcome: str) -> None:
        """End a reservation: what it stood for is now a charge, or never happened."""
        ...


class Ledger(Protocol):
    """Everything that is written down, append-only."""

    readings: Readings
    journal: Journal
    decisions: Decisions
    reservations: Reservations

    def lease(self, name: str, holder: str, at: datetime, seconds: float) -> bool:
        """Take or renew a named lease, so that one sweep acts at a time; False when another holds it."""
        ...

    def release(self, name: str, holder: str) -> None: ...

    def close(self) -> None: ...
