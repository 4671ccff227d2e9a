"""The ledger's tables.

Instants are whole microseconds since 1970 UTC, days whole days since then, money whole
nano-dollars (of its currency), quantities whole nano-hours or tokens: exact, small and quick to add.

Append-only (triggers refuse UPDATE and DELETE): sweep, sighting, usage, grain, charge, bill, act,
step, told, protection, pause, outcome, reservation, settlement, source. The rest are caches of those
(tracked, daily, unpriced), a register of facts (subject), or locks (lease).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

TOKENS_ONLY = text("meter IN ('input', 'cached-input', 'output')")
"""Spelled the same in the index and in the queries that are to use it."""
ENDED_ONLY = text("phase IN ('done', 'failed', 'withdrawn')")


def _key() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _instant(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _whole(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _word(name: str) -> Column[str]:
    return Column(name, String, nullable=False)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _of(table: str, name: str) -> Column[int]:
    return Column(name, ForeignKey(f"{table}.id"), nullable=False)


source = Table("source", metadata, _key(), Column("text", Text, nullable=False, unique=True))

subject = Table(
    "subject",
    metadata,
    _key(),
    _word("kind"),
    _word("key"),
    _word("instance"),
    _word("provider"),
    _word("account"),
    _word("name"),
    _word("model"),
    _word("base_model"),
    Column("fine_tuned", Boolean, nullable=False),
    Column("managed", Boolean, nullable=False),
    _text("tags"),
    _word("region"),
    _word("tier"),
    _instant("created_at", nullable=True),
    UniqueConstraint("key", "instance"),
)

sweep = Table(
    "sweep",
    metadata,
    _key(),
    _instant("as_of"),
    Column("complete", Boolean, nullable=False),
    Column("accounts", Integer, nullable=False),
    Column("deployments", Integer, nullable=False),
    _text("gaps"),
    _text("unread"),
)

sighting = Table(
    "sighting",
    metadata,
    _key(),
    _of("sweep", "sweep_id"),
    _of("subject", "subject_id"),
    _word("event"),
    _text("document"),
    Index("sighting_subject", "subject_id"),
)

usage = Table(
    "usage",
    metadata,
    _key(),
    _of("sweep", "sweep_id"),
    _of("subject", "subject_id"),
    Column("complete", Boolean, nullable=False),
    _text("cause"),
    Index("usage_subject", "subject_id"),
)

grain = Table(
    "grain",
    metadata,
    _key(),
    _of("subject", "subject_id"),
    _instant("start"),
    _instant("end"),
    _whole("requests", nullable=True),
    _whole("failed_requests", nullable=True),
    _whole("input_tokens", nullable=True),
    _whole("cached_tokens", nullable=True),
    _whole("output_tokens", nullable=True),
    _instant("as_of"),
    Index("grain_start", "start"),
)

tracked = Table(
    "tracked",
    metadata,
    Column("subject_id", ForeignKey("subject.id"), primary_key=True),
    _text("document"),
    _instant("first_seen"),
    _instant("last_seen"),
    _instant("accrued_to"),
    _instant("gone_at", nullable=True),
    _text("usage_state"),
    _instant("usage_to", nullable=True),
    Index("tracked_alive", "gone_at"),
)

charge = Table(
    "charge",
    metadata,
    _key(),
    _of("subject", "subject_id"),
    _word("meter"),
    Column("day", Integer, nullable=False),
    _instant("start"),
    _instant("end"),
    _whole("quantity"),
    _whole("nano", nullable=True),
    _word("currency"),
    _word("known"),
    _word("bound"),
    _of("source", "source_id"),
    _instant("as_of"),
    Index("charge_day", "day", "subject_id"),
    Index("charge_grain", "start", sqlite_where=TOKENS_ONLY),
)

daily = Table(
    "daily",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("subject_id", ForeignKey("subject.id"), primary_key=True),
    Column("currency", String, primary_key=True),
    _whole("low"),
    _whole("high"),
)

unpriced = Table(
    "unpriced",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("subject_id", ForeignKey("subject.id"), primary_key=True),
    Column("source_id", ForeignKey("source.id"), primary_key=True),
)

bill = Table(
    "bill",
    metadata,
    _key(),
    _word("account"),
    _instant("day"),
    _word("meter"),
    _whole("nano"),
    _word("currency"),
    _instant("as_of"),
    Index("bill_day", "day"),
)

act = Table(
    "act",
    metadata,
    _key(),
    _word("kind"),
    _word("subject"),
    _word("instance"),
    _text("who"),
    _text("reason"),
    _text("body"),
    _text("numbers"),
    _instant("at"),
    Index("act_at", "at"),
)

step = Table(
    "step",
    metadata,
    _key(),
    _of("act", "act_id"),
    _word("phase"),
    _instant("at"),
    _text("detail"),
    Index("step_act", "act_id"),
    Index("step_end", "act_id", sqlite_where=ENDED_ONLY),
)

told = Table(
    "told",
    metadata,
    _key(),
    _word("kind"),
    _word("policy"),
    _word("rule"),
    _word("key"),
    _word("instance"),
    _word("episode"),
    _text("reason"),
    _text("numbers"),
    _instant("due"),
    _instant("at"),
    Column("delivered", Boolean, nullable=False),
    Index("told_at", "at"),
)

protection = Table(
    "protection",
    metadata,
    _key(),
    _word("key"),
    Column("protected", Boolean, nullable=False),
    _text("who"),
    _text("reason"),
    _instant("at"),
    Index("protection_key", "key"),
)

pause = Table("pause", metadata, _key(), Column("paused", Boolean, nullable=False), _text("who"), _instant("at"))

outcome = Table("outcome", metadata, _key(), _instant("at"), _text("summary"))

reservation = Table(
    "reservation",
    metadata,
    _key(),
    _word("policy"),
    _instant("period_start"),
    _instant("period_end"),
    _word("subject"),
    _whole("nano"),
    _word("currency"),
    _instant("at"),
    _text("override"),
    Index("reservation_policy", "policy", "period_start", "period_end"),
)

settlement = Table(
    "settlement",
    metadata,
    Column("reservation_id", ForeignKey("reservation.id"), primary_key=True),
    _instant("at"),
    _text("outcome"),
)

lease = Table("lease", metadata, Column("name", String, primary_key=True), _text("holder"), _instant("until"))
