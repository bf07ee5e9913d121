"""The queries on a project's records."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, case, func, literal_column, select

from privkit.budget.chain import Sums
from privkit.budget.entry import Entry, State
from privkit.budget.schema import project_table, record_table
from privkit.values.exact import Exact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy.engine import Connection, RowMapping

    from privkit.values.loss import PrivacyLoss

_start = record_table.alias("s")
_end = record_table.alias("e")
# Written out, not bound: an index WHERE state = 'reserved' serves only a query that says so.
_RESERVED: ColumnElement[str] = literal_column("'reserved'")


def project_row(connection: Connection, name: str, *, lock: bool = False) -> RowMapping | None:
    """Return a project's row, locked on PostgreSQL until the transaction ends if `lock`."""
    query = select(project_table).where(project_table.c.name == name)
    return connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()


def head(connection: Connection, project: int) -> RowMapping | None:
    """Return seq, sums and hash of the last record."""
    table = record_table.c
    query = (
        select(table.seq, table.sums, table.hash).where(table.project == project).order_by(table.seq.desc()).limit(1)
    )
    return connection.execute(query).mappings().one_or_none()


def hash_at(connection: Connection, project: int, seq: int) -> str | None:
    """Return the hash of one record."""
    table = record_table.c
    query = select(table.hash).where(table.project == project, table.seq == seq)
    return connection.execute(query).scalar_one_or_none()


def _entries(project: int) -> Select[Any]:
    columns = [_start.c[name] for name in ("entry", "time", "analyst", "holder", "token", "question", "main", "delta")]
    both = (_end.c.project == _start.c.project) & (_end.c.entry == _start.c.entry) & (_end.c.state != _RESERVED)
    return (
        select(
            *columns,
            _start.c.key,
            _start.c.draw,
            _end.c.answer,
            _end.c.kind,
            func.coalesce(_end.c.state, _start.c.state).label("state"),
            func.coalesce(_end.c.hash, _start.c.hash).label("hash"),
        )
        .select_from(_start.outerjoin(_end, both))
        .where(_start.c.project == project, _start.c.state == _RESERVED)
    )


def entry_rows(connection: Connection, project: int, *, after: int = 0) -> list[RowMapping]:
    """Return all entries numbered above `after`, in order."""
    query = _entries(project).where(_start.c.entry > after).order_by(_start.c.entry)
    return list(connection.execute(query).mappings())


def entry_row(connection: Connection, project: int, number: int) -> RowMapping | None:
    """Return one entry."""
    return connection.execute(_entries(project).where(_start.c.entry == number)).mappings().one_or_none()


def asked(connection: Connection, project: int, key: str) -> RowMapping | None:
    """Return the entry that answers a question: its latest committed draw, else its latest."""
    answered = case((_end.c.state == literal_column("'committed'"), 1), else_=0)
    query = _entries(project).where(_start.c.key == key).order_by(answered.desc(), _start.c.draw.desc()).limit(1)
    return connection.execute(query).mappings().one_or_none()


def records(connection: Connection, project: int) -> Iterator[RowMapping]:
    """Yield all records in the order of the chain, without holding them all."""
    query = select(record_table).where(record_table.c.project == project).order_by(record_table.c.seq)
    yield from connection.execution_options(yield_per=1000).execute(query).mappings()


def unanswered(connection: Connection, project: int) -> list[RowMapping]:
    """Return the entries without an end."""
    query = _entries(project).where(_end.c.seq.is_(None)).order_by(_start.c.entry)
    return list(connection.execute(query).mappings())


def last_draw(connection: Connection, project: int, key: str) -> int:
    """Return how often a question was drawn."""
    table = record_table.c
    query = select(func.max(table.draw)).where(table.project == project, table.key == key, table.state == _RESERVED)
    return connection.execute(query).scalar_one() or 0


def charged_to(connection: Connection, project: int, analyst: str, zero: PrivacyLoss) -> PrivacyLoss:
    """Return what an analyst was charged so far."""
    table = record_table.c
    query = (
        select(table.sums)
        .where(table.project == project, table.analyst == analyst, table.state == _RESERVED)
        .order_by(table.seq.desc())
        .limit(1)
    )
    sums = connection.execute(query).scalar_one_or_none()
    return (sums and Sums.from_json(sums, zero).own) or zero


def charged_until(connection: Connection, project: int, time: str, zero: PrivacyLoss) -> PrivacyLoss:
    """Return what was charged in all up to and including a `time`."""
    table = record_table.c
    query = (
        select(table.sums)
        .where(table.project == project, table.time <= time, table.state == _RESERVED)
        .order_by(table.time.desc(), table.seq.desc())
        .limit(1)
    )
    sums = connection.execute(query).scalar_one_or_none()
    return Sums.from_json(sums, zero).spent if sums else zero


def loss_of(row: Mapping[Any, Any], zero: PrivacyLoss) -> PrivacyLoss:
    """Return a row's cost."""
    return zero.replace(Exact(row["main"]), Exact(row["delta"]))


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
    )
