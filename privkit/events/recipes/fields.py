"""The fields that events have: their paths, and their values as tables, one for the events and one for each list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from privkit.events.run.flatten import column_of
from privkit.events.run.walk import FieldPath

if TYPE_CHECKING:
    import pandas as pd

#: Rows of a table whose values are kept; names are looked at in all events.
_MOST_ROWS = 100_000
#: More names than this below one field, each in few of its values, are data and no schema.
_MANY_NAMES, _SELDOM = 20, 0.2

_Steps = tuple[str | None, ...]


@dataclass
class Fields:
    """What fields some events have.

    Attributes
    ----------
    n_events : int
    kinds : dict of path to set of {"value", "branch", "list"}
        What stands at each path, null left out.
    times : dict of path to int
        How often a branch is there.
    tables : dict of path to list of dict
        Of the events, at the path ``()``, and of the elements of each list: a row for each of the first of them.
    """

    n_events: int = 0
    kinds: dict[_Steps, set[str]] = field(default_factory=dict)
    times: dict[_Steps, int] = field(default_factory=dict)
    tables: dict[_Steps, list[dict[_Steps, Any]]] = field(default_factory=lambda: {(): []})

    @classmethod
    def of(cls, events: Iterable[dict[str, Any]]) -> Fields:
        """Return the fields of plain events. Reads rows."""
        found = cls()
        for event in events:
            found.n_events += 1
            found._branch(event, (), found._row(()))
        return found

    def _row(self, head: _Steps) -> dict[_Steps, Any]:
        row: dict[_Steps, Any] = {}
        rows = self.tables.setdefault(head, [])
        if len(rows) < _MOST_ROWS:
            rows.append(row)
        return row

    def _branch(self, node: dict[str, Any], at: _Steps, row: dict[_Steps, Any]) -> None:
        self.times[at] = self.times.get(at, 0) + 1
        for name, value in node.items():
            self._take(value, (*at, name), row)

    def _take(self, value: Any, at: _Steps, row: dict[_Steps, Any]) -> None:
        kinds = self.kinds.setdefault(at, set())
        if value is None:
            return
        if type(value) is dict:
            kinds.add("branch")
            self._branch(value, at, row)
        elif type(value) is list:
            kinds.add("list")
            for item in value:
                self._take(item, (*at, None), self._row((*at, None)))
        else:
            kinds.add("value")
            row[at] = value

    def whole(self) -> dict[_Steps, str]:
        """Return the paths that can be treated only with all that is inside, and why."""
        below: dict[_Steps, int] = {}
        held: dict[_Steps, int] = {}
        for path in self.kinds:
            below[path[:-1]] = below.get(path[:-1], 0) + 1
        for rows in self.tables.values():
            for row in rows:
                for path in {one[: end + 1] for one in row for end in range(len(one))}:
                    held[path] = held.get(path, 0) + 1
        reasons = {}
        for path, kinds in self.kinds.items():
            if len(kinds) > 1:
                reasons[path] = "holds values of several kinds, objects or lists among them"
            elif below.get(path, 0) > _MANY_NAMES and "branch" in kinds:
                there = sum(held.get(one, 0) for one in self.kinds if one[:-1] == path)
                there_at_all = min(self.times[path], _MOST_ROWS)
                if there < _SELDOM * below[path] * there_at_all:
                    reasons[path] = f"has {below[path]:,} names below it, which look like data"
            elif not below.get(path) and kinds and "value" not in kinds:
                reasons[path] = "is always empty"
            elif (*path, "") in self.kinds:
                reasons[path] = "has a field below it without a name"
        return reasons

    def leaves(self) -> list[_Steps]:
        """Return the paths that hold values or nothing, and those that are treated whole; each but once."""
        whole = self.whole()
        inside = [path for path in self.kinds if not any(path[:end] in whole for end in range(1, len(path)))]
        return [path for path in inside if path in whole or not self.kinds[path] - {"value"}]

    def frames(self, leaves: Iterable[_Steps]) -> dict[_Steps, pd.DataFrame]:
        """Return the values of some leaves as a table for each list, and for the events themselves."""
        import pandas as pd

        of_table: dict[_Steps, list[_Steps]] = {}
        for path in leaves:
            of_table.setdefault(FieldPath(path).head(path.count(None)), []).append(path)
        made = {}
        for head, paths in of_table.items():
            rows = self.tables.get(head, [])
            index = pd.RangeIndex(len(rows))
            columns = {str(FieldPath(path)): column_of([row.get(path) for row in rows], index) for path in paths}
            made[head] = pd.DataFrame(columns, index=index)
        return made
