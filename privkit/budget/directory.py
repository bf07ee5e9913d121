"""Which projects a ledger holds, by the names that people call them by.

A ledger only grows, so the row of a project that was removed stays, and with it its name in the table. One that is
begun anew under that name is recorded with a number behind it, on a line of its own, which no name has that a person
gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, exists, literal_column, select

from privkit.budget.names import called, known_as
from privkit.budget.notes import NAMES, REMOVED
from privkit.budget.store import query
from privkit.budget.store.schema import project_table, record_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection, RowMapping

_record, _project = record_table.c, project_table.c
_IS_REMOVED = exists().where(
    _record.project == _project.id,
    _record.key == bindparam("named"),
    _record.state == literal_column("'reserved'"),  # written out: an index serves only a query that says so
)
_ALL = select(_project.uid, _project.name, _IS_REMOVED.label("removed")).order_by(_project.id)


@dataclass(frozen=True, slots=True)
class Directory:
    """The projects of a ledger.

    Attributes
    ----------
    standing, removed : Mapping
        From a name to the one that is recorded: of the projects that are there, and of those that were removed, the
        last of each name.
    recorded : tuple of str
        All recorded names.
    uids : frozenset of str
        What tells all of them apart.
    """

    standing: Mapping[str, str]
    removed: Mapping[str, str]
    recorded: tuple[str, ...]
    uids: frozenset[str]

    @classmethod
    def of(cls, connection: Connection) -> Directory:
        """Read it: one look-up."""
        rows = list(connection.execute(_ALL, {"named": NAMES[REMOVED]}).mappings())
        standing = {called(row["name"]): row["name"] for row in rows if not row["removed"]}
        removed = {called(row["name"]): row["name"] for row in rows if row["removed"]}
        return cls(standing, removed, tuple(row["name"] for row in rows), frozenset(row["uid"] for row in rows))

    def row(self, connection: Connection, name: str) -> RowMapping | None:
        """Return the row of the project that a name means, however its letters are composed; None if there is none."""
        known = known_as(name, list(self.standing))
        return None if known is None else query.project_row(connection, self.standing[known])

    def gone(self, connection: Connection, name: str) -> RowMapping | None:
        """Return the row of the removed project that a name meant last; None where there is none, or another stands."""
        known = known_as(name, list(self.removed))
        if known is None or known_as(name, list(self.standing)) is not None:
            return None
        return query.project_row(connection, self.removed[known])

    def free(self, name: str) -> str:
        r"""Return under what a new project of this name is recorded.

        Examples
        --------
        >>> Directory({}, {"churn": "churn"}, ("churn",), frozenset()).free("churn")
        'churn\n2'
        """
        used = sum(called(recorded) == name for recorded in self.recorded)
        return f"{name}\n{used + 1}" if used else name
