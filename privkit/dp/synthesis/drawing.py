"""Rows drawn from a model: by a tree of pairs first, then weighted until all pairs fit, then taken by their weights.

No data: from a model and a generator alone, which is post-processing.

*A tree.* The pairs that tell most (by mutual information, as Chow and Liu 1968) join all columns to a tree. Rows are
drawn along it, column by column, more of them than are needed.

*What is ruled out.* A row that the owner's rules leave no room for gets the levels that they tie together from one that
fits them.

*Weights.* Each pair in turn multiplies the weights of its cells' rows by what they lack: iterative proportional fitting
of the rows' weights, which ends at the weights nearest to equal ones, in relative entropy, whose tables are those of
the model, where there are such (Csiszár 1975).

*Taking.* Rows are ordered, and taken at even steps along their added weights from a random start. So each is taken the
next whole number below or above its expected number of times, and tables err less than of independent draws.

Values in place of levels: a column in its original type, numbers and dates within their bins.

No data: from public levels, and from numbers between 0 and 1 that a seed gives.

A level that is a public key becomes that key. A bin of numbers becomes a number that is uniform within it: of a column
of whole numbers, one of the whole numbers in the bin, all alike; else a float. A bin of days becomes one of its days,
all alike, at midnight. The level for all else becomes a missing value; a column whose type holds none has no such rows.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.synthesis.model import Model
from privkit.values.interrupts import let_in

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.values.keys import Keys, KeyValue


#: Rows that are drawn and weighted: so many times those that are needed, but at least, and at most.
_TIMES, _LEAST, _MOST = 2, 20_000, 200_000
#: How often all pairs are put right in turn, and the most that one turn multiplies a weight by.
_TURNS, _MOST_TIMES = 15, 50.0


def drawn_rows(model: Model, rows: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], bool]:
    """Return levels of rows that fit a model, shape (rows, columns), and whether an interrupt ended the weighting.

    Ctrl-C ends the weighting early: rows are then taken by the weights so far.
    """
    base = along_tree(model, min(max(_TIMES * rows, _LEAST), _MOST), rng)
    weights, stopped = weighted(model, base, _TURNS)
    order = np.lexsort(tuple(base.T))
    steps = np.cumsum(weights[order]) * (rows / weights.sum())
    places = np.searchsorted(steps, np.arange(rows) + rng.random())
    taken = base[order[np.minimum(places, len(base) - 1)]]
    return taken[rng.permutation(rows)], stopped


def along_tree(model: Model, rows: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return levels of rows drawn along the tree of pairs that tell most; shape (rows, columns)."""
    columns = len(model.ones)
    tells = np.full((columns, columns), -1.0)
    for (first, second), table in model.pairs.items():
        tells[first, second] = tells[second, first] = information(table)
    found = np.zeros((rows, columns), dtype=np.int64)
    root = int(np.argmax(np.maximum(tells, 0).sum(axis=1)))
    even = (np.arange(rows) + 0.5) / rows
    found[:, root] = _levels(np.cumsum(model.ones[root]), rng.permutation(even))
    joined, left = [root], [axis for axis in range(columns) if axis != root]
    while left:
        best, parent = max(((one, other) for one in left for other in joined), key=lambda pair: tells[pair])
        table = model.expected(min(best, parent), max(best, parent))
        given = table if parent < best else table.T
        chances = np.where(given.sum(axis=1, keepdims=True) > 0, given, model.ones[best][None, :])
        found[:, best] = _given(chances, found[:, parent], rng)
        joined.append(best)
        left.remove(best)
    for part in model.parts:
        found = part.mended(found, model.ones, rng)
    return found


def information(table: NDArray[np.float64]) -> float:
    """Return the mutual information of two columns, in nats.

    Examples
    --------
    >>> round(information(np.eye(2) / 2), 3), round(information(np.full((2, 2), 0.25)), 3)
    (0.693, 0.0)
    """
    apart = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True)
    some = table > 0
    return float((table[some] * np.log(table[some] / apart[some])).sum())


