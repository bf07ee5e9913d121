"""Rows as codes: which equivalence class each row is in, and each class's code in every column.

What something cost the rows of each group, and how much each column adds to the sample uniques that others make.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import combinations as pairs_among
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import FrameError, PrivkitError
from privkit.tally.cells.cells import OTHER
from privkit.tally.cells.coding import coded, first_rows
from privkit.tally.cells.columns import without_views
from privkit.tally.cells.showing import series_of
from privkit.tally.classes import refuse_nested
from privkit.tally.codes import beyond_chance, column_codes, factorized, packed
from privkit.tally.frame import column_names, engine_of, lazy_engine, open_frame

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.engines.lazy import LazyEngine


@dataclass(frozen=True, eq=False)
class RowClasses:
    """The equivalence classes of a frame as codes, and each row's class.

    Attributes
    ----------
    by : tuple of str
        The columns.
    codes : array of int64, shape (n_columns, n_classes)
        Each class's code in each column, from 0; missing is a code of its own.
    sizes : array of int64, shape (n_classes,)
        Rows of each class.
    index : pandas.Index
        The labels of the rows; where rows lie in an engine, the values of the classes.
    """

    by: tuple[str, ...]
    codes: NDArray[np.int64]
    sizes: NDArray[np.int64]
    index: pd.Index
    _class_of: NDArray[np.int64] | None

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return int(self.sizes.sum())

    @property
    def class_of(self) -> NDArray[np.int64]:
        """The class of each row, in the order of the rows; shape (n_rows,).

        Raises
        ------
        FrameError
            Where rows lie in an engine.
        """
        if self._class_of is None:
            raise FrameError.rows_elsewhere("class_of", "Take the classes.")
        return self._class_of

    def spread(self, of_classes: NDArray[Any], name: str) -> pd.Series:
        """Return what each row has of its class, by the rows' labels; of each class, where rows lie in an engine."""
        import pandas as pd

        values = of_classes if self._class_of is None else of_classes[self._class_of]
        return pd.Series(values, index=self.index, name=name)


def row_classes(data: object, by: str | Sequence[str], *, argument: str = "by") -> RowClasses:
    """Return the classes as codes, and the class of each row, where rows are here.

    Missing is a value of its own, as in `class_sizes`. Of a lazy frame the classes alone are fetched. Reads rows;
    exact; spends nothing.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> found = row_classes(pd.DataFrame({"zip": ["a", "b", "a"], "age": [1, 1, 1]}), ["zip", "age"])
    >>> found.class_of.tolist(), found.sizes.tolist(), found.codes.tolist()
    ([0, 1, 0], [2, 1], [[0, 1], [0, 0]])
    """
    import pandas as pd

    columns = column_names(by, argument)
    if (engine := lazy_engine(data, columns, argument)) is not None:
        return _classes_there(engine, columns)
    table = chosen_columns(data, columns, argument)
    codes = [codes_of(table[name])[0] for name in columns]
    class_of, distinct = pd.factorize(packed(codes)[0])
    first = first_rows(class_of, len(distinct))
    sizes = np.bincount(class_of, minlength=len(distinct))
    at_first = np.array([column[first] for column in codes], dtype=np.int64).reshape(len(columns), len(distinct))
    return RowClasses(columns, at_first, sizes, table.index, class_of.astype(np.int64))


def _classes_there(engine: LazyEngine, columns: tuple[str, ...]) -> RowClasses:
    import pandas as pd

    refuse_nested(engine.schema, columns)
    table, sizes = engine.classes(columns)
    values = pd.DataFrame({name: series_of(table[name]) for name in columns})
    found = [coded(table[name]) for name in columns]
    codes = np.array([np.where(own < 0, len(distinct), own) for own, distinct in found], dtype=np.int64)
    index = pd.MultiIndex.from_frame(values) if len(columns) > 1 else pd.Index(values[columns[0]])
    return RowClasses(columns, codes.reshape(len(columns), len(sizes)), sizes, index, None)


def codes_of(column: pd.Series) -> tuple[NDArray[np.int64], int]:
    """Return each row's code and how many values are not missing; missing is the code after theirs.

    Raises
    ------
    FrameError
        If the values cannot be compared.
    """
    codes, values = factorized(column)
    return np.where(codes < 0, len(values), codes).astype(np.int64, copy=False), len(values)


def chosen_columns(data: object, columns: Sequence[str], argument: str) -> pd.DataFrame:
    """Return some columns as a pandas frame; a pandas frame's own columns are not copied."""
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        open_frame(data, columns, argument)
        return without_views(data[list(columns)])
    engine = engine_of(data, columns, argument)
    refuse_nested(engine.schema, columns)
    table = engine.collect(columns)
    return pd.DataFrame({name: series_of(table[name]) for name in columns})


