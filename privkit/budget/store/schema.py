"""The tables of a ledger, the same on SQLite and PostgreSQL, and the triggers that let rows only be added."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, Table, Text

#: "priv": marks a SQLite file as a privkit ledger.
APPLICATION_ID = 0x70726976
#: The format that this privkit writes.
VERSION = 1

metadata = MetaData()

ledger_table = Table(
    "privkit_ledger",
    metadata,
    Column("id", Text),
    Column("version", Integer),
    Column("made", Text),
)

#: One row per project: its terms, and the first link of its chain.
project_table = Table(
    "privkit_project",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uid", Text),
    Column("name", Text),
    Column("terms", Text),
    Column("begun", Text),
    Column("note", Text),
    Column("hash", Text),
)

#: One row per change of state; an entry is a reserved row and at most one row that ends it.
record_table = Table(
    "privkit_record",
    metadata,
    Column("project", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("entry", Integer),
    Column("state", Text),
    # Of the reserved row only:
    Column("key", Text),
    Column("draw", Integer),
    Column("time", Text),
    Column("analyst", Text),
    Column("holder", Text),
    Column("token", Text),
    Column("question", Text),
    Column("main", Text),
    Column("delta", Text),
    # Of the row that ends it only (no time: how long a measurement took may tell about the data):
    Column("answer", Text),
    Column("kind", Text),
    # Running totals after this row, so that nothing is summed at opening.
    Column("sums", Text),
    Column("prev", Text),
    Column("hash", Text),
)

TABLES = ("privkit_ledger", "privkit_project", "privkit_record")

_CREATE = (
    """CREATE TABLE privkit_ledger (
        id TEXT NOT NULL, version INTEGER NOT NULL, made TEXT NOT NULL){strict}""",
    """CREATE TABLE privkit_project (
        id INTEGER NOT NULL PRIMARY KEY, uid TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, terms TEXT NOT NULL,
        begun TEXT NOT NULL, note TEXT NOT NULL, hash TEXT NOT NULL){strict}""",
    """CREATE TABLE privkit_record (
        project INTEGER NOT NULL REFERENCES privkit_project (id), seq INTEGER NOT NULL CHECK (seq > 0),
        entry INTEGER NOT NULL CHECK (entry > 0),
        state TEXT NOT NULL CHECK (state IN ('reserved', 'committed', 'failed', 'orphaned')),
        key TEXT, draw INTEGER, time TEXT, analyst TEXT, holder TEXT, token TEXT, question TEXT, main TEXT, delta TEXT,
        answer TEXT, kind TEXT, sums TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL,
        PRIMARY KEY (project, seq)){strict}""",
    "CREATE UNIQUE INDEX privkit_one_draw ON privkit_record (project, key, draw) WHERE state = 'reserved'",
    "CREATE UNIQUE INDEX privkit_one_start ON privkit_record (project, entry) WHERE state = 'reserved'",
    "CREATE UNIQUE INDEX privkit_one_end ON privkit_record (project, entry) WHERE state <> 'reserved'",
    "CREATE INDEX privkit_by_analyst ON privkit_record (project, analyst, seq) WHERE state = 'reserved'",
    "CREATE INDEX privkit_by_time ON privkit_record (project, time, seq) WHERE state = 'reserved'",
)


def statements(dialect: str) -> list[str]:
    """Return the statements that make a ledger's tables on this `dialect`."""
    strict = " STRICT" if dialect == "sqlite" else ""
    return [text.format(strict=strict) for text in _CREATE] + guards(dialect)


def guards(dialect: str) -> list[str]:
    """Return the triggers that refuse UPDATE and DELETE."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_{act} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'a privkit ledger only grows'); END"
            for table in TABLES
            for act in ("UPDATE", "DELETE")
        ]
    refuse = (
        "CREATE FUNCTION privkit_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a privkit ledger only grows'; END $$"
    )
    return [
        refuse,
        *(
            f"CREATE TRIGGER {table}_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION privkit_only_grows()"
            for table in TABLES
        ),
    ]
