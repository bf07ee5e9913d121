"""Words sought in entries: the database leaves out what cannot hold them, and what is left is looked at closely.

A word stands in an entry if it stands in how the entry is told: its number, its question in words, its notebook,
analyst, state, time and cost. The database knows the stored columns alone, so it is asked for what a told word must
have left there: each run of ASCII letters and digits in it, in one column or another. What it finds is checked by
whoever knows how entries are told.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, Text, bindparam, cast, func, literal_column, or_

from privkit.budget.query import EVERY, end_part, entries_query, start_part, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection, RowMapping

#: Letters whose lower case begins with an ASCII letter: no word finds them, since the database folds ASCII alone.
_STRANGE = str.maketrans({"\u0130": "\ufffd", "\u212a": "\ufffd"})
#: What stands in a told entry without being stored.
_TOLD = ("of", "and", "by", "where", "keys", "release")
_RUN = re.compile(r"[a-z0-9]+")


def folded(text: str) -> str:
    """Return text as it is compared: without regard to case.

    Examples
    --------
    >>> folded("Mean of ÄGE")
    'mean of äge'
    """
    return text.translate(_STRANGE).lower()


def runs(words: Sequence[str]) -> tuple[str, ...]:
    """Return what an entry in which all these folded words stand must hold in its columns.

    Examples
    --------
    >>> runs(["zip,", "(age", "mean", "of", "(2", "größe"])
    ('zip', 'age', 'mean', 'gr')
    """
    found = dict.fromkeys(run for word in words for run in _RUN.findall(word) if not _unstored(word, run))
    return tuple(found)


def _unstored(word: str, run: str) -> bool:
    """Return whether a run may be told without being stored: a word that privkit adds, or a number of keys."""
    return any(run in told for told in _TOLD) or re.fullmatch(r"\(?[0-9]+", word) is not None


def found_rows(
    connection: Connection, project: int, sought: Sequence[str], *, after: int, until: int = EVERY, most: int = EVERY
) -> list[RowMapping]:
    """Return the last `most` entries numbered above `after` and up to `until` that may hold what is sought, backwards.

    Parameters
    ----------
    sought : sequence of str
        Of :func:`runs`.
    """
    asked: dict[str, Any] = {"project": project, "after": after, "until": until, "most": most}
    asked |= {f"run{place}": f"%{run}%" for place, run in enumerate(sought)}
    return list(connection.execute(_query(len(sought), connection.dialect.name), asked).mappings())


def _query(count: int, dialect: str) -> Select[Any]:
    tests = [_holds(bindparam(f"run{place}", type_=Text), dialect) for place in range(count)]
    return entries_query().where(within(), *tests).order_by(start_part.c.entry.desc()).limit(bindparam("most"))


def _holds(run: ColumnElement[str], dialect: str) -> ColumnElement[bool]:
    """Return whether a run stands in a column, in ASCII letters of either case."""

    def like(column: ColumnElement[Any]) -> ColumnElement[bool]:
        if dialect == "sqlite":
            return column.op("LIKE", is_comparison=True)(run)
        return column.collate("C").op("ILIKE", is_comparison=True)(run)

    start = start_part.c
    told = literal_column("'#'").concat(cast(start.entry, Text))
    # A fraction may be told as a decimal; an unanswered entry as reserved or as orphaned.
    fraction = start.main.like("%/%") | start.delta.like("%/%")
    state = func.coalesce(end_part.c.state, literal_column("'reserved'"))
    columns = (start.question, start.analyst, start.time, told, start.main, start.delta, state)
    return or_(*map(like, columns), fraction, end_part.c.seq.is_(None))