def _levels(steps: NDArray[np.float64], chances: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the levels in whose parts of the added shares numbers between 0 and 1 lie; none of share 0."""
    return np.minimum(np.searchsorted(steps / steps[-1], chances, side="right"), _last(steps))


def _last(steps: NDArray[np.float64]) -> int:
    """Return the last level that has a share."""
    return int(np.searchsorted(steps, steps[-1], side="left"))


def _given(chances: NDArray[np.float64], parent: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return levels by the chances that the parent's level gives, rows of one parent at even steps in random order."""
    found = np.zeros(len(parent), dtype=np.int64)
    order = np.argsort(parent, kind="stable")
    ends = np.searchsorted(parent[order], np.arange(len(chances) + 1))
    for level, row in enumerate(chances):
        own = order[ends[level] : ends[level + 1]]
        if len(own):
            even = (np.arange(len(own)) + rng.random()) / len(own)
            found[own] = _levels(np.cumsum(row), rng.permutation(even))
    return found


def weighted(model: Model, rows: NDArray[np.int64], turns: int) -> tuple[NDArray[np.float64], bool]:
    """Return weights with which the rows' tables are those of the model, and whether an interrupt ended it early."""
    weights = np.full(len(rows), 1 / len(rows))
    try:
        with let_in():
            codes = {pair: rows[:, pair[0]] * table.shape[1] + rows[:, pair[1]] for pair, table in model.pairs.items()}
            for _ in range(turns):
                weights = _turned(model, codes, weights)
    except KeyboardInterrupt:
        return weights, True
    return weights, False


def _turned(
    model: Model, codes: dict[tuple[int, int], NDArray[np.int64]], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the weights after all pairs were put right in turn; as they were where no row would be left with any."""
    before = weights
    for pair, table in model.pairs.items():
        wanted = table.ravel()
        have = np.bincount(codes[pair], weights=weights, minlength=len(wanted))
        times = np.divide(wanted, have, out=np.zeros_like(wanted), where=have > 0)
        weights = weights * np.minimum(times, _MOST_TIMES)[codes[pair]]
    whole = float(weights.sum())
    return np.asarray(weights / whole) if whole > 0 else before


def table_of(
    rows: NDArray[np.int64], weights: NDArray[np.float64], pair: tuple[int, int], sizes: tuple[int, ...]
) -> NDArray[np.float64]:
    """Return the weighted table of two columns, one cell after the other."""
    code = rows[:, pair[0]] * sizes[pair[1]] + rows[:, pair[1]]
    return np.asarray(np.bincount(code, weights=weights, minlength=sizes[pair[0]] * sizes[pair[1]]), dtype=np.float64)


#: Types that hold no missing value begin so, as pandas and NumPy write them.
_WHOLE = ("int", "uint")
#: Between these NumPy reckons with bins of whole numbers: their widths are no wider than its own numbers.
_LEAST_WHOLE, _MOST_WHOLE = -(2**62), 2**62
#: What says the time zone in the name of a type.
_ZONE = re.compile(r", (?:tz=)?([^\]]+)\]")


@dataclass(frozen=True, slots=True)
class Filled:
    """How the levels of a column become values.

    Attributes
    ----------
    name : str
        The column.
    level : str
        The column of levels: itself, or the one that was cut from it.
    dtype : str
        The type, as pandas writes it; "" for the one that its values have.
    edges : tuple of float or str
        Of bins, the lowest to the highest, days in ISO 8601; empty where levels are keys.
    right : bool
        Whether bins of numbers hold their right edge in place of their left one.
    """

    name: str
    level: str
    dtype: str = ""
    edges: tuple[float | str, ...] = ()
    right: bool = False

    @property
    def of_arrow(self) -> bool:
        """Whether the type is one of Arrow's in pandas, all of which hold missing values."""
        return self.dtype.endswith("[pyarrow]")

    @property
    def holds_missing(self) -> bool:
        """Whether the type holds missing values."""
        return self.of_arrow or (self.dtype != "bool" and not self.dtype.startswith(_WHOLE))

    @property
    def zone(self) -> str:
        """The time zone of a type of moments, as pandas and Arrow write it; empty where it has none."""
        return found[1] if (found := _ZONE.search(self.dtype)) else ""

    @property
    def is_whole(self) -> bool:
        """Whether the type is one of whole numbers."""
        return self.dtype.lower().startswith(_WHOLE)

    @property
    def of_days(self) -> bool:
        """Whether bins are of days."""
        return bool(self.edges) and isinstance(self.edges[0], str)

    def bins(self) -> list[tuple[int, int]]:
        """Return each bin's first whole number, or day counted from year 1, and the one after its last.

        Examples
        --------
        >>> Filled("age", "age", "int64", (0.0, 2.5, 4.0)).bins()
        [(0, 3), (3, 4)]
        """
        if self.of_days:
            ends = [date.fromisoformat(str(edge)).toordinal() for edge in self.edges]
        else:
            shift = 1 if self.right else 0
            ends = [
                math.floor(float(edge)) + shift if shift or float(edge).is_integer() else math.ceil(float(edge))
                for edge in self.edges
            ]
        return list(pairwise(ends))

    def ends(self, low: float, high: float) -> tuple[float, float]:
        """Return the least and the greatest value between two edges."""
        if self.right:
            return float(np.nextafter(low, np.inf)), high
        return low, float(np.nextafter(high, -np.inf))

    def left(self, keys: Keys) -> NDArray[np.bool_]:
        """Return which levels, in the order of the keys and the one for all else last, the type holds."""
        some = np.array([*(key[0] is not None for key in keys.values), False])
        return np.ones_like(some) if self.holds_missing or not some.any() else some

    def value(self, number: int) -> object:
        """Return a whole number, or a day counted from year 1, as a value."""
        return date.fromordinal(number) if self.of_days else number

    def typed(self, pool: list[Any]) -> pd.Series:
        """Return values of levels in a type of their own kind that holds missing values too."""
        if self.of_days and self.dtype not in ("object", ""):
            import pandas as pd

            found = pd.Series(pd.to_datetime(pd.Series(pool, dtype=object))).astype("datetime64[us]")
            return found.dt.tz_localize(self.zone) if self.zone else found
        wide = {"bool": "boolean", "category": ""}.get(self.dtype, self.dtype)
        if wide.startswith(_WHOLE) and not self.of_arrow:
            wide = wide.replace("u", "U").replace("int", "Int")
        return _typed(pool, wide)

    def values(self, codes: NDArray[np.int64], keys: tuple[KeyValue, ...], chances: NDArray[np.float64]) -> pd.Series:
        """Return the column.

        Parameters
        ----------
        codes : array of int
            The level of each row, as a place among the keys; the one after the last for all else.
        keys : tuple
            The public values, or the labels of the bins.
        chances : array of float
            Uniform in [0, 1), one for each row; a column that is not cut uses none.
        """
        import pandas as pd

        found = self._within(codes, chances) if self.edges else self._keyed(codes, keys)
        return pd.Series(found, name=self.name)

    def _keyed(self, codes: NDArray[np.int64], keys: tuple[KeyValue, ...]) -> Any:
        import pandas as pd

        if self.dtype == "category":
            known = [key for key in keys if key is not None]
            places = np.array([*(-1 if key is None else known.index(key) for key in keys), -1], dtype=np.int64)
            return pd.Categorical.from_codes(places[codes], categories=pd.Index(known, dtype=_plain(known)))
        other = None if self.holds_missing else next((key for key in keys if key is not None), None)
        pool = [*(other if key is None else key for key in keys), other]
        return _typed(pool, self.dtype).take(codes).reset_index(drop=True)

    def _within(self, codes: NDArray[np.int64], chances: NDArray[np.float64]) -> Any:
        import pandas as pd

        inside = codes < len(self.edges) - 1
        place = np.where(inside, codes, 0)
        if self.of_days or self.is_whole:
            drawn = self._whole_within(place, chances)
            return self._dates(drawn, inside) if self.of_days else self._numbers(pd.Series(drawn), inside)
        low, high = np.array(self.edges[:-1], dtype=float)[place], np.array(self.edges[1:], dtype=float)[place]
        with np.errstate(over="ignore", invalid="ignore"):
            widths = high - low
            drawn_: Any = high - widths * chances if self.right else low + widths * chances
        if not np.isfinite(widths).all():  # bins that are wider than the largest number
            drawn_ = high * (1 - chances) + low * chances if self.right else low * (1 - chances) + high * chances
        outermost = np.nextafter(low, np.inf) if self.right else np.nextafter(high, -np.inf)
        drawn_ = np.maximum(drawn_, outermost) if self.right else np.minimum(drawn_, outermost)
        return self._numbers(pd.Series(drawn_), inside)

    def _whole_within(self, place: NDArray[np.int64], chances: NDArray[np.float64]) -> NDArray[Any]:
        """Return whole numbers, or days counted from year 1, that are uniform in the bins at these places."""
        bins = self.bins()
        if bins[0][0] < _LEAST_WHOLE or bins[-1][1] > _MOST_WHOLE:  # of Python's own whole numbers
            widths = [after - first for first, after in bins]
            each = zip(place.tolist(), chances.tolist(), strict=True)
            drawn = [bins[one][0] + min(math.floor(chance * widths[one]), widths[one] - 1) for one, chance in each]
            return np.array(drawn, dtype=object)
        starts, ends = np.array(bins, dtype=np.int64).T
        first, many = starts[place], (ends - starts)[place]
        return np.asarray(first + np.minimum(np.floor(chances * many).astype(np.int64), many - 1))

    def _numbers(self, drawn: pd.Series, inside: NDArray[np.bool_]) -> Any:
        if self.holds_missing and not inside.all():
            wide: Any = ("UInt64" if self.dtype.lower().startswith("u") else "Int64") if self.is_whole else "float64"
            drawn = drawn.astype(wide).mask(~inside)
        dtype: Any = self.dtype
        return drawn.astype(dtype) if dtype and dtype != "object" else drawn

    def _dates(self, drawn: NDArray[np.int64], inside: NDArray[np.bool_]) -> Any:
        import pandas as pd

        epoch = date(1970, 1, 1).toordinal()
        if self.dtype in ("object", ""):
            days = [date(1970, 1, 1) + timedelta(days=int(day) - epoch) for day in drawn]
            return pd.Series([day if real else None for day, real in zip(days, inside, strict=True)], dtype=object)
        found = pd.Series((drawn - epoch).astype("datetime64[D]").astype("datetime64[us]")).where(inside)
        if self.zone:  # midnight there
            found = found.dt.tz_localize(self.zone, ambiguous=True, nonexistent="shift_forward")
        dtype: Any = self.dtype
        return found.astype(dtype)


def _typed(pool: list[Any], dtype: Any) -> pd.Series:
    """Return values in a type of pandas, or as they are where it does not take them."""
    import pandas as pd

    plain = pd.Series(pool, dtype=object)
    if dtype in ("", "object"):
        return plain
    try:
        if dtype.startswith("datetime64"):
            aware = "," in dtype
            return pd.to_datetime(plain, utc=aware).astype(dtype)
        return plain.astype(dtype)
    except (TypeError, ValueError, OverflowError, NotImplementedError):
        return plain  # keys of another type than the column's stand for its values


def _plain(known: list[Any]) -> Any:
    return None if known and all(isinstance(key, str) for key in known) else object


def uniform(seed: int, rows: int, columns: int) -> NDArray[np.float64]:
    """Return numbers in [0, 1) of 53 bits each, the same in every version of NumPy; shape (rows, columns).

    The bits of PCG64 are promised not to change; what NumPy makes of them is not.

    Examples
    --------
    >>> uniform(1, 1, 2).round(3).tolist()
    [[0.512, 0.95]]
    """
    raw = np.random.PCG64(seed).random_raw(rows * columns)
    found = (np.asarray(raw, dtype=np.uint64) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return found.reshape(rows, columns)
