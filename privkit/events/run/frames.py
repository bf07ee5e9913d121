"""Recipes on pandas and Polars frames: rows are events, columns their fields.

Events as a flat frame: one row per event, dotted columns.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.errors.events import EventsInputError, MalformedLineError
from privkit.events.operations.merge import Merge
from privkit.events.operations.rename import Rename
from privkit.events.run.ndjson import opened, reader_of_lines, stripped
from privkit.events.run.plain import Unfit, plain_event
from privkit.events.run.result import EventsResult
from privkit.events.run.walk import FieldPath, parse_path
from privkit.values.arguments import typed

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from privkit.events.recipes.recipe import Recipe
    from privkit.events.run.apply import Options


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


def apply_to_frame(recipe: Recipe, data: Any, options: Options) -> EventsResult:
    """Carry a recipe out on a frame.

    Columns that no rule changes keep their dtype, and rows their index, unless events are merged.

    Raises
    ------
    EventsInputError
        If columns have doubled names, or names that are not text.
    """
    from privkit.events.run.apply import treated

    names = list(data.columns)
    if len(set(names)) < len(names) or any(not isinstance(name, str) for name in names):
        raise EventsInputError.output("the columns of a frame must have names that are text, each once.")
    engine = options.engine(recipe)
    rows, events = [], []
    for position, event in treated(engine, rows_of(data)):
        rows.append(position)
        events.append(event)
    build = _polars if library(data) == "polars" else _pandas
    return EventsResult(recipe, build(recipe, data, rows, events), engine.account, data, options.subject)


def _pandas(recipe: Recipe, data: pd.DataFrame, rows: list[int], events: list[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    merged = any(isinstance(operation, Merge) for operation in recipe.operations)
    taken = None if merged else data.iloc[rows]
    index = pd.RangeIndex(len(events)) if taken is None else taken.index
    untouched = set() if merged else _untouched(recipe)
    columns = {}
    for name in _names(recipe, list(data.columns), events):
        if taken is not None and name in untouched and name in data.columns:
            columns[name] = taken[name]
            continue
        values = [event.get(name) for event in events]
        column = pd.Series(values, index=index, dtype=None if values else object)
        columns[name] = _as_before(column, data[name]) if name in data.columns else column
    return pd.DataFrame(columns, index=index)


def _as_before(column: pd.Series, before: pd.Series) -> pd.Series:
    """Return a changed column in the dtype it had, where its values still have that kind."""
    if before.dtype in (column.dtype, object):
        return column
    try:
        same = column.astype(before.dtype)
    except (TypeError, ValueError):
        return column
    kept = [left == right for left, right in zip(same.dropna().tolist(), column.dropna().tolist(), strict=False)]
    return same if len(same.dropna()) == len(column.dropna()) and all(kept) else column


def _polars(recipe: Recipe, data: pl.DataFrame, rows: list[int], events: list[dict[str, Any]]) -> pl.DataFrame:
    import polars as pl

    merged = any(isinstance(operation, Merge) for operation in recipe.operations)
    untouched = set() if merged else _untouched(recipe)
    columns = []
    for name in _names(recipe, data.columns, events):
        if name in untouched and name in data.columns:
            columns.append(data[name].gather(rows))
            continue
        values = [event.get(name) for event in events]
        same = data.schema.get(name) if all(value is None for value in values) else None
        columns.append(pl.Series(name, values, dtype=same, strict=False))
    return pl.DataFrame(columns)


def _untouched(recipe: Recipe) -> set[str]:
    """Return the columns that a keep rule covers whole, and no other rule names."""
    from privkit.events.operations.drop import Keep

    kept: set[str | None] = set()
    changed: set[str | None] = set()
    for operation in recipe.operations:
        for path in operation.parsed() if operation.targets() else []:
            whole = isinstance(operation, Keep) and len(path.steps) == 1
            (kept if whole else changed).add(path.steps[0])
        if isinstance(operation, Rename) and operation.to is not None:
            changed.add(operation.to)
    return {str(name) for name in kept - changed}


def _names(recipe: Recipe, before: Sequence[str], events: list[dict[str, Any]]) -> list[str]:
    """Return the columns of the result: those of the input where they were, under their new names, then new ones."""
    there = dict.fromkeys(name for event in events for name in event)
    after = [str(recipe.trace.output(parse_path_of(name)).steps[0]) for name in before]
    gone = _dropped(recipe)
    if not events:
        return [name for name in dict.fromkeys(after) if name not in gone]
    return list(dict.fromkeys([*(name for name in after if name in there), *there]))


def parse_path_of(name: str) -> Any:
    """Return the path of one column, whatever its name holds."""
    from privkit.events.run.walk import FieldPath

    return FieldPath((name,))


def _dropped(recipe: Recipe) -> set[str]:
    from privkit.events.operations.drop import Drop

    paths = [
        parse_path(text) for operation in recipe.operations if isinstance(operation, Drop) for text in operation.paths
    ]
    return {str(path.steps[0]) for path in paths if len(path.steps) == 1}


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
        name: pd.Series([row.get(name) for row in rows], dtype=None if rows else object)
        for name in names
        if name not in branches or any(row.get(name) is not None for row in rows)
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))


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
        raise EventsInputError.kind(f"a {type(events).__name__}")


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
