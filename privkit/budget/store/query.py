"""The queries on a project's records, built once: building one costs more than running it.

Names of questions, as a ledger holds them: of the question alone, then of the question on its data. A name of the
present form is ``v3:``, 32 digits that tell the question, and 64 that tell the question on its data. All of them are
keyed. So one range of the index holds every entry that asked the same question, of whatever data. The 64 digits alone
were the name in the form before (``v2:``), so what was asked under it is found by the same look-up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, case, func, insert, literal_column, or_, select

from privkit.budget.canonical import loss_from, readable
from privkit.budget.entry import Entry, State
from privkit.budget.store.schema import ledger_table, project_table, record_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import Connection, RowMapping

    from privkit.values.loss import PrivacyLoss

#: What names of the present form begin with, and those of the one before. Those of the first are hexadecimal digits.
FORM, SECOND = "v3:", "v2:"
#: How many digits tell the question.
QUESTION = 32


class Alike(NamedTuple):
    """An entry that asked the same question.

    Attributes
    ----------
    entry : int
    key : str
        Its name, which tells on which data.
    question : Mapping
        What was recorded.
    """

    entry: int
    key: str
    question: Mapping[str, Any]


def joined(question: str, data: str) -> str:
    """Return the name of a question on its data.

    Examples
    --------
    >>> joined("a" * 64, "b" * 64) == "v3:" + "a" * 32 + "b" * 64
    True
    """
    return f"{FORM}{question[:QUESTION]}{data}"


def older(name: str) -> str:
    """Return what the form before would have called the same question on the same data.

    Examples
    --------
    >>> older(joined("a" * 64, "b" * 64)) == "v2:" + "b" * 64
    True
    """
    return SECOND + name[len(FORM) + QUESTION :] if name.startswith(FORM) else name


def alike(name: str) -> tuple[str, str] | None:
    """Return from where, and up to where, the names of the same question lie; None for other forms.

    Digits are compared alike in every collation, and "g" comes after them.
    """
    if not name.startswith(FORM):
        return None
    same = name[: len(FORM) + QUESTION]
    return same, f"{same}g"


#: The two records of an entry in :func:`entries_query`.
start_part, end_part = record_table.alias("s"), record_table.alias("e")
_start, _end = start_part, end_part
#: As many as a ledger can hold: its numbers have 32 bits.
EVERY = 2**31 - 1
_table = record_table.c
# Written out, not bound: an index WHERE state = 'reserved' serves only a query that says so.
_RESERVED: ColumnElement[str] = literal_column("'reserved'")
_is_start = (_table.project == bindparam("project")) & (_table.state == _RESERVED)

_PROJECT = select(project_table).where(project_table.c.name == bindparam("name"))
#: On a server one question does for the lock, the format and the clock.
_PROJECT_LOCKED = (
    select(
        project_table,
        func.now().label("now"),
        select(func.max(ledger_table.c.version)).scalar_subquery().label("version"),
    )
    .where(project_table.c.name == bindparam("name"))
    .with_for_update(of=project_table)
)
_HEAD = (
    select(_table.seq, _table.sums, _table.prev, _table.hash)
    .where(_table.project == bindparam("project"))
    .order_by(_table.seq.desc())
    .limit(literal_column("1"))
)
_HASH = select(_table.hash).where(_table.project == bindparam("project"), _table.seq == bindparam("at"))
_RECORDS = (
    select(record_table)
    .where(_table.project == bindparam("project"), _table.seq > bindparam("after"))
    .order_by(_table.seq)
    .limit(bindparam("most"))
)
_TAIL = (
    select(record_table)
    .where(_table.project == bindparam("project"))
    .order_by(_table.seq.desc())
    .limit(literal_column("50"))
)
_LAST = (
    select(record_table)
    .where(_table.project == bindparam("project"))
    .order_by(_table.seq.desc())
    .limit(literal_column("1"))
)
_LAST_DRAW = select(func.max(_table.draw)).where(_is_start, _table.key == bindparam("named"))
_OF_ANALYST = (
    select(record_table)
    .where(_is_start, _table.analyst == bindparam("by"))
    .order_by(_table.seq.desc())
    .limit(literal_column("1"))
)
_UNTIL = (
    select(record_table)
    .where(_is_start, _table.time <= bindparam("moment"))
    .order_by(_table.time.desc(), _table.seq.desc())
    .limit(literal_column("1"))
)
_NAMED = select(record_table).where(_is_start, _table.key == bindparam("named")).order_by(_table.draw)
# In no order: SQLite would read all records in theirs, rather than sort the few that an index finds.
_NAMED_ANY = select(record_table).where(_is_start, _table.key.in_([bindparam(f"name{place}") for place in range(3)]))
# Questions are JSON: one that used a public fact names it under this word. What stands for it elsewhere does no harm.
_OF_FACTS = (
    select(_table.entry, _table.key, _table.question)
    .where(_is_start, or_(_table.key == bindparam("named"), _table.question.contains('"public"', autoescape=True)))
    .order_by(_table.entry)
)

_INSERT = insert(record_table)


def entries_query() -> Select[Any]:
    """Return the query for a project's entries, each with its end if it has one."""
    names = ("entry", "time", "analyst", "holder", "token", "question", "main", "delta", "key", "draw")
    both = (_end.c.project == _start.c.project) & (_end.c.entry == _start.c.entry) & (_end.c.state != _RESERVED)
    return (
        select(
            *(_start.c[name] for name in names),
            _end.c.answer,
            _end.c.kind,
            func.coalesce(_end.c.state, _start.c.state).label("state"),
            func.coalesce(_end.c.hash, _start.c.hash).label("hash"),
        )
        .select_from(_start.outerjoin(_end, both))
        .where(_start.c.project == bindparam("project"), _start.c.state == _RESERVED)
    )


