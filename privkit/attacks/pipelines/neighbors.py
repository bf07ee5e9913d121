"""Frames that differ by one person, made of the rows of one: what an audit runs a function on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from privkit.tally.codes import factorized

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

Kind = Literal["remove", "replace"]

#: How many rows, or persons, the smaller frames have; and how many of each are looked for.
_SIZES = (1, 2, 3, 8, 20, 60, 200)
#: A column of more values is not gone through by value.
_FEW = 50
#: Of so many rows of two values each are frames made in which the two are as frequent.
_TIED = 10


@dataclass(frozen=True, eq=False)
class Pair:
    """Two frames that differ by one person.

    Attributes
    ----------
    one, other : pandas.DataFrame
        The other lacks the person, or has another in the place.
    why : str
        How the person was chosen; no value.
    replaced : int
        How many rows were replaced; 0 where the person was taken out.
    """

    one: pd.DataFrame
    other: pd.DataFrame
    why: str
    replaced: int = 0


@dataclass(frozen=True, eq=False)
class Neighbors:
    """Pairs of neighbors of one frame.

    Attributes
    ----------
    frame : pandas.DataFrame
    people : array of int64, shape (n_rows,)
        Whose each row is, from 0.
    unit : str or None
        The column of their ids; None where a row is a person.
    kind : {"remove", "replace"}
    random : numpy.random.Generator
    """

    frame: pd.DataFrame
    people: Ints
    unit: str | None
    kind: Kind
    random: np.random.Generator

    @property
    def count(self) -> int:
        """How many persons there are."""
        return int(self.people.max(initial=-1)) + 1

    def pairs(self) -> Iterator[Pair]:
        """Return pairs of all rows, of ties, and of a few persons: such as change most first."""
        seen: set[tuple[bytes, int, int]] = set()
        for within, where in self._parts():
            one = self.frame[np.isin(self.people, within)]
            for person, other, why in self._persons(within):
                key = (within.tobytes(), person, other)
                if key not in seen and person != other:
                    seen.add(key)
                    yield self._pair(one, within, person, other, f"{why}, {where}")

    def _parts(self) -> Iterator[tuple[Ints, str]]:
        """Return sets of persons: all, ties of two values, the most different few, and some drawn at random."""
        yield np.arange(self.count), f"of all {self.count:,}"
        for name in self.frame.columns:
            tied = self._tied(name)
            if tied is not None:
                yield tied, "where two values are as frequent"
        ends = self._ends()
        for size in _SIZES:
            if size < self.count:
                some = ends[: size // 2] if size < len(ends) else ends
                others = self.random.permutation(np.setdiff1d(np.arange(self.count), some))[: size - len(some)]
                yield np.sort(np.concatenate([some, others])), f"of {size:,}" if size > 1 else "alone"

    def _numbers(self) -> Iterator[tuple[str, Any]]:
        for name in self.frame.columns:
            if self.frame[name].dtype.kind in "iuf":
                yield name, self.frame[name].to_numpy(dtype=float, na_value=np.nan)

    def _ends(self) -> Ints:
        """Return persons with the largest and the least numbers of each column."""
        found: list[int] = []
        for _, numbers in self._numbers():
            if not np.isnan(numbers).all():
                found += [int(self.people[np.nanargmax(numbers)]), int(self.people[np.nanargmin(numbers)])]
        return np.array(list(dict.fromkeys(found)), dtype=np.int64)

    def _tied(self, name: str) -> Ints | None:
        """Return persons of whom as many have the commonest value as the next, and one more has the second."""
        codes, values = factorized(self.frame[name])
        if not 2 <= len(values) <= _FEW:
            return None
        counts = np.bincount(codes[codes >= 0], minlength=len(values))
        first, second = np.argsort(-counts, kind="stable")[:2]
        size = min(_TIED, int(counts[second]) - 1)
        if size < 1:
            return None
        chosen = [self.people[codes == first][:size], self.people[codes == second][: size + 1]]
        return np.unique(np.concatenate(chosen))

    def _persons(self, within: Ints) -> Iterator[tuple[int, int, str]]:
        """Return whom to take out, and who comes in the place where one is replaced."""
        here = np.isin(self.people, within)
        for name, numbers in self._numbers():
            if np.isnan(numbers[here]).all():
                continue
            inside = np.where(here, numbers, np.nan)
            ends = [int(self.people[np.nanargmax(inside)]), int(self.people[np.nanargmin(inside)])]
            far = [int(self.people[np.nanargmin(numbers)]), int(self.people[np.nanargmax(numbers)])]
            yield ends[0], far[0], f"largest {name}"
            yield ends[1], far[1], f"least {name}"
        for name in self.frame.columns:
            codes, values = factorized(self.frame[name])
            if 2 <= len(values) <= _FEW:
                inside = codes[here & (codes >= 0)]
                counts = np.bincount(inside, minlength=len(values)).astype(float)
                rarest = int(np.where(counts > 0, counts, np.inf).argmin())
                if (codes[here] == rarest).any():
                    rare, common = self.people[here & (codes == rarest)], self.people[codes == int(counts.argmax())]
                    yield int(rare[0]), int(common[0]), f"rarest {name}"
        rows = np.bincount(self.people[here], minlength=self.count)
        if rows.max(initial=0) > 1:
            yield int(rows.argmax()), int(rows.argmin()), "most rows"
        for person in self.random.permutation(within)[:2]:
            yield int(person), int(self.random.integers(0, self.count)), "drawn at random"

    def _pair(self, one: pd.DataFrame, within: Ints, person: int, other: int, why: str) -> Pair:
        import pandas as pd

        here = np.isin(self.people, within)
        gone = self.people == person
        if self.kind == "remove":
            return Pair(one, self.frame[here & ~gone], f"without the person of {why}")
        instead = self.frame[self.people == other].copy()
        if self.unit is not None:  # who comes in the place is nobody who is there already
            instead[self.unit] = self.frame[self.unit].array[np.where(gone)[0][:1].repeat(len(instead))]
        if len(instead) == int(gone.sum()):
            instead.index = self.frame.index[gone]
            places = np.where(gone)[0]
            rest = self.frame[here & ~gone]
            order = np.argsort(np.concatenate([np.where(here & ~gone)[0], places]), kind="stable")
            put = pd.concat([rest, instead]).iloc[order]
            return Pair(one, put, f"another in the place of the person of {why}", len(instead))
        more = f"another for the person of {why}"
        return Pair(one, pd.concat([self.frame[here & ~gone], instead]), more, max(len(instead), int(gone.sum())))
