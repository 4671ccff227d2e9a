"""The first tables, their indexes, and the triggers that make the history append-only."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE act (
    id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    instance VARCHAR NOT NULL,
    who TEXT NOT NULL,
    reason TEXT NOT NULL,
    body TEXT NOT NULL,
    numbers TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX act_at ON act (at);
CREATE TABLE bill (
    id INTEGER NOT NULL,
    account VARCHAR NOT NULL,
    day BIGINT NOT NULL,
    meter VARCHAR NOT NULL,
    nano BIGINT NOT NULL,
    currency VARCHAR NOT NULL,
    as_of BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX bill_day ON bill (day);
CREATE TABLE lease (
    name VARCHAR NOT NULL,
    holder TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE outcome (
    id INTEGER NOT NULL,
    at BIGINT NOT NULL,
    summary TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE pause (
    id INTEGER NOT NULL,
    paused BOOLEAN NOT NULL,
    who TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE protection (
    id INTEGER NOT NULL,
    "key" VARCHAR NOT NULL,
    protected BOOLEAN NOT NULL,
    who TEXT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX protection_key ON protection ("key");
CREATE TABLE reservation (
    id INTEGER NOT NULL,
    policy VARCHAR NOT NULL,
    period_start BIGINT NOT NULL,
    period_end BIGINT NOT NULL,
    subject VARCHAR NOT NULL,
    nano BIGINT NOT NULL,
    currency VARCHAR NOT NULL,
    at BIGINT NOT NULL,
    override TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX reservation_policy ON reservation (policy, period_start, period_end);
CREATE TABLE source (
    id INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (text)
);
CREATE TABLE subject (
    id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    "key" VARCHAR NOT NULL,
    instance VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    account VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    base_model VARCHAR NOT NULL,
    fine_tuned BOOLEAN NOT NULL,
    managed BOOLEAN NOT NULL,
    tags TEXT NOT NULL,
    region VARCHAR NOT NULL,
    tier VARCHAR NOT NULL,
    created_at BIGINT,
    PRIMARY KEY (id),
    UNIQUE ("key", instance)
);
CREATE TABLE sweep (
    id INTEGER NOT NULL,
    as_of BIGINT NOT NULL,
    complete BOOLEAN NOT NULL,
    accounts INTEGER NOT NULL,
    deployments INTEGER NOT NULL,
    gaps TEXT NOT NULL,
    unread TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE told (
    id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    policy VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    "key" VARCHAR NOT NULL,
    instance VARCHAR NOT NULL,
    episode VARCHAR NOT NULL,
    reason TEXT NOT NULL,
    numbers TEXT NOT NULL,
    due BIGINT NOT NULL,
    at BIGINT NOT NULL,
    delivered BOOLEAN NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX told_at ON told (at);
CREATE TABLE charge (
    id INTEGER NOT NULL,
    subject_id INTEGER NOT NULL,
    meter VARCHAR NOT NULL,
    day INTEGER NOT NULL,
    start BIGINT NOT NULL,
    "end" BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    nano BIGINT,
    currency VARCHAR NOT NULL,
    known VARCHAR NOT NULL,
    bound VARCHAR NOT NULL,
    source_id INTEGER NOT NULL,
    as_of BIGINT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(subject_id) REFERENCES subject (id),
    FOREIGN KEY(source_id) REFERENCES source (id)
);
CREATE INDEX charge_day ON charge (day, subject_id);
CREATE INDEX charge_grain ON charge (start) WHERE meter IN ('input', 'cached-input', 'output');
CREATE TABLE daily (
    day INTEGER NOT NULL,
    subject_id INTEGER NOT NULL,
    currency VARCHAR NOT NULL,
    low BIGINT NOT NULL,
    high BIGINT NOT NULL,
    PRIMARY KEY (day, subject_id, currency),
    FOREIGN KEY(subject_id) REFERENCES subject (id)
);
CREATE TABLE grain (
    id INTEGER NOT NULL,
    subject_id INTEGER NOT NULL,
    start BIGINT NOT NULL,
    "end" BIGINT NOT NULL,
    requests BIGINT,
    failed_requests BIGINT,
    input_tokens BIGINT,
    cached_tokens BIGINT,
    output_tokens BIGINT,
    as_of BIGINT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(subject_id) REFERENCES subject (id)
);
CREATE INDEX grain_start ON grain (start);
CREATE TABLE settlement (
    reservation_id INTEGER NOT NULL,
    at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (reservation_id),
    FOREIGN KEY(reservation_id) REFERENCES reservation (id)
);
CREATE TABLE sighting (
    id INTEGER NOT NULL,
    sweep_id INTEGER NOT NULL,
    subject_id INTEGER NOT NULL,
    event VARCHAR NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(sweep_id) REFERENCES sweep (id),
    FOREIGN KEY(subject_id) REFERENCES subject (id)
);
CREATE INDEX sighting_subject ON sighting (subject_id);
CREATE TABLE step (
    id INTEGER NOT NULL,
    act_id INTEGER NOT NULL,
    phase VARCHAR NOT NULL,
    at BIGINT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(act_id) REFERENCES act (id)
);
CREATE INDEX step_act ON step (act_id);
CREATE INDEX step_end ON step (act_id) WHERE phase IN ('done', 'failed', 'withdrawn');
CREATE TABLE tracked (
    subject_id INTEGER NOT NULL,
    document TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    accrued_to BIGINT NOT NULL,
    gone_at BIGINT,
    usage_state TEXT NOT NULL,
    usage_to BIGINT,
    PRIMARY KEY (subject_id),
    FOREIGN KEY(subject_id) REFERENCES subject (id)
);
CREATE INDEX tracked_alive ON tracked (gone_at);
CREATE TABLE unpriced (
    day INTEGER NOT NULL,
    subject_id INTEGER NOT NULL,
    source_id INTEGER NOT NULL,
    PRIMARY KEY (day, subject_id, source_id),
    FOREIGN KEY(subject_id) REFERENCES subject (id),
    FOREIGN KEY(source_id) REFERENCES source (id)
);
CREATE TABLE usage (
    id INTEGER NOT NULL,
    sweep_id INTEGER NOT NULL,
    subject_id INTEGER NOT NULL,
    complete BOOLEAN NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(sweep_id) REFERENCES sweep (id),
    FOREIGN KEY(subject_id) REFERENCES subject (id)
);
CREATE INDEX usage_subject ON usage (subject_id)
"""

APPEND_ONLY = (
    "sweep", "sighting", "usage", "grain", "charge", "bill", "act", "step", "told",
    "protection", "pause", "outcome", "reservation", "settlement", "source",
)  # fmt: skip


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        op.execute(statement)
    for table in APPEND_ONLY:
        for change in ("UPDATE", "DELETE"):
            op.execute(refusal(table, change))


def refusal(table: str, change: str) -> str:
    """A trigger (SQLite's dialect) that refuses to rewrite history."""
    return (
        f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: {table}'); END"
    )
