"""What a model knows of a row: numbers within public bounds, and public levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.statistics.arranged import canonical_levels
from privkit.dp.statistics.sums import grid_of
from privkit.tally.looking import Extent
from privkit.values.bounds import ValueBounds
from privkit.values.keys import Keys, decoded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.cells.numbers import Grid

#: A column with the public bounds of its numbers, or with its public levels.
Feature = tuple[str, ValueBounds | Keys]


class Featured:
    """A statistic of rows as vectors of public columns.

    Attributes
    ----------
    features : tuple of (str, ValueBounds or Keys)
        Of each column, by name in ascending order: the bounds of its numbers, or its levels in canonical order.
    """

    __slots__ = ()

    features: tuple[Feature, ...]

    @property
    def ends(self) -> dict[str, ValueBounds]:
        """The public bounds of each column of numbers."""
        return {name: of for name, of in self.features if isinstance(of, ValueBounds)}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of numbers."""
        return tuple(self.ends)

    @property
    def clipped(self) -> dict[str, tuple[float, float]]:
        """The bounds of each column of numbers."""
        return {name: (ends.lower, ends.upper) for name, ends in self.ends.items()}

    @property
    def read(self) -> tuple[str, ...]:
        """Every column that it reads."""
        return tuple(name for name, _ in self.features)

    @property
    def coded(self) -> dict[str, Grid | Keys]:
        """What each column is brought to whole numbers by: a grid made of its bounds alone, or its levels."""
        return {
            name: of if isinstance(of, Keys) else grid_of(of.lower, of.upper, of.width) for name, of in self.features
        }

    @property
    def named(self) -> tuple[str, ...]:
        """The name of each place of a vector after the first: a column, or a column and its level."""
        return tuple(
            name if isinstance(of, ValueBounds) else f"{name}={key[0]}"
            for name, of in self.features
            for key in (of.values if isinstance(of, Keys) else ((),))
        )

    @property
    def levels(self) -> list[int]:
        """How many levels each column with levels has."""
        return [len(of) for _, of in self.features if isinstance(of, Keys)]

    @property
    def units(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The middle and the half of each place after the first: a number x counts as (x − middle) / half."""
        middle, half = [], []
        for _, of in self.features:
            if isinstance(of, Keys):
                middle += [0.0] * len(of)
                half += [1.0] * len(of)
            else:
                grid = grid_of(of.lower, of.upper, of.width)
                half.append(grid.range * grid.step / 2)
                middle.append(grid.low * grid.step + half[-1])
        return np.array(middle), np.array(half)

    def extents(self) -> tuple[Extent, ...]:
        """Return the bounds to which numbers are clipped."""
        return tuple(Extent(name, ends.lower, ends.upper, "clipped") for name, ends in self.ends.items())

    @property
    def clipping(self) -> tuple[str, ...]:
        """In words, what is clipped, and what counts as no level."""
        found = []
        if self.ends:
            each = "; ".join(f"{name!r} to {ends}" for name, ends in self.ends.items())
            found.append(f"values are clipped: {each}; rows in which one of them is missing are left out")
        if self.levels:
            found.append("a value that is none of its column's levels, or is missing, counts as no level there")
        return tuple(found)


def featured(columns: Mapping[str, ValueBounds | Keys]) -> tuple[Feature, ...]:
    """Return columns as a statistic holds them, so that an answer does not depend on their order."""
    return tuple((name, canonical_levels(of) if isinstance(of, Keys) else of) for name, of in sorted(columns.items()))


def recorded_features(features: Sequence[Feature]) -> dict[str, Any]:
    """Return columns as JSON values."""
    return {name: of.canonical() if isinstance(of, ValueBounds) else {"levels": of.codes[0]} for name, of in features}


def read_features(record: Mapping[str, Any]) -> tuple[Feature, ...]:
    """Return the columns that JSON values tell.

    Raises
    ------
    LookupError, TypeError, ValueError
        If they are no such columns.
    """
    found: dict[str, ValueBounds | Keys] = {}
    for name, told in record.items():
        if isinstance(told, Mapping):
            found[name] = Keys((name,), tuple((decoded(code),) for code in told["levels"]))
        else:
            lower, upper = map(float, told)
            found[name] = ValueBounds(lower, upper)
    return featured(found)
