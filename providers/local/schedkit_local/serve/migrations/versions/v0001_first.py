"""
The first schema.
"""

from __future__ import annotations

from alembic import op


revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE program (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        folder TEXT NOT NULL,
        stack TEXT NOT NULL,
        document TEXT NOT NULL,
        loaded REAL NOT NULL,
        error TEXT NOT NULL DEFAULT ''
    )
    """,
    """
    CREATE TABLE schedule (
        name TEXT PRIMARY KEY,
        pipeline TEXT NOT NULL,
        document TEXT NOT NULL,
        since INTEGER NOT NULL,
        paused INTEGER NOT NULL DEFAULT 0,
        removed REAL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE run (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        schedule TEXT NOT NULL,
        pipeline TEXT NOT NULL,
        scheduled INTEGER NOT NULL,
        due INTEGER NOT NULL,
        state TEXT NOT NULL,
        reason TEXT NOT NULL DEFAULT '',
        cause TEXT NOT NULL DEFAULT 'schedule',
        parameters TEXT NOT NULL DEFAULT '{}',
        started REAL,
        ended REAL,
        pid INTEGER,
        birth TEXT NOT NULL DEFAULT '',
        exit_code INTEGER,
        folder TEXT NOT NULL DEFAULT '',
        UNIQUE (schedule, scheduled)
    )
    """,
    "CREATE INDEX run_open ON run (state) WHERE state IN ('waiting', 'starting', 'running')",
    "CREATE INDEX run_pipeline ON run (pipeline, state)",
    "CREATE INDEX run_due ON run (due)",
    """
    CREATE TABLE step (
        run INTEGER NOT NULL REFERENCES run (seq) ON DELETE CASCADE,
        name TEXT NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        exit_code INTEGER,
        seconds REAL NOT NULL DEFAULT 0,
        log TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (run, name)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE request (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        made REAL NOT NULL,
        verb TEXT NOT NULL,
        arguments TEXT NOT NULL DEFAULT '{}',
        done REAL,
        answer TEXT
    )
    """,
    "CREATE INDEX request_open ON request (id) WHERE done IS NULL",
)


def upgrade() -> None:
    """
    Make all tables.
    """
    for table in TABLES:
        op.execute(table)


def downgrade() -> None:
    """
    Drop them.
    """
    for table in ("step", "run", "schedule", "program", "request"):
        op.execute(f"DROP TABLE {table}")