_LAST_OF = select(record_table).where(
    _table.project == bindparam("project"), _table.entry == bindparam("number"), _table.state != _RESERVED
)
_answered = case((_end.c.state == literal_column("'committed'"), literal_column("1")), else_=literal_column("0"))


def within() -> ColumnElement[bool]:
    """Return the condition that an entry's number is above `after` and up to `until`."""
    return (_start.c.entry > bindparam("after")) & (_start.c.entry <= bindparam("until"))


_BETWEEN = entries_query().where(within()).order_by(_start.c.entry).limit(bindparam("most"))
_ENTRY = entries_query().where(_start.c.entry == bindparam("number"))
_ENTRIES_NAMED = entries_query().where(_start.c.key == bindparam("named")).order_by(_start.c.entry)
_UNANSWERED = entries_query().where(_end.c.seq.is_(None)).order_by(_start.c.entry)
_ASKED = (
    entries_query()
    .where(_start.c.key.in_([bindparam("named"), bindparam("older")]))
    .order_by(_answered.desc(), _start.c.entry.desc())
    .limit(literal_column("1"))
)
_ALIKE = (
    select(_table.entry, _table.key, _table.question)
    .where(_is_start, _table.key >= bindparam("low"), _table.key < bindparam("high"))
    .order_by(_table.entry.desc())
)
_HOLDS = (
    select(_table.entry)
    .where(
        _is_start,
        _table.question.contains(bindparam("has"), autoescape=False),
        ~_table.question.contains(bindparam("lacks"), autoescape=False),
    )
    .limit(literal_column("1"))
)
_CHARGED_AT = (
    select(_table.entry, _table.time, _table.sums)
    .where(_is_start, _table.entry.in_(bindparam("numbers", expanding=True)))
    .order_by(_table.entry)
)
_COSTS = (
    select(_table.main, _table.delta, func.count().label("times")).where(_is_start).group_by(_table.main, _table.delta)
)
_COSTS_BY = (
    select(_table.analyst, _table.main, _table.delta, func.count().label("times"))
    .where(_is_start, _table.entry <= bindparam("until"))
    .group_by(_table.analyst, _table.main, _table.delta)
    .order_by(func.min(_table.entry))
)
_ENDED_AS = (
    select(_table.entry)
    .where(_table.project == bindparam("project"), _table.state != _RESERVED, _table.state == bindparam("state"))
    .order_by(_table.entry)
    .limit(bindparam("most"))
)


def project_row(connection: Connection, name: str, *, lock: bool = False) -> RowMapping | None:
    """Return a project's row; with `lock`, on a server, locked until the transaction ends, with its time and format."""
    locked = lock and connection.dialect.name != "sqlite"
    return connection.execute(_PROJECT_LOCKED if locked else _PROJECT, {"name": name}).mappings().one_or_none()


def head(connection: Connection, project: int) -> RowMapping | None:
    """Return seq, sums, prev and hash of the last record."""
    return connection.execute(_HEAD, {"project": project}).mappings().one_or_none()


def hash_at(connection: Connection, project: int, seq: int) -> str | None:
    """Return the hash of one record."""
    found: str | None = connection.execute(_HASH, {"project": project, "at": seq}).scalar_one_or_none()
    return found


def records(connection: Connection, project: int, *, after: int = 0, most: int = EVERY) -> Iterator[RowMapping]:
    """Yield at most so many records after number `after`, in the order of the chain, without holding them all."""
    asked = {"project": project, "after": after, "most": most}
    yield from connection.execute(_RECORDS, asked, execution_options={"yield_per": 1000}).mappings()


def tail(connection: Connection, project: int) -> list[RowMapping]:
    """Return the last records, the latest first."""
    return list(connection.execute(_TAIL, {"project": project}).mappings())


def entry_rows(
    connection: Connection, project: int, *, after: int = 0, until: int = EVERY, most: int = EVERY
) -> list[RowMapping]:
    """Return the first `most` entries numbered above `after` and up to `until`, in order."""
    asked = {"project": project, "after": after, "until": until, "most": most}
    return list(connection.execute(_BETWEEN, asked).mappings())


def charged_at(connection: Connection, project: int, numbers: Sequence[int]) -> list[RowMapping]:
    """Return number, time and sums of the entries with these numbers, in order."""
    return list(connection.execute(_CHARGED_AT, {"project": project, "numbers": list(numbers)}).mappings())


