"""Where the rows of a transformation lie, and how new ones come of them: here, in an engine, or known by their classes.

A search looks at classes alone. Rows that lie here are encoded and recoded here: ordered categories where a column has
one level, categories where levels vary by row. Those of an engine stay there: their classes are fetched, and the new
frame is a plan of the engine, not run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from privkit.errors import FrameError
from privkit.tally.cells.calendar import A_DAY, FIRST, LAST
from privkit.tally.cells.cells import DATE, INSTANT
from privkit.tally.cells.showing import series_of
from privkit.tally.classes import refuse_nested
from privkit.tally.frame import engine_of
from privkit.tally.selection import without_traces
from privkit.transform.as_pandas import is_lazy, native, pandas_frame
from privkit.transform.hierarchies.ladder import STAR, text

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Cells
    from privkit.tally.engines.lazy import LazyEngine
    from privkit.transform.hierarchies.ladder import Ladder
    from privkit.transform.search.coding import Coding

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]


class Source(Protocol):
    """Rows to transform."""

    @property
    def frame(self) -> pd.DataFrame:
        """What is encoded: rows, or classes."""

    @property
    def rows(self) -> Ints | None:
        """How many rows each of `frame` stands for; None for one each."""

    @property
    def n_rows(self) -> int:
        """How many rows there are."""

    def handed(self, coding: Coding, levels: Ints, gone: Mask) -> tuple[Any, Mask | None]:
        """Return the new frame, and which rows are in it where rows are known.

        `levels` has one column for all rows, or one per combination; `gone` tells the combinations that are suppressed,
        and is empty where none is asked for. Where `levels` has one column, `gone` takes or leaves whole classes.
        """


@dataclass(frozen=True, eq=False)
class Here:
    """Rows in memory.

    Attributes
    ----------
    frame : pandas.DataFrame
    like : dataframe
        What was given, in whose engine the new frame is.
    """

    frame: pd.DataFrame
    like: object
    rows: None = None

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return len(self.frame)

    def handed(self, coding: Coding, levels: Ints, gone: Mask) -> tuple[Any, Mask | None]:
        """Return the rows that are kept, recoded, in their order."""
        kept = ~gone[coding.row_combo] if len(gone) else np.ones(coding.n_rows, dtype=bool)
        return native(recoded(self.frame, coding, levels, kept), self.like), kept


@dataclass(frozen=True, eq=False)
class InEngine:
    """Rows of a lazy frame, of which the classes were fetched.

    Attributes
    ----------
    engine : LazyEngine
    frame : pandas.DataFrame
        The classes.
    rows : array of int64
        How many rows each has.
    came : pyarrow.Table
        The classes as the engine sent them.
    """

    engine: LazyEngine
    frame: pd.DataFrame
    rows: Ints
    came: pa.Table

    @classmethod
    def of(cls, data: object, columns: Sequence[str]) -> InEngine:
        """Fetch the classes by some columns: one group-by in the engine.

        Raises
        ------
        FrameError, EngineError
        """
        import pandas as pd

        from privkit.tally.engines.lazy import LazyEngine

        engine = LazyEngine.of(data)
        table, came = engine.plain_classes(columns)
        frame = pd.DataFrame({name: _column(table[name]) for name in columns})
        rows = np.asarray(came.column(came.num_columns - 1).to_numpy(), dtype=np.int64)
        return cls(engine, frame, rows, came)

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return int(self.rows.sum())

    def handed(self, coding: Coding, levels: Ints, gone: Mask) -> tuple[Any, Mask | None]:
        """Return a plan of the engine: joins with the columns' codes, and with the classes that are kept."""
        from privkit.tally.engines.lazy_columns import Kept, Mapped
        from privkit.tally.engines.lazy_columns import recoded as recoded_there

        kept = np.flatnonzero(~gone) if len(gone) else np.arange(len(coding.counts))
        if levels.shape[1] == 1:
            mapped = [self._grouped(coding, place, int(levels[place, 0])) for place in range(len(coding.ladders))]
            codes = np.array([_codes(coding, place, int(levels[place, 0])) for place in range(len(mapped))])
            return recoded_there(self.engine, self.came, mapped, Kept(np.unique(codes.T[kept], axis=0))), None
        values = zip(coding.columns, coding.combos, strict=True)
        mapped = [Mapped(name, codes[coding.row_combo]) for name, codes in values]
        labels = {
            ladder.column: found
            for place, ladder in enumerate(coding.ladders)
            if (found := _labels_by_combo(coding, place, levels[place], kept)) is not None
        }
        return recoded_there(self.engine, self.came, mapped, Kept(coding.combos.T[kept], labels)), None

    def generalized(self, coding: Coding, levels: Sequence[int]) -> Any:
        """Return a plan of the engine in which columns above level 0 have their labels, and every row stays."""
        from privkit.tally.engines.lazy_columns import recoded as recoded_there

        mapped = [self._grouped(coding, place, level) for place, level in enumerate(levels) if level]
        return recoded_there(self.engine, self.came, mapped)

    def _grouped(self, coding: Coding, place: int, level: int) -> Any:
        from privkit.tally.engines.lazy_columns import Mapped

        ladder = coding.ladders[place]
        labels = _alike(ladder.levels[level].labels) if level else None
        return Mapped(ladder.column, _codes(coding, place, level)[coding.row_combo], labels)


