"""k by sets of columns: how many share a row's values where an attacker knows only some of the quasi-identifiers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from privkit.anonymity.reports import class_frame, quasi_identifiers
from privkit.errors import ParameterError
from privkit.tally.coded_classes import count_classes
from privkit.tally.codes import distinct, packed
from privkit.tally.row_classes import codes_of
from privkit.values.arguments import positive_int, public, typed
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.classes import Members, Tally
    from privkit.values.inputs import Frame

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

#: More sets than this are refused: nobody waits for them, and nobody reads them.
_MOST = 20_000
#: Codes that are not much more than the classes stand for groups as they are, without ranking them.
_DENSE = 4


#: So many of the weak sets are named; `to_frame` has them all.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class BySets:
    """k by every set of columns, in figures.

    Attributes
    ----------
    k : int
        The smallest class of any set; 0 where the table has no rows.
    required : int or None
        The k to judge by.
    sets : tuple of (tuple of str, int)
        Each set of columns with its smallest class: least first, of several the one with most rows in such classes.
    n_columns : int
    """

    k: int
    required: int | None
    sets: tuple[tuple[tuple[str, ...], int], ...]
    n_columns: int

    @property
    def weak(self) -> tuple[tuple[tuple[str, ...], int], ...]:
        """The sets with a class smaller than the required k, or those with the smallest class where none is."""
        if not self.k:
            return ()
        return tuple(one for one in self.sets if one[1] < (self.k + 1 if self.required is None else self.required))

    @property
    def known(self) -> str:
        """Which columns are known together: "any 2 of 4 columns"."""
        of = len(self.sets[0][0]) if self.sets else 0
        all_ = f"{self.n_columns:,} column{'' if self.n_columns == 1 else 's'}"
        return f"any {of:,} of {all_}" if of < self.n_columns else all_

    @property
    def told(self) -> str:
        """Which sets are weak, in words without a value; "" where none is.

        Examples
        --------
        >>> BySets(1, 3, ((("zip", "age"), 1), (("zip", "sex"), 2), (("age", "sex"), 5)), 3).told
        "2 of 3 sets fall short: ('zip', 'age') with k = 1, ('zip', 'sex') with k = 2"
        """
        weak = self.weak
        if not weak:
            return ""
        named = [f"{chosen!r} with k = {least:,}" for chosen, least in weak[:_NAMED]]
        rest = [f"and {len(weak) - _NAMED:,} more"] if len(weak) > _NAMED else []
        whole = f"{len(weak):,} of {len(self.sets):,} set{'' if len(self.sets) == 1 else 's'}"
        what = "the smallest class" if self.required is None else "falls short" if len(weak) == 1 else "fall short"
        does = f"{'has' if len(weak) == 1 else 'have'} " if self.required is None else ""
        return f"{whole} {does}{what}: {', '.join([*named, *rest])}"


class Crossing:
    """Classes by each set of `of` of their columns, counted again and again as classes leave.

    Parameters
    ----------
    codes : sequence of arrays of int64, shape (n_classes,)
        The value of each class in each column, as a code.
    of : int
        How many columns are known; all of them, where there are fewer.
    sizes : array of int64, shape (n_classes,)
        Rows of each class.
    members : Members, optional
        Who is in which class: then persons are counted.
    """

    def __init__(self, codes: Sequence[Ints], of: int, sizes: Ints, members: Members | None = None) -> None:
        self.codes, self.sizes, self.members = codes, sizes, members
        self.sets = list(combinations(range(len(codes)), min(of, len(codes))))

    @cached_property
    def _groups(self) -> list[tuple[Ints, int]]:
        """The group of each class by each set, and a bound above all groups."""
        return [self._grouped([self.codes[column] for column in chosen]) for chosen in self.sets]

    def _grouped(self, codes: Sequence[Ints]) -> tuple[Ints, int]:
        code, bound = packed(codes)
        if bound <= _DENSE * len(code) + 1024:
            return code, bound
        found, place = distinct(code)
        return place, len(found)

    @cached_property
    def _pairs(self) -> list[tuple[Ints, Ints]]:
        """Of each set, the group of each pair of a group and a person, and which pair each class's person is."""
        assert self.members is not None
        answer = []
        for group, _ in self._groups:
            own = group[self.members.class_of]
            width = int(self.members.ids.max(initial=-1)) + 2
            # Rows without an id, of code -1, are one person of a group together, as of a class.
            found, place = np.unique(own * width + self.members.ids + 1, return_inverse=True)
            answer.append((found // width, place))
        return answer

    def group_of(self, number: int) -> Ints:
        """Return the group of each class by one set of columns, as a code."""
        return self._groups[number][0]

    def crowds(self, number: int, kept: Mask) -> Ints:
        """Return how many rows, or persons, of the kept classes share each class's values in one set of columns."""
        group, bound = self._groups[number]
        if self.members is None:
            counts = np.bincount(group, weights=np.where(kept, self.sizes, 0), minlength=bound)
            return counts.astype(np.int64)[group]
        group_of, place = self._pairs[number]
        there = np.bincount(place, weights=kept[self.members.class_of], minlength=len(group_of)) > 0
        return np.bincount(group_of[there], minlength=bound).astype(np.int64)[group]

    def least(self, kept: Mask | None = None) -> Ints:
        """Return the smallest crowd of each class among all sets; shape (n_classes,)."""
        kept = np.ones(len(self.sizes), dtype=bool) if kept is None else kept
        answer = np.full(len(self.sizes), np.iinfo(np.int64).max)
        for number in range(len(self.sets)):
            np.minimum(answer, self.crowds(number, kept), out=answer)
        return answer

    def figures(self, columns: Sequence[str], required: int | None) -> BySets:
        """Return the smallest class of each set, by the names of the columns."""
        every, found = np.ones(len(self.sizes), dtype=bool), []
        for number, chosen in enumerate(self.sets):
            crowd = self.crowds(number, every)
            least = int(crowd.min()) if len(crowd) else 0
            found.append((least, -int(self.sizes[crowd <= least].sum()), tuple(columns[one] for one in chosen)))
        found.sort(key=lambda one: one[:2])
        sets = tuple((chosen, least) for least, _, chosen in found)
        return BySets(found[0][0] if found else 0, required, sets, len(columns))

    def settled(self, k: int, kept: Mask) -> Mask:
        """Return the most of the kept classes of which each has a crowd of `k` by every set, among those returned.

        Where two choices of classes have such crowds, both together have them too, since crowds only grow; so there
        is one largest choice. A class without its crowd among all that are left is in none of them: leaving such
        classes out, in any order, until all have theirs, ends at the largest.
        """
        kept, settled, number = kept.copy(), 0, 0
        while self.sets and settled < len(self.sets) and kept.any():
            bad = kept & (self.crowds(number, kept) < k)
            settled = 0 if bad.any() else settled + 1
            kept &= ~bad
            number = (number + 1) % len(self.sets)
        return kept


def crossing_of(tally: Tally, of: int) -> Crossing:
    """Return the classes of a tally by sets of its columns."""
    codes = [codes_of(tally.keys[name])[0] for name in tally.by]
    return Crossing(codes, of, tally.sizes, tally.members)


def set_size(of: object, n_columns: int | None = None) -> int:
    """Return how many quasi-identifiers are known together.

    Raises
    ------
    ParameterError
        If it is no whole number from 1, or `n_columns` have too many such sets.
    """
    size = positive_int(of, "of")
    if n_columns is not None and (sets := comb(n_columns, min(size, n_columns))) > _MOST:
        found = f"{size} of {n_columns} columns: {sets:,} sets"
        raise ParameterError.of("of", found, f"at most {_MOST:,} sets", "Take a smaller of=, or fewer columns.")
    return size


@public
@dataclass(frozen=True, eq=False, repr=False)
class KSetsReport(Plotted):
    """k by every set of `of` quasi-identifiers. Exact, for the owner's eyes; no release.

    Attributes
    ----------
    tally : Tally
        The classes by all quasi-identifiers. It holds their values, and the text forms of this report show none.
    of : int
        How many quasi-identifiers are known together.
    required : int or None
        The k to judge by.
    unit : str or None
        The column whose distinct values are the persons.
    """

    tally: Tally
    of: int
    required: int | None = None
    unit: str | None = None

    @property
    def qi(self) -> tuple[str, ...]:
        """The quasi-identifiers."""
        return self.tally.by

    @property
    def n_rows(self) -> int:
        """How many rows the table has."""
        return self.tally.n_rows

    @cached_property
    def crossing(self) -> Crossing:
        """The classes by each set."""
        return crossing_of(self.tally, self.of)

    @cached_property
    def sets(self) -> tuple[tuple[str, ...], ...]:
        """The sets of columns."""
        return tuple(tuple(self.qi[column] for column in chosen) for chosen in self.crossing.sets)

    @cached_property
    def _crowds(self) -> list[Ints]:
        every = np.ones(self.tally.n_classes, dtype=bool)
        return [self.crossing.crowds(number, every) for number in range(len(self.sets))]

    @cached_property
    def least(self) -> Ints:
        """The smallest crowd of each class among all sets; shape (n_classes,)."""
        return self.crossing.least()

    @property
    def k(self) -> int:
        """The smallest class of any set; 0 where the table has no rows."""
        return int(self.least.min()) if self.tally.n_classes else 0

    @cached_property
    def by_sets(self) -> BySets:
        """The smallest class of each set, and which are weak."""
        return self.crossing.figures(self.qi, self.required)

    @property
    def weakest(self) -> tuple[str, ...]:
        """The set with the smallest class; of several, the one with the most rows in classes as small."""
        return self.by_sets.sets[0][0]

    @property
    def weak(self) -> tuple[tuple[str, ...], ...]:
        """The sets that fall short of the required k, weakest first; where none is required, those of the least k."""
        return tuple(chosen for chosen, _ in self.by_sets.weak)

    @property
    def n_unique(self) -> int:
        """Rows that are alone by some set, or that lie in a group of one person."""
        return int(self.tally.sizes[self.least <= 1].sum())

    @property
    def satisfied(self) -> bool | None:
        """Whether no set has a class smaller than the required k; None where none is required."""
        return None if self.required is None else self.rows_short == 0

    @property
    def rows_short(self) -> int | None:
        """How many rows have a class smaller than the required k by some set; None where none is required."""
        return None if self.required is None else int(self.tally.sizes[self.least < self.required].sum())

    @property
    def sets_short(self) -> int | None:
        """How many sets have such a class; None where no k is required."""
        return None if self.required is None else sum(bool((crowd < self.required).any()) for crowd in self._crowds)

    def smallest(self, n: int = 10) -> pd.DataFrame:
        """Return the `n` smallest classes of any set: `columns`, the values in them, and `size`; least first.

        A quasi-identifier that is not of the set is missing there. This shows cell values of the rows at highest risk:
        for the owner's eyes, clear the output before sharing. With a unit column, `size` counts persons.
        """
        import pandas as pd

        most, found = positive_int(n, "n"), []
        for number, crowd in enumerate(self._crowds):
            first = np.unique(self.crossing.group_of(number), return_index=True)[1]
            least = first[np.argsort(crowd[first], kind="stable")[:most]]
            found += [(int(crowd[place]), number, int(place)) for place in least]
        chosen = sorted(found)[:most]
        places = np.array([place for *_, place in chosen], dtype=np.intp)
        frame = class_frame(self.tally, places, {"size": np.array([size for size, *_ in chosen], dtype=np.int64)})
        sets = [self.sets[number] for _, number, _ in chosen]
        for name in self.qi:
            known = np.array([name in one for one in sets], dtype=bool)
            frame[name] = frame[name].astype(object).where(known, None)
        head = "columns"
        while head in frame.columns:
            head += "_"
        frame.insert(0, head, pd.Series(sets, dtype=object))
        return frame

    def to_frame(self) -> pd.DataFrame:
        """Return one row per set: `columns`, `k`, `alone` (rows in a class of one) and `rows_short`; least k first."""
        import pandas as pd

        rows = list(self._rows())
        frame = pd.DataFrame(rows, columns=["columns", "k", "alone", "rows_short"]).astype({"rows_short": "Int64"})
        return frame.sort_values(["k", "alone"], ascending=[True, False], kind="stable", ignore_index=True)

    def _rows(self) -> Iterator[tuple[object, ...]]:
        sizes = self.tally.sizes
        for chosen, crowd in zip(self.sets, self._crowds, strict=True):
            short = None if self.required is None else int(sizes[crowd < self.required].sum())
            yield chosen, int(crowd.min()) if len(crowd) else 0, int(sizes[crowd <= 1].sum()), short


@typed
def ksets(
    data: Frame, qi: str | Sequence[str], *, of: int = 2, k: int | None = None, unit: str | None = None
) -> KSetsReport:
    """Tell how many rows share their values in every pair, or every set of `of`, of the quasi-identifiers.

    Whoever knows at most `of` of a person's quasi-identifiers finds at least k rows that fit: k of a set of columns is
    never below that of a set that holds it. By all columns together the same table may have a much smaller k. Missing
    values are values like any other. Reads rows, once; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
        pandas, Polars, DuckDB, or another that Narwhals reads.
    qi : str or sequence of str
        The quasi-identifiers: columns that others may know.
    of : int
        How many of them are known together: 2 for all pairs, 3 for all triples. Where there are fewer columns, all.
    k : int, optional
        Adds a verdict: how many rows fall short of it.
    unit : str, optional
        A column of ids. Classes are then measured in distinct persons; rows without an id count as one person
        of their class together, which can only understate k.

    Returns
    -------
    KSetsReport

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
    RoleConflictError
        If `unit` is one of the quasi-identifiers.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"zip": list("aabb"), "sex": list("fmfm"), "job": list("xyyx")})
    >>> ksets(people, ["zip", "sex", "job"], of=1).k, ksets(people, ["zip", "sex", "job"], of=2).k
    (2, 1)
    """
    required = None if k is None else positive_int(k, "k")
    columns = quasi_identifiers(data, qi, unit=unit)
    size = set_size(of, len(columns))
    return KSetsReport(count_classes(data, columns, unit=unit), size, required, unit)
