"""Events as they come, in lists, files and frames, and as tables.

A flat frame has one row per event, and dotted columns; the fields of events are tables of their values, one for the
events and one for each list.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.errors.events import EventsInputError, MalformedLineError
from privkit.errors.root import type_told
from privkit.events.run.ndjson import opened, reader_of_lines, stripped
from privkit.events.run.plain import Unfit, plain_event
from privkit.events.run.walk import FieldPath
from privkit.values.arguments import typed

if TYPE_CHECKING:
    import pandas as pd


def is_frame(data: Any) -> bool:
    """Whether `data` is a pandas or Polars frame."""
    return library(data) in ("pandas", "polars") and type(data).__name__ == "DataFrame"


def library(data: Any) -> str:
    """Return the library that the type of `data` comes from, or its first base that is a frame."""
    kinds = [kind for kind in type(data).__mro__ if kind.__name__ in ("DataFrame", "LazyFrame")]
    return (kinds[0] if kinds else type(data)).__module__.partition(".")[0]


def rows_of(data: Any) -> Iterator[dict[str, Any]]:
    """Yield the rows of a frame as dicts; missing values are null."""
    if library(data) == "polars":
        yield from data.iter_rows(named=True)
        return
    columns = [[_null(value) for value in data.iloc[:, at].tolist()] for at in range(data.shape[1])]
    names = list(data.columns)
    for values in zip(*columns, strict=True) if columns else [()] * len(data):
        yield dict(zip(names, values, strict=True))


def _null(value: Any) -> Any:
    """Return None for what pandas takes for missing: NaN, NaT, NA are equal to nothing."""
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124


@typed
def flatten(events: Any) -> pd.DataFrame:
    """Return events as a flat pandas frame. Reads rows.

    Objects become dotted columns; a list becomes one column with its JSON text, its elements in the order of that text,
    so that two lists with the same elements are equal. A missing field is null.

    Parameters
    ----------
    events : list of dict, path of an NDJSON file, or frame
        The events.

    Examples
    --------
    >>> flatten([{"to": {"zip": "80"}, "tags": ["b", "a"]}, {"to": {"zip": "81"}, "tags": []}])
      to.zip       tags
    0     80  ["a","b"]
    1     81         []
    """
    import pandas as pd

    rows = [_flat(event) for event in read_events(events)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    branches = {name for name in names if any(other.startswith(f"{name}.") for other in names)}
    columns = {
        name: column_of([row.get(name) for row in rows], pd.RangeIndex(len(rows)))
        for name in names
        if name not in branches or any(row.get(name) is not None for row in rows)
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))


def column_of(values: list[Any], index: pd.Index) -> pd.Series:
    """Return values as a column in which whole numbers keep all their digits, beside gaps and beyond 64 bits.

    Examples
    --------
    >>> import pandas as pd
    >>> three = pd.RangeIndex(3)
    >>> column_of([2**60 + 1, None, 5], three).dtype, column_of([2**64, None, 1], three).tolist()[0] == 2**64
    (Int64Dtype(), True)
    >>> column_of([1.5, None, 2], three).dtype, column_of([1, 2, 3], three).dtype
    (dtype('float64'), dtype('int64'))
    """
    import pandas as pd

    kinds = {type(value) for value in values if value is not None}
    if not kinds or int not in kinds or not kinds <= {int, float}:
        return pd.Series(values, index=index, dtype=None if values else object)
    if kinds == {int} and all(value is None or -(2**63) <= value < 2**63 for value in values):
        return pd.Series(values, index=index, dtype="int64" if None not in values else "Int64")
    exact = all(type(value) is not int or abs(value) <= 2**53 for value in values)
    return pd.Series(values, index=index, dtype="float64" if exact else object)


def _flat(event: dict[str, Any], at: tuple[str, ...] = ()) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, value in event.items():
        if type(value) is dict:
            row |= _flat(value, (*at, name)) or {str(FieldPath((*at, name))): None}
        else:
            row[str(FieldPath((*at, name)))] = _text(value) if type(value) is list else value
    return row


def _text(items: list[Any]) -> str:
    return (
        "["
        + ",".join(sorted(json.dumps(item, sort_keys=True, default=str, separators=(",", ":")) for item in items))
        + "]"
    )


def read_events(events: Any) -> Iterator[dict[str, Any]]:
    """Yield events from a list, a frame or a file, as plain dicts.

    Raises
    ------
    EventsInputError
        If they cannot be read.
    MalformedLineError
        If a line of a file is no event.
    """
    if isinstance(events, str | Path):
        yield from _read_file(Path(events).expanduser())
    elif isinstance(events, list | tuple) or is_frame(events):
        for position, event in enumerate(rows_of(events) if is_frame(events) else events, 1):
            try:
                own = plain_event(event)
            except Unfit:
                own = None
            if own is None:
                raise EventsInputError.output(f"event {position} is no object that can be read.")
            yield own
    else:
        raise EventsInputError.kind(type_told(events))


def _read_file(path: Path) -> Iterator[dict[str, Any]]:
    read = reader_of_lines()
    with opened(path) as lines:
        for number, raw in enumerate(lines, 1):
            line = stripped(raw, number)
            if line:
                try:
                    event, reason = read(line), ""
                except Unfit as unfit:
                    event, reason = {}, str(unfit)
                if reason:
                    raise MalformedLineError.of(number, reason)
                yield event


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
