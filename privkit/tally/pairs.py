"""Matching two frames on columns: how many rows of the one each row of the other equals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors.risk import LinkError
from privkit.tally.factorized import factorized, plain_floats
from privkit.tally.packed import packed

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_TEXT = {"string", "categorical"}
_NUMBER = {"integer", "floating", "decimal", "mixed-integer-float", "complex"}
_TIME = {"datetime64", "datetime"}


@dataclass(frozen=True, eq=False)
class Matches:
    """What each row of a left table matches in a right one.

    Attributes
    ----------
    counts : array of int64, shape (n_left,)
        How many rows of the right table match; a row with a missing key matches none.
    partner : array of int64, shape (n_left,)
        The place of the match where there is exactly one, else -1.
    incomplete : int
        Left rows with a missing key.
    """

    counts: NDArray[np.int64]
    partner: NDArray[np.int64]
    incomplete: int


@dataclass(frozen=True, eq=False)
class Pair:
    """Two tables as codes of the columns on which they are compared; -1 stands for missing.

    Attributes
    ----------
    left, right : sequence of arrays of int64
        One array per column; equal values have one code.
    """

    left: Sequence[NDArray[np.int64]]
    right: Sequence[NDArray[np.int64]]

    def shuffled(self, random: np.random.Generator) -> Pair:
        """Return the pair with each column of the left table shuffled on its own: the same values, no persons."""
        return Pair([codes[random.permutation(len(codes))] for codes in self.left], self.right)

    def matches(self, *, missing: bool = False) -> Matches:
        """Return what each left row matches; `missing` tells whether missing equals missing."""
        complete, usable = _known(self.left), _known(self.right)
        incomplete = int((~complete).sum())
        if missing:
            complete[:], usable[:] = True, True
        both = [np.concatenate([a[complete], b[usable]]) + 1 for a, b in zip(self.left, self.right, strict=True)]
        keys = packed(both)[0]
        here = int(complete.sum())
        counts, partner = _counted(keys[:here], keys[here:])
        all_counts = np.zeros(len(complete), dtype=np.int64)
        all_partners = np.full(len(complete), -1, dtype=np.int64)
        all_counts[complete] = counts
        all_partners[complete] = np.where(partner >= 0, np.append(np.flatnonzero(usable), -1)[partner], -1)
        return Matches(all_counts, all_partners, incomplete)


def _known(columns: Sequence[NDArray[np.int64]]) -> NDArray[np.bool_]:
    known = columns[0] >= 0
    for codes in columns[1:]:
        known &= codes >= 0
    return known


def _counted(here: NDArray[np.int64], there: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how often each key of `here` stands in `there`, and where if once."""
    import pandas as pd

    group, distinct = pd.factorize(there)
    sizes = np.append(np.bincount(group, minlength=len(distinct)), 0)
    last = np.full(len(distinct) + 1, -1, dtype=np.int64)
    last[group] = np.arange(len(there))
    place = pd.Index(distinct).get_indexer(pd.Index(here)) if len(distinct) else np.full(len(here), -1)
    counts = sizes[place]
    return counts, np.where(counts == 1, last[place], -1)


def paired(left: pd.DataFrame, right: pd.DataFrame, pairs: Sequence[tuple[str, str]], *, function: str) -> Pair:
    """Return two tables as a pair, to be matched on pairs of columns, exactly. Reads rows; spends nothing.

    Parameters
    ----------
    left, right : pandas.DataFrame
    pairs : sequence of (str, str)
        A column of `left` and its partner in `right`.

    Raises
    ------
    LinkError
        If a pair holds values of different kinds.
    FrameError
        If a column cannot be compared.
    """
    coded = [joint_codes(left[a], right[b], function) for a, b in pairs]
    return Pair([a for a, _ in coded], [b for _, b in coded])


def joint_codes(left: pd.Series, right: pd.Series, function: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return codes of two columns in which equal values have one code; -1 stands for missing.

    Raises
    ------
    LinkError
        If the columns hold values of different kinds, so that none would equal another.
    """
    import pandas as pd

    kinds = kind_of(left), kind_of(right)
    if "any" not in kinds and kinds[0] != kinds[1]:
        raise LinkError.types_differ(function, str(left.name), (_named(left, kinds[0]), _named(right, kinds[1])))
    both = pd.concat([_plain(left), _plain(right)], ignore_index=True)
    both.name = left.name
    codes, _ = factorized(both, function)
    return codes[: len(left)], codes[len(left) :]


def _plain(column: pd.Series) -> pd.Series:
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype) if not column.isna().any() else column.astype(object)
    return plain_floats(column)


def kind_of(column: pd.Series) -> str:
    """Return "text", "number", "boolean", "time", "time with a zone", "any" where mixed or empty, or another kind."""
    import pandas as pd

    if getattr(column.dtype, "tz", None) is not None:
        return "time with a zone"
    values: Any = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else column
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind in {"empty", "mixed", "mixed-integer", "unknown-array"}:
        return "any"
    for name, kinds in (("text", _TEXT), ("number", _NUMBER), ("time", _TIME)):
        if kind in kinds:
            return name
    return str(kind)


def _named(column: pd.Series, kind: str) -> str:
    return f"{kind} ({column.dtype})"