@dataclass(frozen=True, eq=False)
class Known:
    """Classes without their rows: enough for a search, not for a new frame."""

    frame: pd.DataFrame
    rows: Ints

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return int(self.rows.sum())

    def handed(self, coding: Coding, levels: Ints, gone: Mask) -> tuple[Any, Mask | None]:
        """Refuse: there are no rows.

        Raises
        ------
        FrameError
        """
        hint = "Take the lattice of the table itself: df.privacy.lattice(...).apply({...})."
        raise FrameError.rows_elsewhere("apply()", hint)


def source_of(data: object, columns: Sequence[str]) -> Source:
    """Return where the rows of a frame lie; those of an engine are counted by the classes of `columns`.

    Raises
    ------
    FrameError, EngineError
    """
    if isinstance(data, Known):
        return data
    import pandas as pd

    if is_lazy(data):
        return InEngine.of(data, columns)
    if not isinstance(data, pd.DataFrame):  # lists would be objects of pandas, each its own value
        refuse_nested(engine_of(data, columns, "columns").schema, columns)
    return Here(pandas_frame(data), data)


def _codes(coding: Coding, place: int, level: int) -> Ints:
    """Return the group of each combination at a level."""
    return coding.ladders[place].levels[level].codes[coding.combos[place]]


def _labels_by_combo(coding: Coding, place: int, levels: Ints, kept: Ints) -> list[Any] | None:
    """Return what each kept combination is called, as `recoded` does for rows; None for untouched columns."""
    ladder = coding.ladders[place]
    if (levels == levels[:1]).all():
        level = int(levels[0]) if len(levels) else 0
        if level == 0:
            return None
        names, groups = _alike(ladder.levels[level].labels), _codes(coding, place, level)
    else:
        names, groups = mixed_labels(ladder), ladder.groups(levels, coding.combos[place])
    return [names[group] for group in groups[kept]]


def _alike(labels: Sequence[Any]) -> list[Any]:
    """Return labels of one type: whole numbers, floats, or else texts."""
    plain = [label.item() if isinstance(label, np.generic) else label for label in labels]
    kinds = {type(label) for label in plain if label is not None}
    if len(kinds) < 2 and kinds <= {int, float}:
        return plain
    return [None if label is None else text(label) for label in plain]


def _column(cells: Cells) -> pd.Series:
    """Return the cells of classes as pandas has such columns, dates as points in time; different cells stay different.

    Where some lie outside the years that Python has, like the infinite ones of SQL, those are dates of NumPy, one by
    one; with a time zone, whose rules are not known there, dates in UTC.
    """
    import pandas as pd

    if cells.kind.name not in (DATE, INSTANT):
        return series_of(cells)
    unit = cells.kind.unit if cells.kind.name == INSTANT else "D"
    missing, counts = cells.is_missing(), np.asarray(cells.of_values_alone().values, dtype=np.int64)
    days = counts // A_DAY[unit]
    far = ~missing & ((days <= FIRST) | (days >= LAST))  # of Python's days; a zone may shift them
    if far.any():
        found = np.full(len(counts), None, dtype=object)
        for place in np.flatnonzero(~missing):  # one by one: NumPy would make dates of Python of some of them
            found[place] = counts[place].astype(f"M8[{unit}]")
        if cells.kind.zone:
            near = np.flatnonzero(~missing & ~far)
            for place, moment in zip(near, series_of(cells.at(near)), strict=True):
                found[place] = moment
        return pd.Series(found, dtype=object)
    if cells.kind.name == INSTANT:
        return series_of(cells)
    return pd.Series(np.where(missing, np.iinfo(np.int64).min, counts).astype("M8[D]").astype("M8[s]"))