def groups_of(frame: pd.DataFrame, names: Sequence[str]) -> tuple[pd.Index, NDArray[np.int64]]:
    """Return the groups by some columns, and each row's place among them. Missing values are a group."""
    import pandas as pd

    coded = {name: column_codes(frame[name].reset_index(drop=True)) for name in names}
    keys, place = np.unique(np.stack([codes for codes, _ in coded.values()], axis=1), axis=0, return_inverse=True)
    levels = [values.take(keys[:, at]) for at, (_, values) in enumerate(coded.values())]
    named = levels[0].rename(names[0]) if len(names) == 1 else pd.MultiIndex.from_arrays(levels, names=tuple(names))
    return named, place.reshape(-1)


def by_group(frame: pd.DataFrame, columns: object, figures: dict[str, NDArray[np.float64]]) -> pd.DataFrame:
    """Return how many rows each group has, and the mean of each figure over them.

    What is kept of everybody may be lost of a few: a recoding judged by its mean may leave out mostly those who are
    few, and noise of one size weighs more on small numbers (NIST SP 800-226 on systemic and statistical bias). Exact
    figures of the rows, for the owner's eyes.

    Parameters
    ----------
    frame : pandas.DataFrame
        The rows as they were.
    columns : str or sequence of str
        Groups by their values.
    figures : dict of str to array of float64, shape (n_rows,)

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, ParameterError
    """
    import pandas as pd

    names = column_names(columns, "columns")
    open_frame(frame, names, "columns")
    index, place = groups_of(frame, names)
    rows = np.bincount(place, minlength=len(index))
    means = {name: np.bincount(place, weights=own, minlength=len(index)) / rows for name, own in figures.items()}
    return pd.DataFrame({"rows": rows, **means}, index=index)


@dataclass(frozen=True, slots=True)
class Contributions:
    """What columns add to uniqueness.

    Attributes
    ----------
    uniques : int
        Rows that are alone by all quasi-identifiers together.
    lost : dict
        Of each quasi-identifier: uniques that are none without it, or that it makes without those that tell the same.
    told : dict
        Of some quasi-identifiers: others that tell it.
    gained : dict
        Of each other column: uniques that it would add. Columns that time did not allow are absent.
    pairs : dict
        Of pairs of quasi-identifiers that were asked for: rows that are alone by the two. Those that time did not allow
        are absent.
    """

    uniques: int
    lost: dict[str, int]
    gained: dict[str, int]
    told: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pairs: dict[tuple[str, str], int] = field(default_factory=dict)


def contributions(
    data: object,
    qi: Sequence[str],
    others: Sequence[str],
    *,
    pairs_of: Sequence[str] = (),
    deadline: float | None = None,
) -> Contributions:
    """Count the sample uniques by the quasi-identifiers, without each of them, and with each other column.

    Where one column tells another, as a postal code the town, neither is missed: taken away alone, it loses nothing.
    So what a column makes is counted without those that tell it and those that it tells, too, and the larger number is
    its own. One tells another where their combinations are at most a twentieth more than its values, and a quarter of
    those that chance would make: rare values and small tables tell nothing. Of a column that makes none so, those of
    most values are left out one after the other until it does: they are what is generalized first, and then it counts.

    Of a lazy frame one number is fetched for each, and for each pair of quasi-identifiers; of pairs that seem to tell
    each other, how many rows each value has. Reads rows; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
    qi, others : sequence of str
    pairs_of : sequence of str
        Quasi-identifiers of which each two are counted by themselves, last of all.
    deadline : float, optional
        By ``time.monotonic()``.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"zip": list("aab"), "sex": list("fmm"), "plan": list("xyy")})
    >>> contributions(people, ["zip", "sex"], ["plan"])
    Contributions(uniques=3, lost={'zip': 2, 'sex': 2}, gained={'plan': 0}, told={}, pairs={})
    >>> people = pd.DataFrame({"zip": list("aab"), "town": list("xxy")})
    >>> contributions(people, ["zip", "town"], []).lost
    {'zip': 1, 'town': 1}
    """
    if (engine := lazy_engine(data, (*qi, *others))) is not None:
        return _there(engine, qi, others, pairs_of, deadline)
    found = row_classes(data, qi)
    codes_by = dict(zip(qi, found.codes, strict=True))

    def alone(columns: Sequence[str]) -> int:
        if not columns:
            return int(len(found.class_of) == 1)
        return _alone(packed([codes_by[name] for name in columns])[0], found.sizes)

    sizes = {name: int(codes.max(initial=-1)) + 1 for name, codes in codes_by.items()}
    rows = {name: np.bincount(codes, weights=found.sizes) for name, codes in codes_by.items()}
    tellers = {name: _tellers(name, codes_by, sizes, rows) for name in qi if not _late(deadline)}
    uniques = int((found.sizes == 1).sum())
    lost = _lost(uniques, sizes, tellers, alone, deadline)
    shared = np.flatnonzero(found.sizes[found.class_of] > 1)  # who is alone stays so

    def more(name: str) -> int | None:
        try:
            codes, _ = codes_of(chosen_columns(data, [name], "columns")[name])
        except PrivkitError:  # values that cannot be compared
            return None
        both = packed([found.class_of[shared], codes[shared]])[0]
        return _alone(both, np.ones(len(both), dtype=np.int64))

    gained = _gained(others, more, deadline)
    told = {name: found for name, found in tellers.items() if found}
    return Contributions(uniques, lost, gained, told, _pairs(pairs_of, alone, deadline))


