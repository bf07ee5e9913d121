"""Events as they come, in lists, files and frames, and as a flat frame: one row per event, dotted columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
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