def recoded(frame: pd.DataFrame, coding: Coding, levels: Ints, kept: NDArray[np.bool_]) -> pd.DataFrame:
    """Return `frame` with its quasi-identifiers generalized, without the rows that are not `kept`.

    Parameters
    ----------
    levels : array of int64, shape (n_columns, 1) or (n_columns, n_combos)
        The level of each column, for all rows or by combination.
    kept : array of bool, shape (n_rows,)
        Rows that stay.
    """
    rows = coding.row_combo[kept]
    answer = frame.loc[kept].copy() if not kept.all() else frame.copy()
    for place, ladder in enumerate(coding.ladders):
        chosen = levels[place]
        values = coding.combos[place]
        if (chosen == chosen[:1]).all():
            level = int(chosen[0]) if len(chosen) else 0
            if level == 0:
                continue
            answer[ladder.column] = ladder.categories(level, values[rows], answer.index)
        else:
            answer[ladder.column] = _many_levels(ladder, chosen, values, rows, answer.index)
    return without_traces(answer)


def _many_levels(ladder: Ladder, levels: Ints, values: Ints, rows: Ints, index: pd.Index) -> pd.Series:
    import pandas as pd

    group = ladder.groups(levels, values)[rows]
    names = mixed_labels(ladder)
    used = np.flatnonzero(np.bincount(group, minlength=len(names)))
    labels = list(dict.fromkeys(names[code] for code in used if names[code] is not None))
    place = {label: number for number, label in enumerate(labels)}
    lookup = np.full(len(names), -1, dtype=np.int64)
    for code in used:
        lookup[code] = place.get(names[code], -1)
    return pd.Series(pd.Categorical.from_codes(lookup[group], categories=pd.Index(labels, dtype=object)), index=index)


def starred(frame: pd.DataFrame, columns: Sequence[str], suppressed: NDArray[np.bool_]) -> pd.DataFrame:
    """Return `frame` with ``*`` in the named columns of the suppressed rows."""
    import pandas as pd

    answer = frame.copy()
    for column in columns:
        cells = answer[column]
        if isinstance(cells.dtype, pd.CategoricalDtype):
            if STAR not in cells.cat.categories:
                cells = cells.cat.add_categories([STAR])
        else:
            cells = cells.astype(object)
        answer[column] = cells.mask(suppressed, STAR)
    return answer


def mixed_labels(ladder: Ladder) -> list[Any]:
    """Return the labels of all groups of all levels as text; one text never stands for two different groups."""
    names: list[Any] = []
    meaning: dict[str, frozenset[int]] = {}
    level_of: dict[str, int] = {}
    for number, step in enumerate(ladder.levels):
        for code, label in enumerate(step.labels):
            if label is None:
                names.append(None)
                continue
            leaves = frozenset(np.flatnonzero(step.codes == code).tolist())
            name = text(label)
            if meaning.setdefault(name, leaves) != leaves:
                # Of one level are values that are written alike: 1 and the text "1".
                alike = level_of[name] == number
                name = f"{name} ({_type_word(label) if alike else f'level {number}'})"
                while meaning.setdefault(name, leaves) != leaves:
                    name += f" ({number})"
            level_of.setdefault(name, number)
            names.append(name)
    return names


def _type_word(label: object) -> str:
    """Return what a value is, in a word.

    Examples
    --------
    >>> _type_word("1"), _type_word(1), _type_word(1.5)
    ('text', 'number', 'number')
    """
    if isinstance(label, str):
        return "text"
    number = isinstance(label, Real | Decimal) and not isinstance(label, bool | np.bool_)
    return "number" if number else type(label).__name__
