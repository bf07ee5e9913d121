"""Names of questions that earlier versions gave, in ledgers that they wrote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, literal_column, select

from privkit.budget import query
from privkit.budget.canonical import canonical
from privkit.budget.connections import lets_go
from privkit.budget.schema import record_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

    from privkit.budget.book import Book

_table = record_table.c
_is_start: ColumnElement[bool] = (_table.project == bindparam("project")) & (
    _table.state == literal_column("'reserved'")
)
#: Names of the first form are digits in hexadecimal; later ones begin with "v" (`privkit.budget.keys.FORM`).
_FIRST = _is_start & (_table.key < literal_column("'g'"))
_ANY = select(_table.entry).where(_FIRST).limit(literal_column("1"))
_QUESTIONS = select(_table.entry, _table.question).where(_FIRST).order_by(_table.seq.desc())


class FirstForm:
    """What a project was asked under names of the first form."""

    def __init__(self, book: Book) -> None:
        self._book = book

    @classmethod
    def of(cls, book: Book, connection: Connection) -> FirstForm | None:
        """Return it; None where the project has no such name. One look-up."""
        return None if connection.execute(_ANY, {"project": book.id}).first() is None else cls(book)

    @lets_go
    def entry(self, key: str | None) -> int | None:
        """Return the entry that has this name, whether it was answered or not; None if there is none."""
        if key is None:
            return None
        with self._book.store.reading() as connection:
            row = query.asked(connection, self._book.id, key)
            return None if row is None else int(row["entry"])

    @lets_go
    def alike(self, question: Mapping[str, Any], *, but: frozenset[str] = frozenset()) -> int | None:
        """Return the last entry that asked the same question, of whatever data; None if there is none.

        What stands under the names in `but` may differ.
        """
        asked = _without(json.loads(canonical(question)), but)
        with self._book.store.reading() as connection:
            rows = connection.execute(_QUESTIONS, {"project": self._book.id}, execution_options={"yield_per": 500})
            for entry, text in rows:
                told = json.loads(text)
                told.pop("notebook", None)
                if _without(told, but) == asked:
                    return int(entry)
        return None


def _without(part: Any, names: frozenset[str]) -> Any:
    """Return a JSON value without what stands under some names, at any depth."""
    if isinstance(part, dict):
        return {name: _without(value, names) for name, value in part.items() if name not in names}
    return [_without(value, names) for value in part] if isinstance(part, list) else part