def costs(connection: Connection, project: int) -> list[RowMapping]:
    """Return each price that was charged, and how many times."""
    return list(connection.execute(_COSTS, {"project": project}).mappings())


def costs_by(connection: Connection, project: int, until: int) -> list[RowMapping]:
    """Return each price that each analyst was charged up to an entry, and how many times, by their first entries."""
    return list(connection.execute(_COSTS_BY, {"project": project, "until": until}).mappings())


def ended_as(connection: Connection, project: int, state: State, most: int) -> list[int]:
    """Return the numbers of the first `most` entries that ended in a state."""
    return list(connection.execute(_ENDED_AS, {"project": project, "state": state, "most": most}).scalars())


def entry_row(connection: Connection, project: int, number: int) -> RowMapping | None:
    """Return one entry."""
    return connection.execute(_ENTRY, {"project": project, "number": number}).mappings().one_or_none()


def end_row(connection: Connection, project: int, number: int) -> RowMapping | None:
    """Return the record that ended an entry."""
    return connection.execute(_LAST_OF, {"project": project, "number": number}).mappings().one_or_none()


def asked(connection: Connection, project: int, key: str) -> RowMapping | None:
    """Return the entry that answers a question: its latest committed draw, else its latest."""
    named = {"project": project, "named": key, "older": older(key)}
    return connection.execute(_ASKED, named).mappings().one_or_none()


@readable
def asked_alike(connection: Connection, project: int, key: str) -> list[Alike]:
    """Return who asked the same question, of whatever data, the latest first. Its names lie together in the index."""
    if (between := alike(key)) is None:
        return []
    rows = connection.execute(_ALIKE, {"project": project, "low": between[0], "high": between[1]})
    return [Alike(entry, name, json.loads(text)) for entry, name, text in rows]


def holds(connection: Connection, project: int, has: str, lacks: str) -> bool:
    """Return whether the text of some question has the one and lacks the other (neither with % or _)."""
    return connection.execute(_HOLDS, {"project": project, "has": has, "lacks": lacks}).first() is not None


def unanswered(connection: Connection, project: int) -> list[RowMapping]:
    """Return the entries without an end."""
    return list(connection.execute(_UNANSWERED, {"project": project}).mappings())


def named(connection: Connection, project: int, key: str) -> list[RowMapping]:
    """Return the records that begin the entries of this name, in the order of their draws."""
    return list(connection.execute(_NAMED, {"project": project, "named": key}).mappings())


def named_any(connection: Connection, project: int, keys: tuple[str, str, str]) -> list[RowMapping]:
    """Return the records that begin the entries of any of three names, in their order."""
    names = {f"name{place}": key for place, key in enumerate(keys)}
    found = connection.execute(_NAMED_ANY, {"project": project, **names}).mappings()
    return sorted(found, key=lambda record: int(record["seq"]))


def entries_named(connection: Connection, project: int, key: str) -> list[RowMapping]:
    """Return the entries of this name with their ends, in order."""
    return list(connection.execute(_ENTRIES_NAMED, {"project": project, "named": key}).mappings())


def of_facts(connection: Connection, project: int, key: str) -> list[RowMapping]:
    """Return the records that declare public facts, under this name, and of questions that used some; in order."""
    return list(connection.execute(_OF_FACTS, {"project": project, "named": key}).mappings())


def last_draw(connection: Connection, project: int, key: str) -> int:
    """Return how often a question was drawn."""
    return connection.execute(_LAST_DRAW, {"project": project, "named": key}).scalar_one() or 0


def last(connection: Connection, project: int) -> RowMapping | None:
    """Return the last record, whole."""
    return connection.execute(_LAST, {"project": project}).mappings().one_or_none()


def last_of(connection: Connection, project: int, analyst: str) -> RowMapping | None:
    """Return the record of an analyst's last reservation."""
    return connection.execute(_OF_ANALYST, {"project": project, "by": analyst}).mappings().one_or_none()


def last_until(connection: Connection, project: int, time: str) -> RowMapping | None:
    """Return the record of the last reservation up to and including a `time`."""
    return connection.execute(_UNTIL, {"project": project, "moment": time}).mappings().one_or_none()


def add(connection: Connection, record: Mapping[str, Any]) -> None:
    """Add a record."""
    connection.execute(_INSERT, record)


@readable
def loss_of(row: Mapping[Any, Any], zero: PrivacyLoss) -> PrivacyLoss:
    """Return a row's cost."""
    return loss_from((row["main"], row["delta"]), zero)


@readable
def entry_of(row: Mapping[Any, Any], zero: PrivacyLoss, state: State | None = None) -> Entry:
    """Return a row as an entry, in another `state` if that is known better."""
    return Entry(
        seq=row["entry"],
        state=state or row["state"],
        time=row["time"],
        analyst=row["analyst"],
        question=json.loads(row["question"]),
        cost=loss_of(row, zero),
        answer=row["answer"],
        kind=row["kind"],
        draw=row["draw"],
        key=row["key"],
        hash=row["hash"],
        holder=row["holder"],
    )
