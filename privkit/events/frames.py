"""Recipes on pandas and Polars frames: rows are events, columns their fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from privkit.errors.events import EventsInputError
from privkit.events.merge import Merge
from privkit.events.path import parse_path
from privkit.events.rename import Rename
from privkit.events.result import EventsResult

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from privkit.events.apply import Options
    from privkit.events.recipe import Recipe


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
    from privkit.events.apply import treated

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
    from privkit.events.drop import Keep

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
    from privkit.events.path import FieldPath

    return FieldPath((name,))


def _dropped(recipe: Recipe) -> set[str]:
    from privkit.events.drop import Drop

    paths = [
        parse_path(text) for operation in recipe.operations if isinstance(operation, Drop) for text in operation.paths
    ]
    return {str(path.steps[0]) for path in paths if len(path.steps) == 1}