def _gained(others: Sequence[str], more: Callable[[str], int | None], deadline: float | None) -> dict[str, int]:
    """Return how many uniques each column would add; nothing of those whose values cannot be compared."""
    found = ((name, more(name)) for name in others if not _late(deadline))
    return {name: added for name, added in found if added is not None}


def _lost(
    uniques: int,
    sizes: Mapping[str, int],
    tellers: Mapping[str, tuple[str, ...]],
    count: Callable[[Sequence[str]], int],
    deadline: float | None,
) -> dict[str, int]:
    """Return how many of the uniques each column makes; `count` gives those by some columns, `sizes` their values."""

    @cache
    def alone(columns: tuple[str, ...]) -> int:
        return count(columns)

    lost = {}
    for name in sizes:
        if _late(deadline):
            break
        rest = tuple(other for other in sizes if other != name)
        lost[name] = uniques - alone(rest)
        related = {*tellers.get(name, ()), *(other for other in rest if name in tellers.get(other, ()))}
        apart = tuple(other for other in rest if other not in related)
        if related:
            lost[name] = max(lost[name], alone((*apart, name)) - alone(apart))
        finest = sorted(apart, key=lambda other: (-sizes[other], other)) if uniques and sizes[name] > 1 else []
        while finest and not lost[name] and not _late(deadline):
            apart = tuple(other for other in apart if other != finest[0])
            lost[name] = max(alone((*apart, name)) - alone(apart), 0)
            finest = finest[1:]
    return lost


#: The first classes by which most columns are seen not to tell another, and how many more combinations than values a
#: column has that tells one.
_FIRST, _MORE = 4000, 0.05


def _tellers(
    name: str,
    codes_by: Mapping[str, NDArray[np.int64]],
    sizes: Mapping[str, int],
    rows: Mapping[str, NDArray[Any]],
) -> tuple[str, ...]:
    """Return the columns that tell another: with it they have hardly more combinations than values.

    Combinations beyond the values only grow with the classes that are looked at, so the first ones refute.
    """
    if sizes[name] < 2:
        return ()

    def tells(other: str, first: int | None) -> bool:
        more = _more(codes_by[other][:first], codes_by[name][:first])
        if first is None and not more and sizes[other] == sizes[name]:  # a copy of it, however few rows there are
            return True
        return more <= _MORE * sizes[other] and (first is not None or beyond_chance(more, rows[other], rows[name]))

    larger = [other for other in codes_by if other != name and (1 + _MORE) * sizes[other] >= sizes[name]]
    return tuple(other for other in larger if tells(other, _FIRST) and tells(other, None))


def _more(teller: NDArray[np.int64], told: NDArray[np.int64]) -> int:
    """Return how many more combinations than values of the first column there are."""
    import pandas as pd

    return len(pd.unique(packed([teller, told])[0])) - len(pd.unique(teller))


def _there(
    engine: LazyEngine, qi: Sequence[str], others: Sequence[str], pairs_of: Sequence[str], deadline: float | None
) -> Contributions:
    from privkit.tally.engines.lazy_columns import combinations, singles

    sizes = {name: combinations(engine, [name]) for name in qi}
    rows = cache(lambda name: engine.classes([name])[1])

    def tells(other: str, name: str) -> bool:
        more = combinations(engine, [name, other]) - sizes[other]
        copied = not more and sizes[other] == sizes[name]
        return copied or (more <= _MORE * sizes[other] and beyond_chance(more, rows(other), rows(name)))

    tellers = {}
    for name in qi:
        larger = [other for other in qi if other != name and (1 + _MORE) * sizes[other] >= sizes[name] > 1]
        tellers[name] = tuple(other for other in larger if not _late(deadline) and tells(other, name))
    uniques = singles(engine, qi)
    lost = _lost(uniques, sizes, tellers, partial(singles, engine), deadline)

    def added(name: str) -> int | None:
        return None if engine.schema[name].name == OTHER else singles(engine, (*qi, name)) - uniques

    gained = _gained(others, added, deadline)
    told = {name: found for name, found in tellers.items() if found}
    return Contributions(uniques, lost, gained, told, _pairs(pairs_of, partial(singles, engine), deadline))


def _pairs(
    names: Sequence[str], alone: Callable[[Sequence[str]], int], deadline: float | None
) -> dict[tuple[str, str], int]:
    return {pair: alone(pair) for pair in pairs_among(names, 2) if not _late(deadline)}


def _late(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() > deadline


def _alone(keys: NDArray[np.int64], sizes: NDArray[np.int64]) -> int:
    """Return how many rows have a key of their own, `sizes` being the rows of each key's entry."""
    import pandas as pd

    group, _ = pd.factorize(keys)
    return int((np.bincount(group, weights=sizes) == 1).sum())
